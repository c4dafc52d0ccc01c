//! The payment was refused.

use contracts::Event;
use contracts::events::payment::PaymentDeclined;
use runtime::{Fail, Handler, Uow};

use crate::config::Config;
use crate::domain::Input;

/// Cancels, unless something was decided before.
pub(crate) struct OnPaymentDeclined(pub(crate) Config);

impl Handler for OnPaymentDeclined {
    type Event = PaymentDeclined;

    async fn handle(&self, event: &Event<Self::Event>, uow: &mut Uow) -> Result<(), Fail> {
        super::hear(uow, &self.0, event, &event.data.order_id, Input::PaymentDeclined).await
    }
}
