//! stock.reserved: goods are set aside, so the money may be.

use std::sync::Arc;

use contracts::Event;
use contracts::events::stock::StockReserved;
use runtime::{Fail, Handler, Uow};

use crate::config::Config;
use crate::document::{Because, load, save};

/// Begins a payment.
pub struct BeginPayment {
    /// The choices of the deployment.
    pub config: Arc<Config>,
}

impl Handler for BeginPayment {
    type Event = StockReserved;

    async fn handle(&self, event: &Event<StockReserved>, uow: &mut Uow) -> Result<(), Fail> {
        let mut payment = load(uow, &event.data.order_id).await?;
        let next = payment.reserve();
        save(uow, payment, next, Because::default(), self.config.provider)
    }
}
