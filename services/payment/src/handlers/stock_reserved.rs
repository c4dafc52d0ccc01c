//! stock.reserved: goods are set aside, so the money may be.

use contracts::Event;
use contracts::events::stock::StockReserved;
use runtime::{Fail, Handler, Uow};

use crate::document::{load, save};

/// Begins a payment.
pub struct BeginPayment {
    /// The provider's name.
    pub provider: &'static str,
}

impl Handler for BeginPayment {
    type Event = StockReserved;

    async fn handle(&self, event: &Event<StockReserved>, uow: &mut Uow) -> Result<(), Fail> {
        let mut payment = load(uow, &event.data.order_id).await?;
        let next = payment.reserve();
        save(uow, payment, next, 0, self.provider)
    }
}
