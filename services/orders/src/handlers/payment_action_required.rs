//! The customer has to confirm the payment.

use contracts::Event;
use contracts::events::payment::PaymentActionRequired;
use runtime::{Fail, Handler, Uow};

use crate::config::Config;
use crate::domain::Input;

/// Shows it; the deadline goes on.
pub(crate) struct OnPaymentActionRequired(pub(crate) Config);

impl Handler for OnPaymentActionRequired {
    type Event = PaymentActionRequired;

    async fn handle(&self, event: &Event<Self::Event>, uow: &mut Uow) -> Result<(), Fail> {
        let input = Input::PaymentActionRequired { sequence: event.sequence_number() };
        super::hear(uow, &self.0, event, &event.data.order_id, input).await
    }
}
