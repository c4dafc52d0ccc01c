//! stock.reserved: goods are set aside, so the money may be.

use std::sync::Arc;

use contracts::events::stock::StockReserved;
use contracts::{Event, OrderId};
use runtime::{Fail, Handler, Uow};

use crate::config::Config;
use crate::document::{Because, load, save};

/// Begins a payment.
pub struct BeginPayment {
    /// The choices of the deployment.
    pub config: Arc<Config>,
}

contracts::view! {
    /// What is read of it.
    pub struct Reserved of StockReserved {
        /// Which order.
        order_id: OrderId,
    }
}

impl Handler for BeginPayment {
    type Event = Reserved;

    async fn handle(&self, event: &Event<Reserved>, uow: &mut Uow) -> Result<(), Fail> {
        let mut payment = load(uow, &event.data.order_id).await?;
        let next = payment.reserve();
        save(uow, payment, next, Because::default(), self.config.provider)
    }
}
