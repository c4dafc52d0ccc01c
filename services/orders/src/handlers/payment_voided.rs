//! The money was let go: the answer to a cancel.

use contracts::Event;
use contracts::events::payment::PaymentVoided;
use runtime::{Fail, Handler, Uow};

use crate::config::Config;
use crate::domain::Input;

/// Tracks it. An order that is still open cannot be paid for any more, and is cancelled.
pub(crate) struct OnPaymentVoided(pub(crate) Config);

impl Handler for OnPaymentVoided {
    type Event = PaymentVoided;

    async fn handle(&self, event: &Event<Self::Event>, uow: &mut Uow) -> Result<(), Fail> {
        super::hear(uow, &self.0, event, &event.data.order_id, Input::PaymentVoided).await
    }
}
