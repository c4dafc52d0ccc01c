//! order.cancelled: whatever is held, or turns up later, is let go.

use std::sync::Arc;

use contracts::Event;
use contracts::events::order::OrderCancelled;
use runtime::{Bug, Fail, Handler, Uow};

use crate::config::Config;
use crate::document::{Because, PAYMENTS, load, save};

/// Lets go of what is held.
pub struct LetGo {
    /// The choices of the deployment.
    pub config: Arc<Config>,
}

impl Handler for LetGo {
    type Event = OrderCancelled;

    async fn handle(&self, event: &Event<OrderCancelled>, uow: &mut Uow) -> Result<(), Fail> {
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
