//! From a decision to its commit: run, commit, and know what became of it.

use contracts::Timestamp;
use store::{Address, Boxed, Change, Key, Outcome, Outgoing, Record, Unit, Version};
use tokio::sync::mpsc::error::TrySendError;

use crate::core::Core;
use crate::due::Due;
use crate::fail::Fail;
use crate::policy::{
    CONFLICT_BASE, CONFLICT_CAP, CONFLICT_TRIES, RELAY_PATIENCE, UNKNOWN_LOOKS, UNKNOWN_WAIT,
};
use crate::quirk::Bug;
use crate::relay::Sent;
use crate::stats::Stats;
use crate::uow::{Cause, Uow};

/// Whatever is to happen in a unit of work; may run several times.
pub(crate) trait Runs<E>: Send + Sync {
    /// One execution; answers the note that its record keeps.
    fn run<'a>(&'a self, uow: &'a mut Uow) -> Boxed<'a, Result<bytes::Bytes, E>>;
}

/// What is executed, and under which record.
pub(crate) struct Plan {
    pub(crate) cause: Cause,
    pub(crate) record: Key,
    pub(crate) expires: Timestamp,
    pub(crate) settles: Option<store::Consumed>,
    /// Changes of the runtime's own that go with it, such as the removal of a start marker.
    pub(crate) besides: Vec<Change>,
}

/// How an execution ended.
#[derive(Debug)]
pub(crate) enum Ended {
    /// Committed by this execution.
    Committed,
    /// Its record exists: another execution, or this one with a lost answer, did it.
    Duplicate,
    /// Every try met a conflict.
    Busy,
    /// Nobody knows; the record is not there (yet).
    Unknown,
}

impl Core {
    /// Executes `what` until its unit of work is committed, is a duplicate, or cannot be.
    pub(crate) async fn execute<E: From<Fail> + Send>(
        &self,
        plan: &Plan,
        what: &dyn Runs<E>,
    ) -> Result<Ended, E> {
        for conflict in 0..CONFLICT_TRIES {
            if conflict > 0 {
                self.env.clock.sleep(self.env.jitter(CONFLICT_BASE, conflict, CONFLICT_CAP)).await;
            }
            let mut uow = Uow::new(self, plan.cause.clone());
            let note = what.run(&mut uow).await?;
            self.check_outgoing(&uow)?;
            // Before the commit: what it publishes can be read from then on.
            let apart = self.take_apart(&mut uow).await?;
            let (mut unit, follow) = self.unit(plan, uow, note);
            if self.quirks.has(Bug::AbsenceNotChecked) {
                self.overlook_absence(&mut unit).await?;
            }
            match self.store.commit(unit).await.map_err(Fail::from)? {
                Outcome::Committed => {
                    self.keep_late(apart).await;
                    self.follow(follow).await;
                    return Ok(Ended::Committed);
                }
                Outcome::Duplicate => {
                    if self.quirks.has(Bug::PublishFromMemoryAfterDuplicate) {
                        self.follow(follow).await;
                    }
                    return Ok(Ended::Duplicate);
                }
                Outcome::Conflict => Stats::add(&self.stats.conflicts, 1),
                Outcome::TooLarge(limit) => {
                    return Err(Fail::Permanent { reason: limit.to_string(), source: None }.into());
                }
                Outcome::Unknown => return self.resolve(&plan.record).await.map_err(E::from),
            }
        }
        Ok(Ended::Busy)
    }

    /// The unit of work as it is committed, and what follows it.
    fn unit(&self, plan: &Plan, mut uow: Uow, note: bytes::Bytes) -> (Unit, Follow) {
        let nonce = self.env.nonce();
        let mut changes = uow.changes();
        changes.extend(plan.besides.iter().cloned());
        if self.quirks.has(Bug::GuardIgnored) {
            for change in &mut changes {
                if let Change::Step { guards, .. } = change {
                    guards.clear();
                }
            }
        }
        if self.quirks.has(Bug::RecordWithoutEffects) && self.env.entropy.next_u64().is_multiple_of(8) {
            changes.clear();
        }
        let record = Record { key: plan.record.clone(), note, outgoing: uow.outgoing, expires: plan.expires };
        let woken = uow.woken;
        let published = record.outgoing.len();
        // A fused commit enqueues by itself.
        let sent = (!self.fused && published > 0).then(|| {
            let (key, note) = (record.key.clone(), record.note.clone());
            Sent { record: key, nonce, note, outgoing: record.outgoing.clone() }
        });
        let unit = Unit { now: uow.now, nonce, record: Some(record), changes, settles: plan.settles.clone() };
        (unit, Follow { published, sent, woken })
    }

    /// What the planted bug does: whatever was absent when it was loaded is taken for absent still.
    async fn overlook_absence(&self, unit: &mut Unit) -> Result<(), Fail> {
        unit.changes.retain(|c| !matches!(c, Change::Check { version: Version::ABSENT, .. }));
        for change in &mut unit.changes {
            if let Change::Put { key, version: version @ Version::ABSENT, .. } = change {
                let found = self.store.read(vec![key.clone()], unit.now).await?.pop().flatten();
                *version = found.map_or(Version::ABSENT, |item| item.version);
            }
        }
        Ok(())
    }

    /// After a commit: publish what it says, wake what waits for it.
    async fn follow(&self, Follow { published, sent, woken }: Follow) {
        Stats::add(&self.stats.published, published);
        if let Some(sent) = sent {
            self.hand_over(sent).await;
        }
        for name in woken {
            self.wake(&name).await;
        }
    }

    /// To the relay. One that is behind holds handlers up for a moment, so that no more is taken in than goes out; one
    /// that stands still, as the bus is away, leaves the record to the sweeper.
    async fn hand_over(&self, sent: Sent) {
        let Err(TrySendError::Full(sent)) = self.relay.try_send(sent) else { return };
        tokio::select! {
            biased;
            _ = self.relay.send(sent) => {}
            () = self.env.clock.sleep(RELAY_PATIENCE) => {}
        }
    }

    /// The answer was lost: the record tells, now or after a little while.
    async fn resolve(&self, record: &Key) -> Result<Ended, Fail> {
        for look in 0..UNKNOWN_LOOKS {
            if look > 0 {
                self.env.clock.sleep(UNKNOWN_WAIT).await;
            }
            if self.record(record.clone()).await?.is_some() {
                return Ok(Ended::Duplicate);
            }
        }
        Ok(Ended::Unknown)
    }

    /// Publishes what a stored record still holds. The only thing that is published after a duplicate.
    pub(crate) async fn publish_stored(&self, key: &Key) -> Result<(), Fail> {
        if self.fused {
            return Ok(());
        }
        let Some(record) = self.record(key.clone()).await? else { return Ok(()) };
        if !record.pending.is_empty() {
            self.relay.try_send(Sent::of(key.clone(), record)).ok();
        }
        Ok(())
    }

    /// A change that puts `message` into the due table, dead or to be sent at its time.
    /// Every dead letter passes here, so here it loses the card numbers that it holds, and what is too long of it.
    pub(crate) fn due_row(&self, row: &Due, version: Version) -> Change {
        let row = row.clone();
        let row = if row.due.is_none() { row.fitting() } else { row.without_cards() };
        let entries = row.entries();
        let key = Key::new(self.names.due.clone(), row.id.to_string());
        Change::Put { key, version, body: row.encode(), entries, expires: None }
    }

    /// Where a message of this service to itself goes.
    pub(crate) fn own_address(&self) -> Address {
        Address::Queue(self.service.name().to_owned())
    }

    /// A delivered message as it would be sent to this service once more.
    pub(crate) fn again(
        &self,
        id: contracts::MessageId,
        lane: String,
        body: bytes::Bytes,
        attempt: u32,
    ) -> Outgoing {
        Outgoing { id, address: self.own_address(), lane, attempt, body }
    }
}

struct Follow {
    /// How many messages.
    published: usize,
    /// What the relay is to publish.
    sent: Option<Sent>,
    woken: Vec<String>,
}
