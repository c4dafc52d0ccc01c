//! order.refund-due: money goes back, once for each name.

use std::sync::Arc;

use contracts::events::order::OrderRefundDue;
use contracts::{Event, Money};
use runtime::{Fail, Handler, Uow};

use crate::config::Config;
use crate::document::{Because, load, save};

/// Gives money back.
pub struct GiveBack {
    /// The choices of the deployment.
    pub config: Arc<Config>,
}

impl Handler for GiveBack {
    type Event = OrderRefundDue;

    async fn handle(&self, event: &Event<OrderRefundDue>, uow: &mut Uow) -> Result<(), Fail> {
        let due = &event.data;
        let mut payment = load(uow, &due.order_id).await?;
        let money = Money { amount_minor: due.amount_minor, currency: due.currency };
        let next = payment
            .refund(due.refund_id.clone(), money)
            .map_err(|error| Fail::permanent(format!("refund {}: {error}", due.refund_id)))?;
        save(uow, payment, next, Because::default(), self.config.provider)
    }
}
