//! shipment.ready: the parcel can leave once its money was taken.

use std::sync::Arc;

use contracts::events::shipment::ShipmentReady;
use contracts::{Event, OrderId};
use runtime::{Fail, Handler, Uow};

use super::ask_provider::planted_capture;
use crate::config::Config;
use crate::document::{Because, load, save};

/// Takes the money.
pub struct TakeMoney {
    /// The choices of the deployment.
    pub config: Arc<Config>,
}

contracts::view! {
    /// What is read of it.
    pub struct Ready of ShipmentReady {
        /// Which order.
        order_id: OrderId,
    }
}

impl Handler for TakeMoney {
    type Event = Ready;

    async fn handle(&self, event: &Event<Ready>, uow: &mut Uow) -> Result<(), Fail> {
        let mut payment = load(uow, &event.data.order_id).await?;
        let next = payment.ready(uow.now());
        let next = planted_capture(uow, &mut payment, next);
        save(uow, payment, next, Because::default(), self.config.provider)
    }
}
