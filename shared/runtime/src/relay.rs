//! The relay: publishes what a commit left pending, in batches, and clears the mark once the broker has confirmed.
//!
//! A fused store needs none: its commit enqueues.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use bus::Published;
use bytes::Bytes;
use contracts::Timestamp;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use store::{Change, Key, Nonce, Outcome, Outgoing, StoredRecord, Unit, Version};
use tokio::sync::mpsc;

use crate::core::Core;
use crate::due::{Due, Trouble};
use crate::fail::Fail;
use crate::policy::{ANSWER_KEPT, RECORD_KEPT, WATCHDOG};
use crate::quirk::Bug;

/// A committed record and what it says is to be published.
#[derive(Debug, Clone)]
pub(crate) struct Sent {
    pub(crate) record: Key,
    /// Of the unit that committed it: the record's version for as long as it is pending.
    pub(crate) nonce: Nonce,
    pub(crate) note: Bytes,
    pub(crate) outgoing: Vec<Outgoing>,
}

impl Sent {
    /// What `stored` still holds.
    pub(crate) fn of(record: Key, stored: StoredRecord) -> Self {
        let StoredRecord { nonce, note, pending } = stored;
        Self { record, nonce, note, outgoing: pending }
    }
}

/// Records that one round publishes together.
pub(crate) const ROUND: usize = 64;
/// Rounds whose marks are being cleared while the next ones are published.
const CLEARING: usize = 4;

/// Publishes what committers hand over, until `stop`: when none of them is left. Then what is left in hand. One round after
/// another, so that what was committed first is sent first; marks are cleared meanwhile.
pub(crate) async fn run(
    core: Arc<Core>,
    mut sent: mpsc::Receiver<Sent>,
    stop: impl Future<Output = ()> + Send,
) {
    let name = format!("{}.relay", core.queue);
    tokio::pin!(stop);
    let mut round = Vec::new();
    let mut clearing = FuturesUnordered::new();
    loop {
        core.health.beat(&name, core.env.now());
        tokio::select! {
            biased;
            () = &mut stop => break,
            Some(_) = clearing.next() => continue,
            taken = sent.recv_many(&mut round, ROUND), if clearing.len() < CLEARING => if taken == 0 { break },
            () = core.env.clock.sleep(WATCHDOG / 4) => continue,
        }
        let (_, confirmed) = beside(core.publish(std::mem::take(&mut round)), &mut clearing).await;
        clearing.push(core.clear_all(confirmed));
    }
    while clearing.next().await.is_some() {}
    core.flush(sent).await;
    core.health.ended(&name);
}

/// What `work` answers, while `others` go on too.
async fn beside<T, F: Future>(work: impl Future<Output = T>, others: &mut FuturesUnordered<F>) -> T {
    tokio::pin!(work);
    loop {
        tokio::select! {
            biased;
            done = &mut work => return done,
            Some(_) = others.next() => {}
        }
    }
}

impl Core {
    /// Publishes what was handed over and is left, as long as the bus confirms any of it. The rest stays pending for the
    /// sweeper of the next process: nobody waits here until a bus is back.
    async fn flush(&self, mut sent: mpsc::Receiver<Sent>) {
        sent.close();
        let mut round = Vec::new();
        while sent.recv_many(&mut round, ROUND).await > 0 {
            if self.publish_all(std::mem::take(&mut round)).await == 0 {
                tracing::info!(service = %self.queue, records = sent.len(), "not published; left to the next sweeper");
                return;
            }
        }
    }

    /// Publishes these records' messages and clears their marks. What is not confirmed stays pending for the sweeper.
    /// Answers how many marks are gone.
    pub(crate) async fn publish_all(&self, round: Vec<Sent>) -> usize {
        let (cleared, confirmed) = self.publish(round).await;
        cleared + self.clear_all(confirmed).await
    }

    /// Publishes these records' messages. Answers how many marks are gone, and whose can be cleared.
    async fn publish(&self, round: Vec<Sent>) -> (usize, Vec<Sent>) {
        let mut cleared = 0;
        if self.quirks.has(Bug::PendingClearedBeforeConfirm) {
            for sent in &round {
                self.clear(sent, &[]).await.ok();
            }
        }
        let batch: Vec<Outgoing> = round.iter().flat_map(|sent| sent.outgoing.iter().cloned()).collect();
        let mut answers = self.bus.publish(batch).await.into_iter();
        let mut confirmed = Vec::new();
        for sent in round {
            let mine: Vec<Published> = answers.by_ref().take(sent.outgoing.len()).collect();
            if mine.len() < sent.outgoing.len() || mine.contains(&Published::Unknown) {
                self.stir();
                continue;
            }
            if mine.iter().all(|answer| *answer == Published::Confirmed) {
                // A message that came again has its record sent again: one unit of work names each once.
                if !confirmed.iter().any(|other: &Sent| other.record == sent.record) {
                    confirmed.push(sent);
                }
                continue;
            }
            cleared += self.clear_or_leave(&sent, &mine).await;
        }
        self.confirmed.fetch_add(u64::from(!confirmed.is_empty()), Relaxed);
        (cleared, confirmed)
    }

    /// Clears the marks of records whose messages are all confirmed, in one unit of work and unread: a pending record has
    /// the version that its committer gave it. Where one of them has not, somebody else was here, and each is for itself.
    async fn clear_all(&self, round: Vec<Sent>) -> usize {
        if round.is_empty() {
            return 0;
        }
        let now = self.env.now();
        let cleared = |sent: &Sent| {
            let stored = StoredRecord { nonce: sent.nonce, note: sent.note.clone(), pending: vec![] };
            self.cleared(&sent.record, Version(sent.nonce.0), &stored, now)
        };
        let changes = round.iter().map(cleared).collect();
        let unit = Unit { now, nonce: self.env.nonce(), record: None, changes, settles: None };
        match self.store.commit(unit).await {
            Ok(Outcome::Committed) => return round.len(),
            Err(outage) => {
                tracing::debug!(error = %outage, "not cleared; the sweeper does it again");
                return 0;
            }
            Ok(_) => {}
        }
        let mut cleared = 0;
        for sent in &round {
            cleared += self.clear_or_leave(sent, &[]).await;
        }
        cleared
    }

    async fn clear_or_leave(&self, sent: &Sent, answers: &[Published]) -> usize {
        match self.clear(sent, answers).await {
            Ok(()) => 1,
            Err(error) => {
                tracing::debug!(record = %sent.record, error = %error, "not cleared; the sweeper does it again");
                0
            }
        }
    }

    /// The record without what was pending, kept as an inbox.
    fn cleared(&self, key: &Key, version: Version, stored: &StoredRecord, now: Timestamp) -> Change {
        let kept = if key.collection == self.names.request { ANSWER_KEPT } else { RECORD_KEPT };
        Change::Put {
            key: key.clone(),
            version,
            body: stored.encode(),
            entries: vec![],
            expires: Some(now.plus(kept)),
        }
    }

    /// Drops the bodies and the mark of a record whose messages are all confirmed or refused; what was refused
    /// becomes a dead row.
    async fn clear(&self, sent: &Sent, answers: &[Published]) -> Result<(), Fail> {
        let Some(item) = self.store.read(vec![sent.record.clone()], self.env.now()).await?.pop().flatten()
        else {
            return Ok(());
        };
        let stored = StoredRecord::decode(&item.body).map_err(Fail::transient)?;
        if stored.pending.is_empty() {
            return Ok(());
        }
        let now = self.env.now();
        let stored = StoredRecord { pending: vec![], ..stored };
        let mut changes = vec![self.cleared(&sent.record, item.version, &stored, now)];
        for (message, answer) in sent.outgoing.iter().zip(answers) {
            if let Published::Refused(why) = answer {
                changes.push(self.due_row(&unpublishable(message, why, now), Version::ABSENT));
            }
        }
        let unit = Unit { now, nonce: self.env.nonce(), record: None, changes, settles: None };
        match self.store.commit(unit).await? {
            Outcome::Committed => Ok(()),
            other => Err(Fail::transient(anyhow::anyhow!("the mark was not cleared: {other:?}"))),
        }
    }
}

fn unpublishable(message: &Outgoing, why: &str, now: Timestamp) -> Due {
    let trouble = Trouble::new("unpublishable", vec![why.to_owned()], "relay".to_owned(), None);
    Due { trouble: Some(trouble), last_failed: Some(now), ..Due::of(message, now) }
}
