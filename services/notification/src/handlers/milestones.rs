//! Milestones of an order whose events do not say who it is for: they are joined with the order's dossier.

use std::marker::PhantomData;

use contracts::events::order::{OrderCancelled, OrderCompleted};
use contracts::events::payment::{PaymentDisputed, PaymentRefunded, PaymentVoided};
use contracts::events::shipment::{ShipmentDelivered, ShipmentDispatched};
use contracts::{Event, EventData, Money, OrderId};
use runtime::{Fail, Handler, Uow};

use super::Desk;
use crate::document::{dossier, keep_dossier};
use crate::domain::{Facts, Heard, Story};
use crate::letter::About;

/// Tells the customer what an event says, or keeps it until the order is known.
pub struct WriteToCustomer<E> {
    desk: Desk,
    event: PhantomData<fn() -> E>,
}

impl<E> WriteToCustomer<E> {
    /// With what letters are written with.
    #[must_use]
    pub fn new(desk: Desk) -> Self {
        Self { desk, event: PhantomData }
    }
}

/// An event that is a milestone of an order.
pub trait Tells: EventData {
    /// Of which order.
    fn order_id(&self) -> &OrderId;
    /// What it says.
    fn story(&self) -> Story;
}

impl<E: Tells + Send + Sync + 'static> Handler for WriteToCustomer<E> {
    type Event = E;

    async fn handle(&self, event: &Event<E>, uow: &mut Uow) -> Result<(), Fail> {
        let order_id = event.data.order_id();
        uow.about(order_id.as_str());
        let mut dossier = dossier(uow, order_id).await?;
        match dossier.hear(event.data.story()) {
            Heard::Kept => keep_dossier(uow, dossier),
            Heard::Full => Err(Fail::Later {
                reason: format!("order {order_id} is not known, and much waits for it already"),
                wait_for: Some(order_id.to_string()),
            }),
            Heard::Tell(stories) => {
                let Some(order) = &dossier.order else { return Ok(()) };
                for story in &stories {
                    self.desk.tell_customer(uow, About { order_id, order }, story).await?;
                }
                Ok(())
            }
        }
    }
}

macro_rules! milestones {
    ($($event:ident at $at:ident: $says:expr;)*) => {$(
        impl Tells for $event {
            fn order_id(&self) -> &OrderId {
                &self.order_id
            }

            fn story(&self) -> Story {
                let says: fn(&$event) -> Facts = $says;
                Story { facts: says(self), at: self.$at }
            }
        }
    )*};
}

milestones! {
    OrderCancelled at cancelled_at: |event| Facts::Cancelled { reason: event.reason };
    OrderCompleted at completed_at: |_| Facts::Completed;
    ShipmentDispatched at dispatched_at: |event| Facts::Dispatched {
        carrier: event.carrier.clone(),
        tracking_number: event.tracking_number.clone(),
        tracking_url: event.tracking_url.clone(),
        parcel: event.lines.clone(),
    };
    ShipmentDelivered at delivered_at: |_| Facts::Delivered;
    PaymentRefunded at refunded_at: |event| Facts::Refunded {
        refund_id: event.refund_id.clone(),
        money: Money::new(event.amount_minor, event.currency),
    };
    PaymentVoided at voided_at: |event| Facts::Voided { money: Money::new(event.amount_minor, event.currency) };
    PaymentDisputed at disputed_at: |event| Facts::Disputed {
        dispute_id: event.dispute_id.clone(),
        status: event.status,
        money: Money::new(event.amount_minor, event.currency),
    };
}
