//! payment.captured: the money was taken, so the parcel may leave.

use std::sync::Arc;

use contracts::Event;
use contracts::events::payment::PaymentCaptured;
use runtime::{Fail, Handler, Uow};

use crate::carrier::Captured;
use crate::config::Config;
use crate::document::{load, save};

/// Lets the parcel leave.
pub struct LetLeave {
    /// The choices of the deployment.
    pub config: Arc<Config>,
}

impl Handler for LetLeave {
    type Event = PaymentCaptured;

    async fn handle(&self, event: &Event<PaymentCaptured>, uow: &mut Uow) -> Result<(), Fail> {
        let mut shipment = load(uow, &event.data.order_id).await?;
        let next = shipment.capture(Captured::heard(&event.data));
        save(uow, shipment, next, &self.config)
    }
}
