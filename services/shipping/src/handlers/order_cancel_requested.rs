//! order.cancel-requested: the parcel is stopped, or it is too late. One that is not there yet will not come.

use std::sync::Arc;

use contracts::events::order::OrderCancelRequested;
use contracts::{Event, OrderId};
use runtime::{Fail, Handler, Uow};

use crate::config::Config;
use crate::document::{load, save};

/// Stops the parcel.
pub struct StopParcel {
    /// The choices of the deployment.
    pub config: Arc<Config>,
}

contracts::view! {
    /// What is read of it.
    pub struct ToStop of OrderCancelRequested {
        /// Which order.
        order_id: OrderId,
    }
}

impl Handler for StopParcel {
    type Event = ToStop;

    async fn handle(&self, event: &Event<ToStop>, uow: &mut Uow) -> Result<(), Fail> {
        let mut shipment = load(uow, &event.data.order_id).await?;
        let next = shipment.stop(uow.now());
        save(uow, shipment, next, &self.config)
    }
}
