//! Asking the mailbox: the call is a step of its own, and what comes of it is evidence.

use std::sync::Arc;

use contracts::Timestamp;
use runtime::{Fail, Outside, Unavailable, Uow};

use crate::document::{AskMailbox, NOTIFICATIONS, save};
use crate::mailbox::{Evidence, Mailbox};

/// Asks the mailbox.
pub struct AskTheMailbox {
    /// How.
    pub mailbox: Arc<dyn Mailbox>,
}

impl Outside for AskTheMailbox {
    type Intent = AskMailbox;
    type Evidence = Evidence;

    async fn call(&self, intent: &AskMailbox, _now: Timestamp) -> Result<Evidence, Unavailable> {
        let answer = match &intent.message {
            Some(message) => self.mailbox.send(&intent.key, message).await,
            None => self.mailbox.lookup(&intent.key).await,
        };
        answer.map_err(|why| Unavailable {
            peer: "mailbox",
            why: why.to_string(),
            retry_after: why.retry_after(),
        })
    }

    async fn record(&self, intent: &AskMailbox, evidence: Evidence, uow: &mut Uow) -> Result<(), Fail> {
        // A message that is no longer kept needs no answer.
        let Some(mut doc) = uow.load(&NOTIFICATIONS, intent.notification_id.as_str()).await? else {
            return Ok(());
        };
        let now = uow.now();
        let next = doc.learn(&intent.key, evidence, intent.asked, now);
        save(uow, doc, next, intent.asked + 1).await
    }
}
