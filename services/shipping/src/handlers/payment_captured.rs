//! payment.captured: the money was taken, so the parcel may leave.

use std::sync::Arc;

use contracts::Event;
use runtime::{Fail, Handler, Uow};

use crate::carrier::{Captured, Paid};
use crate::config::Config;
use crate::document::{load, save};

/// Lets the parcel leave.
pub struct LetLeave {
    /// The choices of the deployment.
    pub config: Arc<Config>,
}

impl Handler for LetLeave {
    type Event = Paid;

    async fn handle(&self, event: &Event<Paid>, uow: &mut Uow) -> Result<(), Fail> {
        let mut shipment = load(uow, &event.data.order_id).await?;
        let next = shipment.capture(Captured::heard(&event.data));
        save(uow, shipment, next, &self.config)
    }
}
