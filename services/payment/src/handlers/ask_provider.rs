//! Asking the provider: the call is a step of its own, and what comes of it is evidence.

use std::sync::Arc;

use contracts::Timestamp;
use runtime::{Fail, Outside, Unavailable, Uow};

use crate::document::{AskProvider, load, save};
use crate::domain::Question;
use crate::gateway::{Evidence, Gateway};

/// Asks the provider.
pub struct AskTheProvider {
    /// How.
    pub gateway: Arc<dyn Gateway>,
    /// The provider's name.
    pub provider: &'static str,
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
            peer: self.provider,
            why: why.to_string(),
            retry_after: why.retry_after(),
        })
    }

    async fn record(&self, intent: &AskProvider, evidence: Evidence, uow: &mut Uow) -> Result<(), Fail> {
        let mut payment = load(uow, &intent.order_id).await?;
        let next = payment.learn(intent.question.key(), evidence);
        save(uow, payment, next, intent.tries, self.provider)
    }
}
