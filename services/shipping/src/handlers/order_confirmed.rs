//! order.confirmed: a parcel is made, and a label booked for it.

use std::sync::Arc;

use contracts::Event;
use contracts::events::order::OrderConfirmed;
use contracts::order::LineQuantity;
use runtime::{Fail, Handler, Uow};

use crate::config::Config;
use crate::document::{load, save};
use crate::domain::Order;

/// Books a parcel.
pub struct BookParcel {
    /// The choices of the deployment.
    pub config: Arc<Config>,
}

impl Handler for BookParcel {
    type Event = OrderConfirmed;

    async fn handle(&self, event: &Event<OrderConfirmed>, uow: &mut Uow) -> Result<(), Fail> {
        let confirmed = &event.data;
        let mut shipment = load(uow, &confirmed.order_id).await?;
        let lines = confirmed.lines.iter();
        let next = shipment.confirm(Order {
            lines: lines.map(|l| LineQuantity { sku: l.sku.clone(), quantity: l.quantity }).collect(),
            ship_to: confirmed.ship_to.clone(),
            from: confirmed.stock.first().map(|line| line.location.clone()),
        });
        // A return may have come before the order that it is of.
        uow.wake(shipment.id.clone());
        save(uow, shipment, next, &self.config)
    }
}
