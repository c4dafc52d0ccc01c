//! Inventory reserved all lines: the order knows where they lie.

use contracts::Event;
use contracts::events::stock::StockReserved;
use runtime::{Fail, Handler, Uow};

use crate::config::Config;
use crate::domain::Input;

/// Tracks the reservation; one of other lines than the order's cancels it.
pub(crate) struct OnStockReserved(pub(crate) Config);

impl Handler for OnStockReserved {
    type Event = StockReserved;

    async fn handle(&self, event: &Event<Self::Event>, uow: &mut Uow) -> Result<(), Fail> {
        let input = Input::StockReserved { lines: event.data.lines.clone() };
        super::hear(uow, &self.0, event, &event.data.order_id, input).await
    }
}
