//! stock.low and stock.short: operators should look.

use std::marker::PhantomData;

use contracts::events::stock::{StockLow, StockShort};
use contracts::{Event, EventData, Timestamp};
use runtime::{Fail, Handler, Uow};

use super::Desk;
use crate::domain::{Facts, Story};

/// Tells the operator what an event says.
pub struct WriteToOperator<E> {
    desk: Desk,
    event: PhantomData<fn() -> E>,
}

impl<E> WriteToOperator<E> {
    /// With what letters are written with.
    #[must_use]
    pub fn new(desk: Desk) -> Self {
        Self { desk, event: PhantomData }
    }
}

/// An event that operators should know of.
pub trait Alarms: EventData {
    /// What it says; `at` is when it was published.
    fn story(&self, at: Timestamp) -> Story;
}

impl Alarms for StockLow {
    fn story(&self, at: Timestamp) -> Story {
        let facts = Facts::Low {
            sku: self.sku.clone(),
            location: self.location.clone(),
            available: self.available,
            threshold: self.threshold,
        };
        Story { facts, at }
    }
}

impl Alarms for StockShort {
    fn story(&self, _at: Timestamp) -> Story {
        let facts = Facts::Short {
            sku: self.sku.clone(),
            location: self.location.clone(),
            missing: self.missing.get().into(),
            order_id: self.order_id.clone(),
        };
        Story { facts, at: self.found_at }
    }
}

impl<E: Alarms + Send + Sync + 'static> Handler for WriteToOperator<E> {
    type Event = E;

    async fn handle(&self, event: &Event<E>, uow: &mut Uow) -> Result<(), Fail> {
        self.desk.tell_operator(uow, &event.data.story(event.time)).await
    }
}
