//! Answers of reads, and outcomes, told wrongly.

use std::sync::atomic::Ordering;

use bytes::Bytes;
use contracts::Timestamp;
use store::{Change, Item, Key, Outage, Outcome, Unit, Version};

use super::{Flaw, Wrong};

impl Wrong {
    pub(super) fn answers(&self, keys: &[Key], mut items: Vec<Option<Item>>) -> Vec<Option<Item>> {
        match self.flaw {
            Flaw::AbsentIsEmpty => {
                for item in &mut items {
                    item.get_or_insert(Item { version: Version::ABSENT, body: Bytes::new() });
                }
            }
            Flaw::AnswersReversed => items.reverse(),
            Flaw::ReadsRemembered => return self.memory.first_read(keys, items),
            _ => {}
        }
        items
    }

    /// Commits what was understood, and answers it.
    pub(super) async fn apply(&self, unit: Unit) -> Result<Outcome, Outage> {
        match self.flaw {
            Flaw::EmptyUnitConflicts if unit.changes.is_empty() => return Ok(Outcome::Conflict),
            Flaw::LimitsFirst => {
                if let Err(limit) = unit.check_limits() {
                    return Ok(Outcome::TooLarge(limit));
                }
            }
            Flaw::OneByOne => return self.one_by_one(unit).await,
            Flaw::RecordsFirst => {
                let (record, rest) = split(unit);
                return match self.inner.commit(record).await? {
                    Outcome::Committed => self.inner.commit(rest).await,
                    other => Ok(other),
                };
            }
            Flaw::ConflictsFirst => return self.conflicts_first(unit).await,
            Flaw::StepsConflict => return self.steps_conflict(unit).await,
            Flaw::VersionsIgnored => return self.until_it_fits(unit).await,
            _ => {}
        }
        let outcome = self.inner.commit(unit.clone()).await;
        self.tell(unit, outcome).await
    }

    async fn tell(&self, unit: Unit, outcome: Result<Outcome, Outage>) -> Result<Outcome, Outage> {
        let has_failed = matches!(outcome, Ok(Outcome::Conflict | Outcome::TooLarge(_)));
        match self.flaw {
            Flaw::OutagesSwallowed => return Ok(outcome.unwrap_or(Outcome::Committed)),
            Flaw::TooLargeCommitted if matches!(outcome, Ok(Outcome::TooLarge(_))) => {
                return Ok(Outcome::Committed);
            }
            Flaw::UnknownRunsAgain if outcome == Ok(Outcome::Unknown) => {
                self.inner.commit(unit).await?;
            }
            Flaw::FailuresApplyTheRest if has_failed => {
                for change in &unit.changes {
                    self.inner
                        .commit(Unit { changes: vec![change.clone()], record: None, ..unit.clone() })
                        .await?;
                }
            }
            Flaw::FailureIsCatching => {
                let was_failed = self.memory.failed.swap(has_failed, Ordering::Relaxed);
                return if was_failed { Ok(Outcome::Conflict) } else { outcome };
            }
            _ => {}
        }
        outcome
    }

    async fn one_by_one(&self, unit: Unit) -> Result<Outcome, Outage> {
        let (record, rest) = split(unit);
        let mut outcome = Outcome::Committed;
        for change in rest.changes {
            let one = Unit { changes: vec![change], record: None, settles: None, ..record.clone() };
            outcome = self.inner.commit(one).await?;
        }
        match self.inner.commit(record).await? {
            Outcome::Committed => Ok(outcome),
            other => Ok(other),
        }
    }

    async fn conflicts_first(&self, unit: Unit) -> Result<Outcome, Outage> {
        let (record, rest) = split(unit);
        match self.inner.commit(rest).await? {
            Outcome::Committed => self.inner.commit(record).await,
            other => Ok(other),
        }
    }

    async fn steps_conflict(&self, unit: Unit) -> Result<Outcome, Outage> {
        let before = self.memory.commits();
        self.inner.read(vec![], Timestamp::EPOCH).await?;
        let has_steps = unit.changes.iter().any(|change| matches!(change, Change::Step { .. }));
        if has_steps && self.memory.commits() != before {
            return Ok(Outcome::Conflict);
        }
        self.memory.next_commit();
        self.inner.commit(unit).await
    }

    async fn until_it_fits(&self, mut unit: Unit) -> Result<Outcome, Outage> {
        for _ in 0..100 {
            match self.inner.commit(unit.clone()).await? {
                Outcome::Conflict => unit = self.with_present_versions(unit).await?,
                other => return Ok(other),
            }
        }
        Ok(Outcome::Conflict)
    }
}

/// The record alone, and the rest without it.
fn split(unit: Unit) -> (Unit, Unit) {
    let rest = Unit { record: None, ..unit.clone() };
    (Unit { changes: vec![], ..unit }, rest)
}
