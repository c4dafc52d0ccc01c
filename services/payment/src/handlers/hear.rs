//! What the provider told of its own accord: evidence for the same reducer, whatever it comes before.

use std::sync::Arc;

use runtime::{Bug, Doc, Fail, JobHandler, Uow};

use super::ask_provider::planted_keeping;
use crate::config::Config;
use crate::document::{Because, HearLater, PAYMENTS, save};
use crate::domain::{Kind, Payment, RefundState, State, said, said_of_dispute};
use crate::gateway::{Happening, ProviderKey, Told};

/// Hears what came before its payment.
pub struct HearWhatWaited {
    /// The choices of the deployment.
    pub config: Arc<Config>,
}

impl JobHandler for HearWhatWaited {
    type Job = HearLater;

    async fn run(&self, job: &HearLater, uow: &mut Uow) -> Result<(), Fail> {
        let id = job.order_id.as_str();
        let found = uow.load(&PAYMENTS, id).await?.filter(|payment| payment.placed.is_some());
        let payment = found.ok_or_else(|| Fail::Later {
            reason: format!("the provider tells of payment {id}, which is not known here"),
            wait_for: None,
        })?;
        hear(uow, payment, job.told.clone(), &self.config)
    }
}

/// Hears what was told about `payment`.
pub(crate) fn hear(
    uow: &mut Uow,
    mut payment: Doc<Payment>,
    told: Told,
    config: &Config,
) -> Result<(), Fail> {
    if planted_deafness(uow, &payment, &told) {
        return Ok(());
    }
    let (next, key, words) = match told.what {
        Happening::Answer { key, evidence } => {
            let words = said(&evidence);
            let next =
                planted_keeping(uow, &mut payment, &evidence, |payment| payment.hear(&key, evidence.clone()));
            (next, Some(key), words)
        }
        Happening::Dispute(dispute) => {
            let words = said_of_dispute(&dispute);
            (payment.contest(dispute), None, words)
        }
    };
    let because = Because { tries: 0, heard: Some((Kind::Told, key, words)) };
    save(uow, payment, next, because, config.provider)
}

/// Planted bug: what is told about a call that has no answer yet is told about nothing, so it is dropped.
fn planted_deafness(uow: &Uow, payment: &Payment, told: &Told) -> bool {
    let Happening::Answer { key, .. } = &told.what else { return false };
    uow.quirks().has(Bug::WebhookBeforeReplyLost) && is_unanswered(payment, key)
}

fn is_unanswered(payment: &Payment, asked: &ProviderKey) -> bool {
    let step = match &payment.state {
        State::Authorizing { authorize, unknown: None, .. } => authorize.key == *asked,
        State::Capturing { capture, unknown: None, .. } => capture.key == *asked,
        State::Voiding { void, unknown: None } => void.key == *asked || void.authorize == *asked,
        _ => false,
    };
    let is_it = |state: &RefundState| matches!(state, RefundState::Asked { refund, unknown: None } if refund.key == *asked);
    step || payment.refunds.values().any(|refund| is_it(&refund.state))
}
