//! Inventory cannot supply the order.

use contracts::Event;
use contracts::events::stock::StockRejected;
use runtime::{Fail, Handler, Uow};

use crate::config::Config;
use crate::domain::Input;

/// Cancels, unless something was decided before.
pub(crate) struct OnStockRejected(pub(crate) Config);

impl Handler for OnStockRejected {
    type Event = StockRejected;

    async fn handle(&self, event: &Event<Self::Event>, uow: &mut Uow) -> Result<(), Fail> {
        let input = Input::StockRejected { reason: event.data.reason };
        super::hear(uow, &self.0, event, &event.data.order_id, input).await
    }
}
