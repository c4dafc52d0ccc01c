//! One file per event. Most only say what the event means for the order; the order decides.

use contracts::{Event, EventData, OrderId};
use runtime::{Fail, Uow};

use crate::config::Config;
use crate::domain::Input;
use crate::dossier::Dossier;
use crate::timeline::{Told, summary_of};

mod deadline;
mod order_placed;
mod payment_action_completed;
mod payment_action_required;
mod payment_authorized;
mod payment_declined;
mod payment_voided;
mod stock_rejected;
mod stock_reserved;
mod stock_short;

pub(crate) use deadline::OnDeadline;
pub(crate) use order_placed::OnOrderPlaced;
pub(crate) use payment_action_completed::OnPaymentActionCompleted;
pub(crate) use payment_action_required::OnPaymentActionRequired;
pub(crate) use payment_authorized::OnPaymentAuthorized;
pub(crate) use payment_declined::OnPaymentDeclined;
pub(crate) use payment_voided::OnPaymentVoided;
pub(crate) use stock_rejected::OnStockRejected;
pub(crate) use stock_reserved::OnStockReserved;
pub(crate) use stock_short::OnStockShort;

/// Lets the order `order_id` hear what `event` means for it.
async fn hear<T: EventData>(
    uow: &mut Uow,
    config: &Config,
    event: &Event<T>,
    order_id: &OrderId,
    input: Input,
) -> Result<(), Fail> {
    let mut dossier = Dossier::open(uow, config, order_id).await?;
    let told = Told::by(event, summary_of(&input));
    dossier.hear(input, Some(told))?;
    dossier.close()
}
