//! Asking the provider: the call is a step of its own, and what comes of it is evidence.

use std::sync::Arc;

use contracts::Timestamp;
use runtime::{Bug, Fail, Outside, Unavailable, Uow};

use crate::config::Config;
use crate::document::{AskProvider, Because, load, save};
use crate::domain::{Kind, Next, Payment, Question, State, said};
use crate::gateway::{Authorize, Evidence, Gateway};

/// Asks the provider.
pub struct AskTheProvider {
    /// How.
    pub gateway: Arc<dyn Gateway>,
    /// The choices of the deployment.
    pub config: Arc<Config>,
}

impl Outside for AskTheProvider {
    type Intent = AskProvider;
    type Evidence = Evidence;

    async fn call(&self, intent: &AskProvider, _now: Timestamp) -> Result<Evidence, Unavailable> {
        let answer = match &intent.question {
            Question::Do { operation } => self.gateway.execute(operation).await,
            Question::Look { key } => self.gateway.query(key).await,
        };
        answer.map_err(|why| Unavailable {
            peer: self.config.provider,
            why: why.to_string(),
            retry_after: why.retry_after(),
        })
    }

    async fn record(&self, intent: &AskProvider, evidence: Evidence, uow: &mut Uow) -> Result<(), Fail> {
        let mut payment = load(uow, &intent.order_id).await?;
        let key = intent.question.key();
        let heard = Some((Kind::Answered, Some(key.clone()), said(&evidence)));
        if planted_giving_up(uow, &payment, &evidence) {
            let next = payment.give_up_capture();
            return save(uow, payment, next, Because { tries: intent.tries, heard }, self.config.provider);
        }
        let next =
            planted_keeping(uow, &mut payment, &evidence, |payment| payment.learn(key, evidence.clone()));
        let next = planted_capture(uow, &mut payment, next);
        save(uow, payment, next, Because { tries: intent.tries, heard }, self.config.provider)
    }
}

/// Planted bug: a capture that the provider does not answer was not made; a webhook would have told.
fn planted_giving_up(uow: &Uow, payment: &Payment, evidence: &Evidence) -> bool {
    uow.quirks().has(Bug::WebhookBeforeReplyLost)
        && matches!(payment.state, State::Capturing { .. })
        && matches!(evidence, Evidence::Unknown { .. })
}

/// Planted bug: who learns of a hold does not look whether its order has ended.
pub(super) fn planted_keeping(
    uow: &Uow,
    payment: &mut Payment,
    evidence: &Evidence,
    learn: impl FnOnce(&mut Payment) -> Next,
) -> Next {
    let keeps = uow.quirks().has(Bug::LateAuthorizationKept)
        && matches!(evidence, Evidence::Authorized { .. })
        && matches!(payment.state, State::Authorizing { .. });
    if !keeps {
        return learn(payment);
    }
    let cancelled = payment.cancelled.take();
    let next = learn(payment);
    payment.cancelled = cancelled;
    next
}

/// Planted bug: what is ready is taken, whether its order has ended or not.
pub(super) fn planted_capture(uow: &Uow, payment: &mut Payment, next: Next) -> Next {
    let (State::Voiding { void, .. }, Some(id), Some(placed)) =
        (&payment.state, payment.id(), payment.placed.clone())
    else {
        return next;
    };
    let Some(reference) = void.reference.clone() else { return next };
    if !uow.quirks().has(Bug::CaptureAfterStop) || payment.cancelled.is_none() || payment.ready.is_none() {
        return next;
    }
    let key = void.authorize.clone();
    let authorize = Authorize { key, payment_id: id, money: placed.money, token: placed.token };
    Next { asks: payment.take(authorize, reference).asks, ..next }
}
