//! Commits of a fused store, misunderstood.

use bus::{Address, Outage, Outgoing, Settle, Token};
use contracts::Timestamp;
use store::{Boxed, Caps, Item, Key, Outcome, Page, Query, Snapshot, Store, Unit};

use super::{Flaw, Wrong};

impl Wrong {
    fn inner_store(&self) -> &dyn Store {
        match &self.inner.fused {
            Some(store) => store.as_ref(),
            None => unreachable!("only a fused node hands out its store"),
        }
    }

    /// The unit as this store understands it.
    fn distort_unit(&self, mut unit: Unit) -> Unit {
        if let Some(record) = &mut unit.record {
            let each = std::mem::take(&mut record.outgoing).into_iter();
            record.outgoing = each.flat_map(|outgoing| self.ways(outgoing).unwrap_or_default()).collect();
        }
        match self.flaw {
            Flaw::NothingRefused => {
                let queues = self.memory.seen().wiring.queues.clone();
                let is_known =
                    |address: &Address| !matches!(address, Address::Queue(name) if !queues.contains(name));
                unit.record
                    .iter_mut()
                    .for_each(|record| record.outgoing.retain(|one| is_known(&one.address)));
            }
            Flaw::CommitsPublishNothing => unit.record.iter_mut().for_each(|record| record.outgoing.clear()),
            Flaw::CommitsSettleNothing => unit.settles = None,
            Flaw::NoRecordSettlesNothing if unit.record.is_none() => unit.settles = None,
            _ => {}
        }
        unit
    }

    /// Whether the delivery that the unit settles is still there.
    fn is_gone(&self, unit: &Unit) -> bool {
        let seen = self.memory.seen();
        let is_taken = |token: &Token| unit.settles == Some(token.consumed());
        unit.settles.is_some()
            && !seen.taken.iter().any(|one| is_taken(&one.token) && !seen.settled.contains(&one.token))
    }

    async fn commit_wrongly(&self, unit: Unit) -> Result<Outcome, Outage> {
        if self.flaw == Flaw::GoneIsConflict && self.is_gone(&unit) {
            return Ok(Outcome::Conflict);
        }
        let unit = self.distort_unit(unit);
        let outgoing: Vec<Outgoing> = unit.record.iter().flat_map(|record| record.outgoing.clone()).collect();
        let settles = unit.settles.clone();
        let outcome = self.inner_store().commit(unit).await?;
        let tokens: Vec<Token> = self.memory.seen().taken.iter().map(|one| one.token.clone()).collect();
        match (self.flaw, &outcome) {
            (Flaw::CommitsSettleAll, _) => {
                self.inner
                    .bus
                    .settle(tokens.into_iter().map(|token| (token, Settle::Acknowledge)).collect())
                    .await;
            }
            (_, Outcome::Committed) => {
                let handled = tokens.into_iter().filter(|token| settles == Some(token.consumed()));
                self.memory.seen().settled.extend(handled);
            }
            (Flaw::FailuresPublish, _) => {
                self.inner.bus.publish(outgoing).await;
            }
            (Flaw::FailuresSettle, _) => {
                let handled = tokens.into_iter().filter(|token| settles == Some(token.consumed()));
                self.inner.bus.settle(handled.map(|token| (token, Settle::Acknowledge)).collect()).await;
            }
            _ => {}
        }
        Ok(outcome)
    }
}

impl Store for Wrong {
    fn caps(&self) -> Caps {
        self.inner_store().caps()
    }

    fn read(&self, keys: Vec<Key>, now: Timestamp) -> Boxed<'_, Result<Vec<Option<Item>>, Outage>> {
        self.inner_store().read(keys, now)
    }

    fn query(&self, query: Query, now: Timestamp) -> Boxed<'_, Result<Page, Outage>> {
        self.inner_store().query(query, now)
    }

    fn snapshot(&self, now: Timestamp) -> Boxed<'_, Result<Box<dyn Snapshot>, Outage>> {
        self.inner_store().snapshot(now)
    }

    fn commit(&self, unit: Unit) -> Boxed<'_, Result<Outcome, Outage>> {
        Box::pin(self.commit_wrongly(unit))
    }
}
