//! shipment.ready: the parcel can leave once its money was taken.

use std::sync::Arc;

use contracts::Event;
use contracts::events::shipment::ShipmentReady;
use runtime::{Fail, Handler, Uow};

use super::ask_provider::planted_capture;
use crate::config::Config;
use crate::document::{Because, load, save};

/// Takes the money.
pub struct TakeMoney {
    /// The choices of the deployment.
    pub config: Arc<Config>,
}

impl Handler for TakeMoney {
    type Event = ShipmentReady;

    async fn handle(&self, event: &Event<ShipmentReady>, uow: &mut Uow) -> Result<(), Fail> {
        let mut payment = load(uow, &event.data.order_id).await?;
        let next = payment.ready(uow.now());
        let next = planted_capture(uow, &mut payment, next);
        save(uow, payment, next, Because::default(), self.config.provider)
    }
}
