//! return.requested: a label is booked, with which the customer sends the goods back.

use std::sync::Arc;

use contracts::events::returns::ReturnRequested;
use contracts::order::LineQuantity;
use contracts::{Event, OrderId, ReturnId};
use runtime::{Fail, Handler, Uow};

use crate::config::Config;
use crate::document::{SHIPMENTS, load_return, save_return, shipment_of};
use crate::domain::Return;

/// Takes goods back.
pub struct TakeBack {
    /// The choices of the deployment.
    pub config: Arc<Config>,
}

contracts::view! {
    /// What is read of it.
    pub struct ToBring of ReturnRequested {
        /// Which order.
        order_id: OrderId,
        /// Which return.
        return_id: ReturnId,
        /// What comes back.
        lines: Vec<LineQuantity>,
    }
}

impl Handler for TakeBack {
    type Event = ToBring;

    async fn handle(&self, event: &Event<ToBring>, uow: &mut Uow) -> Result<(), Fail> {
        let ToBring { order_id, return_id, lines } = &event.data;
        if load_return(uow, return_id).await?.is_some() {
            return Ok(());
        }
        let id = shipment_of(order_id)?;
        let shipment = uow.load(&SHIPMENTS, id.as_str()).await?;
        let Some(order) = shipment.as_ref().and_then(|shipment| shipment.order.as_ref()) else {
            // Where it comes back from is in the order.
            return Err(Fail::Later {
                reason: format!("order {order_id} is not known to be confirmed"),
                wait_for: Some(id.into()),
            });
        };
        let location = order.from.clone().or_else(|| self.config.returns_to.clone());
        let location = location.ok_or_else(|| Fail::permanent("nobody says where returned goods go"))?;
        let ids = (return_id.clone(), order_id.clone());
        let (opened, next) = Return::open(ids, lines.clone(), order.ship_to.clone(), location, uow.now());
        let doc = uow.fresh(return_id.as_str(), opened);
        save_return(uow, doc, next, &self.config)
    }
}
