//! order.cancel-requested: the parcel is stopped, or it is too late. One that is not there yet will not come.

use std::sync::Arc;

use contracts::Event;
use contracts::events::order::OrderCancelRequested;
use runtime::{Fail, Handler, Uow};

use crate::config::Config;
use crate::document::{load, save};

/// Stops the parcel.
pub struct StopParcel {
    /// The choices of the deployment.
    pub config: Arc<Config>,
}

impl Handler for StopParcel {
    type Event = OrderCancelRequested;

    async fn handle(&self, event: &Event<OrderCancelRequested>, uow: &mut Uow) -> Result<(), Fail> {
        let mut shipment = load(uow, &event.data.order_id).await?;
        let next = shipment.stop(uow.now());
        save(uow, shipment, next, &self.config)
    }
}
