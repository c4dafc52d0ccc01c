//! order.placed and order.confirmed say who buys what: each opens the dossier, and is itself worth a message.

use std::marker::PhantomData;

use contracts::events::order::{OrderConfirmed, OrderPlacedV2};
use contracts::{Event, EventData, OrderId};
use runtime::{Fail, Handler, Uow};

use super::Desk;
use crate::document::{dossier, keep_dossier};
use crate::domain::{Facts, Order, Story};
use crate::letter::About;

/// Opens the dossier of an order, and writes what waited for it.
pub struct OpenDossier<E> {
    desk: Desk,
    event: PhantomData<fn() -> E>,
}

impl<E> OpenDossier<E> {
    /// With what letters are written with.
    #[must_use]
    pub fn new(desk: Desk) -> Self {
        Self { desk, event: PhantomData }
    }
}

/// An event that says who buys what.
pub trait Opens: EventData {
    /// Which order.
    fn order_id(&self) -> &OrderId;
    /// What messages about it need.
    fn order(&self) -> Order;
    /// What there is to tell; nothing when the order makes no sense.
    fn story(&self) -> Option<Story>;
}

impl Opens for OrderPlacedV2 {
    fn order_id(&self) -> &OrderId {
        &self.order_id
    }

    fn order(&self) -> Order {
        let order = Order {
            customer_id: self.customer_id.clone(),
            customer: self.customer.clone(),
            currency: self.currency,
            lines: self.plain_lines(),
            shipping_fee_minor: self.fee_minor(),
            discount_minor: self.discount_minor,
            tax_minor: self.tax_minor,
            total_minor: self.total_minor,
        };
        order.bounded()
    }

    /// Another application's order that cannot be carried out is cancelled by `orders`, which is what its customer hears.
    fn story(&self) -> Option<Story> {
        self.check_for_one_parcel().is_ok().then_some(Story { facts: Facts::Placed, at: self.placed_at })
    }
}

impl Opens for OrderConfirmed {
    fn order_id(&self) -> &OrderId {
        &self.order_id
    }

    fn order(&self) -> Order {
        let order = Order {
            customer_id: self.customer_id.clone(),
            customer: self.customer.clone(),
            currency: self.currency,
            lines: self.lines.clone(),
            shipping_fee_minor: self.shipping_fee_minor,
            discount_minor: self.discount_minor,
            tax_minor: self.tax_minor,
            total_minor: self.total_minor,
        };
        order.bounded()
    }

    fn story(&self) -> Option<Story> {
        Some(Story { facts: Facts::Confirmed, at: self.confirmed_at })
    }
}

impl<E: Opens + Send + Sync + 'static> Handler for OpenDossier<E> {
    type Event = E;

    async fn handle(&self, event: &Event<E>, uow: &mut Uow) -> Result<(), Fail> {
        let order_id = event.data.order_id();
        uow.about(order_id.as_str());
        let mut dossier = dossier(uow, order_id).await?;
        let is_new = dossier.order.is_none();
        let waited = dossier.open(event.data.order());
        // What is written is about the order as it was first heard of, whichever event that was.
        let Some(order) = dossier.order.clone() else { return Ok(()) };
        for story in event.data.story().into_iter().chain(waited) {
            self.desk.tell_customer(uow, About { order_id, order: &order }, &story).await?;
        }
        if is_new {
            uow.wake(order_id.as_str());
            keep_dossier(uow, dossier)?;
        }
        Ok(())
    }
}
