//! order.placed opens a payment; the provider is asked once stock is reserved.

use std::sync::Arc;

use contracts::events::order::OrderPlacedV2;
use contracts::order::PaymentMethod;
use contracts::{Currency, Event, Money, OrderId};
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

contracts::view! {
    /// What is read of it.
    pub struct ToPay of OrderPlacedV2 {
        /// Which order.
        order_id: OrderId,
        /// Of the total.
        currency: Currency,
        /// What is to be paid, in minor units.
        total_minor: i64,
        /// How.
        payment_method: PaymentMethod,
    }
}

impl Handler for OpenPayment {
    type Event = ToPay;

    async fn handle(&self, event: &Event<ToPay>, uow: &mut Uow) -> Result<(), Fail> {
        let order = &event.data;
        let mut payment = load(uow, &order.order_id).await?;
        let money = Money { amount_minor: order.total_minor, currency: order.currency };
        let next = payment.place(Placed { money, token: Token::new(order.payment_method.token.clone()) });
        save(uow, payment, next, Because::default(), self.config.provider)
    }
}
