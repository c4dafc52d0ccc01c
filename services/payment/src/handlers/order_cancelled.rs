//! order.cancelled: whatever is held, or turns up later, is let go.

use std::sync::Arc;

use contracts::events::order::OrderCancelled;
use contracts::{Event, OrderId};
use runtime::{Bug, Fail, Handler, Uow};

use crate::config::Config;
use crate::document::{Because, PAYMENTS, load, save};

/// Lets go of what is held.
pub struct LetGo {
    /// The choices of the deployment.
    pub config: Arc<Config>,
}

contracts::view! {
    /// What is read of it.
    pub struct Cancelled of OrderCancelled {
        /// Which order.
        order_id: OrderId,
    }
}

impl Handler for LetGo {
    type Event = Cancelled;

    async fn handle(&self, event: &Event<Cancelled>, uow: &mut Uow) -> Result<(), Fail> {
        let order_id = &event.data.order_id;
        let forgetful = uow.quirks().has(Bug::CancelBeforeSubjectForgotten);
        if forgetful && uow.load(&PAYMENTS, order_id.as_str()).await?.is_none() {
            return Ok(());
        }
        let mut payment = load(uow, order_id).await?;
        let next = payment.cancel(uow.now());
        save(uow, payment, next, Because::default(), self.config.provider)
    }
}
