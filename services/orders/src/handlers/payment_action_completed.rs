//! The customer did what the payment asked for.

use contracts::Event;
use contracts::events::payment::PaymentActionCompleted;
use runtime::{Fail, Handler, Uow};

use crate::config::Config;
use crate::domain::Input;

/// Shows it; whether the money is set aside is said next.
pub(crate) struct OnPaymentActionCompleted(pub(crate) Config);

impl Handler for OnPaymentActionCompleted {
    type Event = PaymentActionCompleted;

    async fn handle(&self, event: &Event<Self::Event>, uow: &mut Uow) -> Result<(), Fail> {
        let input = Input::PaymentActionCompleted { sequence: event.sequence_number() };
        super::hear(uow, &self.0, event, &event.data.order_id, input).await
    }
}
