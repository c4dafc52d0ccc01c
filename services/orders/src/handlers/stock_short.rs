//! Stock that was promised to an order is missing.

use contracts::Event;
use contracts::events::stock::StockShort;
use runtime::{Fail, Handler, Uow};

use crate::config::Config;
use crate::domain::Input;

/// Cancels while nothing is decided. A confirmed order keeps its place: stopping its parcel joins with shipping.
pub(crate) struct OnStockShort(pub(crate) Config);

impl Handler for OnStockShort {
    type Event = StockShort;

    async fn handle(&self, event: &Event<Self::Event>, uow: &mut Uow) -> Result<(), Fail> {
        // Without an order only holds of carts are affected.
        let Some(order_id) = &event.data.order_id else { return Ok(()) };
        super::hear(uow, &self.0, event, order_id, Input::StockShort).await
    }
}
