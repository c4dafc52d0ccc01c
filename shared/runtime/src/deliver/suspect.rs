//! A message that a process had in hand when it died: perhaps what it died of.

use std::time::Duration;

use bytes::Bytes;
use contracts::Envelope;
use store::{Change, Item, Key, Outcome, Unit, Version};

use super::{Fate, Message};
use crate::core::Core;
use crate::fail::Fail;
use crate::policy;
use crate::quirk::Bug;
use crate::service::Reaction;

impl Core {
    /// Its start is written down first, and it runs alone.
    pub(super) async fn suspected(
        &self,
        message: &Message<'_>,
        event: Envelope,
        reaction: &Reaction,
    ) -> Result<(), Fail> {
        let key = Key::new(self.names.start.clone(), message.id.to_string());
        let found = self.store.read(vec![key.clone()], self.env.now()).await?.pop().flatten();
        let starts = starts(found.as_ref());
        if starts >= policy::CRASH_STARTS {
            return self.convict(message, starts, found.map(|item| (key, item.version))).await;
        }
        if !self.rested(starts).await {
            return self.release(message).await;
        }
        let _alone = self.alone.write().await;
        let (now, nonce) = (self.env.now(), self.env.nonce());
        let put = Change::Put {
            key: key.clone(),
            version: found.map_or(Version::ABSENT, |item| item.version),
            body: Bytes::from((starts + 1).to_string()),
            entries: vec![],
            expires: Some(now.plus(policy::RECORD_KEPT)),
        };
        let marked = Unit { now, nonce, record: None, changes: vec![put], settles: None };
        match self.store.commit(marked).await? {
            Outcome::Committed => {}
            _ => return self.give_back(message).await,
        }
        let unmark = Change::Delete { key, version: Version(nonce.0) };
        let fate = self.handle(message, event, reaction, vec![unmark.clone()]).await;
        if !matches!(fate, Ok(Fate::Handled)) {
            // It ended without a crash: a start that was answered is no evidence against it.
            self.unmark(unmark).await;
        }
        fate.map(|_| ())
    }

    /// Waits before one more start, the longer the more there were, while all others go on: who kills the process again
    /// and again for a while meets one start of an innocent, and who crashes it meets them all. Answers `false` when the
    /// process is to stop instead.
    async fn rested(&self, starts: u32) -> bool {
        if starts == 0 || self.quirks.has(Bug::SuspectStartsAtOnce) {
            return true;
        }
        // Not counted from the last start: the clock of another process may have written that down.
        let rest: Duration = policy::START_REST * (1 << (starts - 1));
        tokio::select! {
            biased;
            () = self.asked_to_stop() => false,
            () = self.env.clock.sleep(rest) => true,
        }
    }

    async fn convict(
        &self,
        message: &Message<'_>,
        starts: u32,
        marker: Option<(Key, Version)>,
    ) -> Result<(), Fail> {
        let why = format!("{starts} starts of this message ended without an answer");
        self.put_away(message, "crashed", vec![why], None).await?;
        // Whoever redrives it wants it tried, not convicted for what it did before.
        if let Some((key, version)) = marker {
            self.unmark(Change::Delete { key, version }).await;
        }
        Ok(())
    }

    /// Removes a start marker, if it can be: one that stays is only one start too many.
    async fn unmark(&self, delete: Change) {
        let unit = Unit {
            now: self.env.now(),
            nonce: self.env.nonce(),
            record: None,
            changes: vec![delete],
            settles: None,
        };
        self.store.commit(unit).await.ok();
    }
}

fn starts(marker: Option<&Item>) -> u32 {
    marker.and_then(|item| serde_json::from_slice(&item.body).ok()).unwrap_or(0)
}
