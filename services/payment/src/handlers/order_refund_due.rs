//! order.refund-due: money goes back, once for each name.

use std::sync::Arc;

use contracts::events::order::OrderRefundDue;
use contracts::{Currency, Event, Money, OrderId, RefundId};
use runtime::{Fail, Handler, Uow};

use crate::config::Config;
use crate::document::{Because, load, save};

/// Gives money back.
pub struct GiveBack {
    /// The choices of the deployment.
    pub config: Arc<Config>,
}

contracts::view! {
    /// What is read of it: what it is for is for `orders` to know.
    pub struct Due of OrderRefundDue {
        /// Which order.
        order_id: OrderId,
        /// Names the refund for good.
        refund_id: RefundId,
        /// Of the amount.
        currency: Currency,
        /// What to give back, in minor units.
        amount_minor: i64,
    }
}

impl Handler for GiveBack {
    type Event = Due;

    async fn handle(&self, event: &Event<Due>, uow: &mut Uow) -> Result<(), Fail> {
        let due = &event.data;
        let mut payment = load(uow, &due.order_id).await?;
        let money = Money { amount_minor: due.amount_minor, currency: due.currency };
        let next = payment
            .refund(due.refund_id.clone(), money)
            .map_err(|error| Fail::permanent(format!("refund {}: {error}", due.refund_id)))?;
        save(uow, payment, next, Because::default(), self.config.provider)
    }
}
