//! order.placed opens a payment; the provider is asked once stock is reserved.

use std::sync::Arc;

use contracts::Event;
use contracts::Money;
use contracts::events::order::OrderPlacedV2;
use runtime::{Fail, Handler, Uow};

use crate::config::Config;
use crate::document::{Because, load, save};
use crate::domain::Placed;
use crate::gateway::Token;

/// Opens a payment.
pub struct OpenPayment {
    /// The choices of the deployment.
    pub config: Arc<Config>,
}

impl Handler for OpenPayment {
    type Event = OrderPlacedV2;

    async fn handle(&self, event: &Event<OrderPlacedV2>, uow: &mut Uow) -> Result<(), Fail> {
        let order = &event.data;
        let mut payment = load(uow, &order.order_id).await?;
        let money = Money { amount_minor: order.total_minor, currency: order.currency };
        let next = payment.place(Placed { money, token: Token::new(order.payment_method.token.clone()) });
        save(uow, payment, next, Because::default(), self.config.provider)
    }
}
