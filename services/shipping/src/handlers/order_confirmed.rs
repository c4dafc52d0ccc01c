//! order.confirmed: a parcel is made, and a label booked for it.

use std::sync::Arc;

use contracts::events::order::OrderConfirmed;
use contracts::events::stock::StockLine;
use contracts::order::{LineQuantity, ShipTo};
use contracts::{Event, OrderId};
use runtime::{Fail, Handler, Uow};

use crate::config::Config;
use crate::document::{load, save};
use crate::domain::Order;

/// Books a parcel.
pub struct BookParcel {
    /// The choices of the deployment.
    pub config: Arc<Config>,
}

contracts::view! {
    /// What is read of it.
    pub struct ToSend of OrderConfirmed {
        /// Which order.
        order_id: OrderId,
        /// What is in the parcel.
        lines: Vec<LineQuantity>,
        /// From where it is taken; the first place sends all.
        #[serde(default)]
        stock: Vec<StockLine>,
        /// Where to.
        #[serde(default)]
        ship_to: ShipTo,
    }
}

impl Handler for BookParcel {
    type Event = ToSend;

    async fn handle(&self, event: &Event<ToSend>, uow: &mut Uow) -> Result<(), Fail> {
        let confirmed = &event.data;
        let mut shipment = load(uow, &confirmed.order_id).await?;
        let next = shipment.confirm(Order {
            lines: confirmed.lines.clone(),
            ship_to: confirmed.ship_to.clone(),
            from: confirmed.stock.first().map(|line| line.location.clone()),
        });
        // A return may have come before the order that it is of.
        uow.wake(shipment.id.clone());
        save(uow, shipment, next, &self.config)
    }
}
