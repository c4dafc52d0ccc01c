//! The sweeper: sends what is due, publishes what was left pending. Two sweepers are harmless: rows are removed with
//! their version, and ids are derived.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use contracts::Timestamp;
use store::{Change, Item, Key, OutageKind, Outcome, Query, Record, Unit};

use crate::core::Core;
use crate::due::{self, Due, Trouble};
use crate::fail::Fail;
use crate::keeper::Keeper;
use crate::pending::Pending;
use crate::policy::{SWEEP_KEPT, SWEEP_ROWS, SWEEPS};
use crate::stats::Stats;

/// Sweeps until the process is to stop.
pub(crate) async fn run(core: Arc<Core>) {
    let name = format!("{}.sweep", core.queue);
    let (shortest, busy) = (core.policy.sweep_every, core.policy.sweep_every * SWEEPS);
    let mut rest = Duration::ZERO;
    let (mut keeper, mut pending) = (Keeper::default(), Pending::default());
    loop {
        core.health.beat(&name, core.env.now());
        let most = if core.is_stirred.swap(false, Relaxed) { busy } else { core.policy.sweep_at_most };
        match core.sweep_once(&mut pending).await {
            Ok(0) => rest = longer(rest, shortest, busy).min(most),
            Ok(_) => rest = Duration::ZERO,
            Err(error) => {
                tracing::debug!(service = %core.queue, error = ?error.chain(), "sweep failed; again later");
                rest = busy;
            }
        }
        keeper.look(&core).await;
        core.look_at_backlog().await;
        core.is_dozing.store(rest > busy, Relaxed);
        let wait = rest.min(core.until_due()).max(Duration::from_millis(1));
        tokio::select! {
            biased;
            () = core.asked_to_stop() => break,
            () = core.sweep.notified() => {}
            () = core.env.clock.sleep(wait) => {}
        }
    }
    core.health.ended(&name);
}

/// After half a second twice and thrice that, and from there on twice as long.
fn longer(rest: Duration, shortest: Duration, busy: Duration) -> Duration {
    if rest < busy { rest + shortest } else { rest * 2 }
}

impl Core {
    /// One pass: answers how many rows and records it found.
    async fn sweep_once(&self, pending: &mut Pending) -> Result<usize, Fail> {
        let due = self.sweep_due().await?;
        let pending = if self.fused { 0 } else { self.sweep_pending(pending).await? };
        Ok(due + pending)
    }

    /// Whether the sweeper may rest for so long that it has to know when the next row is due.
    fn may_doze(&self) -> bool {
        self.policy.sweep_at_most > self.policy.sweep_every * SWEEPS
    }

    fn until_due(&self) -> Duration {
        Timestamp::from_micros(self.next_due.load(Relaxed)).since(self.env.now())
    }

    /// Notes how much waits, so that the edge can refuse before queues fill. Nobody is refused while nobody asks.
    async fn look_at_backlog(&self) {
        if !self.is_asked.swap(false, Relaxed) {
            return;
        }
        if let Ok(queues) = self.bus.inspect().await {
            let fullest = queues.iter().map(|queue| queue.waiting).max().unwrap_or(0);
            self.backlog.store(fullest, Relaxed);
        }
    }

    async fn sweep_due(&self) -> Result<usize, Fail> {
        let now = self.env.now();
        let mut query = Query::new(self.names.due.clone(), due::DUE, due::DUE);
        let upto = now.sortable();
        query.to = (!self.may_doze()).then(|| upto.clone());
        query.limit = SWEEP_ROWS;
        let mut found = self.store.query(query, now).await?.rows;
        let due = found.partition_point(|row| row.sort <= upto);
        let next = found.get(due).and_then(|row| row.sort.parse().ok());
        self.next_due.store(next.unwrap_or(i64::MAX), Relaxed);
        found.truncate(due);
        if found.is_empty() {
            return Ok(0);
        }
        let keys: Vec<Key> = found.into_iter().map(|row| Key::new(self.names.due.clone(), row.id)).collect();
        let items = self.store.read(keys.clone(), now).await?;
        let rows: Vec<(Key, Item, Due)> = keys
            .into_iter()
            .zip(items)
            .filter_map(|(key, item)| {
                let item = item?;
                let row = Due::decode(&key.id, &item).ok()?;
                row.due.is_some_and(|due| due <= now).then_some((key, item, row))
            })
            .collect();
        let count = rows.len();
        if !self.send_due(&rows, now).await? {
            // Somebody else took one of them: each for itself.
            for row in rows {
                self.send_due(std::slice::from_ref(&row), now).await?;
            }
        }
        Ok(count)
    }

    /// Moves rows from the table to where they go, in one unit of work.
    async fn send_due(&self, rows: &[(Key, Item, Due)], now: Timestamp) -> Result<bool, Fail> {
        if rows.is_empty() {
            return Ok(true);
        }
        let nonce = self.env.nonce();
        let record = Record {
            key: Key::new(self.names.record.clone(), format!("sweep-{:016x}", nonce.0)),
            note: bytes::Bytes::from_static(b"null"),
            outgoing: rows.iter().map(|(_, _, row)| row.outgoing()).collect(),
            expires: now.plus(SWEEP_KEPT),
        };
        let (key, note) = (record.key.clone(), record.note.clone());
        let sent = crate::relay::Sent { record: key, nonce, note, outgoing: record.outgoing.clone() };
        let changes = rows
            .iter()
            .map(|(key, item, _)| Change::Delete { key: key.clone(), version: item.version })
            .collect();
        let unit = Unit { now, nonce, record: Some(record), changes, settles: None };
        let committed = match self.store.commit(unit).await {
            // One of them goes where nothing is: the others must not wait for it.
            Err(outage) if outage.kind == OutageKind::Undeclared => {
                return match rows {
                    [row] => self.unsendable(row, outage.detail).await,
                    _ => Ok(false),
                };
            }
            committed => committed?,
        };
        match committed {
            Outcome::Committed => {
                if !self.fused {
                    self.relay.try_send(sent).ok();
                }
                Ok(true)
            }
            // Not known: rows that are still there are found again, and ids are derived.
            Outcome::Unknown => Ok(true),
            Outcome::Duplicate | Outcome::Conflict | Outcome::TooLarge(_) => Ok(false),
        }
    }

    /// A row that can never be sent is dead, as the relay would have it.
    async fn unsendable(&self, (key, item, row): &(Key, Item, Due), why: String) -> Result<bool, Fail> {
        let now = self.env.now();
        let trouble = Trouble::new("unpublishable", vec![why], format!("{}/sweep", self.queue), None);
        tracing::error!(service = %self.queue, message.id = %key.id, reason = "unpublishable", "dead letter");
        let dead = Due { due: None, trouble: Some(trouble), last_failed: Some(now), ..row.clone() };
        let changes = vec![self.due_row(&dead, item.version)];
        let unit = Unit { now, nonce: self.env.nonce(), record: None, changes, settles: None };
        self.store.commit(unit).await?;
        Stats::add(&self.stats.dead, 1);
        Ok(true)
    }

    /// Makes rows that wait for `name` due at once. A hint: they look by themselves, only later.
    pub(crate) async fn wake(&self, name: &str) {
        if let Err(error) = self.wake_rows(name).await {
            tracing::debug!(name, error = %error, "not woken; it looks by itself");
        }
        self.sweep.notify_one();
    }

    async fn wake_rows(&self, name: &str) -> Result<(), Fail> {
        let now = self.env.now();
        let mut query = Query::new(self.names.due.clone(), due::WAITS, name);
        query.limit = SWEEP_ROWS;
        for row in self.store.query(query, now).await?.rows {
            let key = Key::new(self.names.due.clone(), row.id);
            let Some(item) = self.store.read(vec![key.clone()], now).await?.pop().flatten() else { continue };
            let woken = Due::decode(&key.id, &item)?;
            if woken.due.is_none_or(|due| due <= now) {
                continue;
            }
            let row = Due { due: Some(now), ..woken };
            let changes = vec![self.due_row(&row, item.version)];
            self.store
                .commit(Unit { now, nonce: self.env.nonce(), record: None, changes, settles: None })
                .await?;
        }
        Ok(())
    }
}
