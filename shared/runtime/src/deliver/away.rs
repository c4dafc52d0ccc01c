//! What is not handled now: rows of the due table, to be tried again, to wait, or dead.

use contracts::Envelope;
use store::{Change, Key, Outcome, Unit, Version};

use super::{Message, UNKNOWN_TYPE};
use crate::core::Core;
use crate::due::{Due, Trouble};
use crate::fail::Fail;
use crate::policy;
use crate::quirk::Bug;
use crate::stats::Stats;

impl Core {
    /// Put off until it is woken or looks again, but not for ever.
    pub(super) async fn wait(
        &self,
        message: &Message<'_>,
        reason: &'static str,
        chain: Vec<String>,
        wait_for: Option<String>,
    ) -> Result<(), Fail> {
        let key = Key::new(self.names.due.clone(), message.id.to_string());
        let now = self.env.now();
        // The first wait is remembered in the message's lane of rows: a start marker that is never counted.
        let since = Key::new(self.names.start.clone(), format!("wait-{}", message.id));
        let found = self.store.read(vec![key, since.clone()], now).await?;
        if reason == UNKNOWN_TYPE && found[0].as_ref().is_some_and(|item| self.understands(item)) {
            // The same fact waits here in a major that this build knows: that copy is tried again, this one says no more.
            self.acknowledge(message.delivery).await;
            return Ok(());
        }
        let started =
            found[1].as_ref().and_then(|item| serde_json::from_slice(&item.body).ok()).unwrap_or(now);
        let overdue = now.since(started) >= policy::LATER_BOUND && !self.quirks.has(Bug::LaterWithoutBound);
        let mark = match &found[1] {
            Some(item) if overdue => Change::Delete { key: since, version: item.version },
            Some(item) => Change::Check { key: since, version: item.version },
            None => Change::Put {
                key: since,
                version: Version::ABSENT,
                body: serde_json::to_vec(&now).unwrap_or_default().into(),
                entries: vec![],
                expires: Some(now.plus(policy::RECORD_KEPT)),
            },
        };
        let due = (!overdue).then(|| now.plus(self.policy.later_every));
        let row = self.row(message, reason, chain);
        let row =
            Due { due, first_seen: started, attempts: message.delivery.attempt, waits_for: wait_for, ..row };
        self.put_row(message, row, found[0].as_ref().map_or(Version::ABSENT, |item| item.version), vec![mark])
            .await
    }

    /// Whether a row of the due table holds a message that has a reaction here.
    fn understands(&self, item: &store::Item) -> bool {
        let row = Due::decode("due", item).ok();
        let event = row.and_then(|row| Envelope::decode(&row.outgoing().body).ok());
        event.is_some_and(|event| self.service.reactions.contains_key(event.kind.as_str()))
    }

    /// Into the due table: for another try after `wait`, or dead.
    pub(super) async fn put_away(
        &self,
        message: &Message<'_>,
        reason: &'static str,
        chain: Vec<String>,
        wait: Option<std::time::Duration>,
    ) -> Result<(), Fail> {
        let row = self.row(message, reason, chain);
        let due = wait.map(|wait| self.env.now().plus(wait));
        self.keep(message, Due { due, ..row }).await
    }

    /// Into the due table until a peer outside can be asked again: that is no attempt, and never the end of it.
    pub(super) async fn put_off(
        &self,
        message: &Message<'_>,
        chain: Vec<String>,
        wait: std::time::Duration,
    ) -> Result<(), Fail> {
        let row = self.row(message, "unavailable", chain);
        let due = Some(self.env.now().plus(wait));
        self.keep(message, Due { due, attempts: message.delivery.attempt, ..row }).await
    }

    pub(super) async fn keep(&self, message: &Message<'_>, row: Due) -> Result<(), Fail> {
        let key = Key::new(self.names.due.clone(), message.id.to_string());
        let found = self.store.read(vec![key], self.env.now()).await?.pop().flatten();
        let before = found.as_ref().and_then(|item| Due::decode("due", item).ok());
        let row = Due { first_seen: before.map_or(row.first_seen, |before| before.first_seen), ..row };
        self.put_row(message, row, found.map_or(Version::ABSENT, |item| item.version), vec![]).await
    }

    pub(super) fn row(&self, message: &Message<'_>, reason: &'static str, chain: Vec<String>) -> Due {
        let now = self.env.now();
        let attempt = message.delivery.attempt + 1;
        let copy = self.again(message.id, message.lane.clone(), message.delivery.body.clone(), attempt);
        let handler = format!("{}/{}", self.queue, message.handler);
        let trouble = Trouble::new(reason, chain, handler, message.contract.clone());
        Due { trouble: Some(trouble), last_failed: Some(now), ..Due::of(&copy, now) }
    }

    async fn put_row(
        &self,
        message: &Message<'_>,
        row: Due,
        version: Version,
        mut changes: Vec<Change>,
    ) -> Result<(), Fail> {
        let is_put_off = row.due.is_some();
        let row = row.fitting();
        let dead = row.due.is_none();
        if is_put_off && dead {
            // Too long to be put off: it does not wait, so nothing remembers since when.
            changes.clear();
        }
        if dead && self.record(self.record_key(message.id)).await?.is_some() {
            // Handled all the same: in another major, or by another execution.
            return self.duplicate(message).await;
        }
        if dead {
            let reason = row.trouble.as_ref().map(|t| t.reason.clone()).unwrap_or_default();
            tracing::error!(service = %self.queue, message.id = %message.id, event.type = contracts::card::mask_text(&message.handler), %reason,
                attempt = row.attempts, "dead letter");
        }
        changes.push(self.due_row(&row, version));
        let settles = self.fused.then(|| message.delivery.token.consumed());
        let unit = Unit { now: self.env.now(), nonce: self.env.nonce(), record: None, changes, settles };
        match self.store.commit(unit).await? {
            Outcome::Committed => {
                Stats::add(if dead { &self.stats.dead } else { &self.stats.delayed }, 1);
                if !self.fused {
                    self.acknowledge(message.delivery).await;
                }
                Ok(())
            }
            // The message is still in its queue and comes again.
            _ => self.give_back(message).await,
        }
    }
}
