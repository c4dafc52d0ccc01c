//! The money is set aside. Payment asks for it only once the stock is reserved.

use contracts::Event;
use contracts::events::payment::PaymentAuthorized;
use runtime::{Fail, Handler, Uow};

use crate::config::Config;
use crate::domain::Input;

/// Confirms, unless something was decided before; then payment lets the money go by itself.
pub(crate) struct OnPaymentAuthorized(pub(crate) Config);

impl Handler for OnPaymentAuthorized {
    type Event = PaymentAuthorized;

    async fn handle(&self, event: &Event<Self::Event>, uow: &mut Uow) -> Result<(), Fail> {
        let input = Input::PaymentAuthorized {
            payment_id: event.data.payment_id.clone(),
            amount_minor: event.data.amount_minor,
            currency: event.data.currency,
        };
        super::hear(uow, &self.0, event, &event.data.order_id, input).await
    }
}
