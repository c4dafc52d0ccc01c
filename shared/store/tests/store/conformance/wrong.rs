//! Wrong stores: the model behind a decorator that misunderstands one thing.

mod answers;
mod memory;
mod pages;
mod units;

use std::sync::Arc;

use contracts::Timestamp;
use store::conformance::{Hook, Simulated, Subject as Suite};
use store::sim::{JumpingTime, Manners};
use store::{
    Boxed, Caps, Item, Key, Outage, OutageKind, Outcome, Page, Query, Row, Snapshot, Store, Unit, Version,
};

use memory::Memory;

/// What a wrong store misunderstands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flaw {
    Planted(store::flaw::Flaw),
    AbsentIsEmpty,
    AlwaysPending,
    AnswersReversed,
    AttemptsForgotten,
    BodiesAsText,
    BoundsExclusive,
    BoundsIgnored,
    ChecksIgnored,
    ChecksWrite,
    ClaimsToBeFused,
    CollectionsMerged,
    ConflictsFirst,
    CursorByOffset,
    CursorBySortValue,
    DeletesLost,
    EmptyPageIsTheEnd,
    EmptyReadFails,
    EmptyUnitConflicts,
    EntriesLost,
    EverythingExpires,
    ExpiryIgnored,
    ExpiryLate,
    ExpiryNeverChanges,
    FailureIsCatching,
    FailuresApplyTheRest,
    FieldsStopAtZero,
    FirstEntryOnly,
    FirstGuardOnly,
    GuardsAfterStep,
    GuardsLoose,
    GuardsStrict,
    IdsFolded,
    IndexesMerged,
    IndexNeverForgets,
    LimitIgnored,
    LimitsFirst,
    LimitsNarrow,
    NeverPending,
    NonceInvented,
    OldestFirst,
    OneByOne,
    OutagesSwallowed,
    PagesUnbounded,
    PartitionsMerged,
    ReadsRemembered,
    RecordsFirst,
    RecordsLost,
    ReplacementsLost,
    RestartsForget,
    RowsById,
    SnapshotsForgetTheirPlace,
    SnapshotsLive,
    SnapshotsShowExpired,
    StepsConflict,
    StepsOverwrite,
    TooLargeCommitted,
    UnknownRunsAgain,
    VersionsCut,
    VersionsHidden,
    VersionsIgnored,
}

/// A subject with one flaw. Its world is slow, so that calls at the same time really overtake each other.
pub(crate) struct Subject {
    inner: Simulated,
    flaw: Flaw,
}

impl Subject {
    pub(crate) fn new(flaw: Flaw) -> Self {
        Self { inner: Simulated::slow(1, false, Manners::SqsStandard), flaw }
    }

    pub(crate) fn time(&self) -> &JumpingTime {
        &self.inner.time
    }

    fn wrap(&self, inner: Arc<dyn Store>) -> Arc<dyn Store> {
        Arc::new(Wrong { inner, flaw: self.flaw, memory: Memory::default() })
    }
}

impl Suite for Subject {
    fn fresh(&self) -> Boxed<'_, Arc<dyn Store>> {
        Box::pin(async { self.wrap(Suite::fresh(&self.inner).await) })
    }

    fn reopen(&self) -> Boxed<'_, Option<Arc<dyn Store>>> {
        Box::pin(async {
            match self.flaw {
                Flaw::RestartsForget => Some(self.wrap(Suite::fresh(&self.inner).await)),
                _ => Suite::reopen(&self.inner).await.map(|store| self.wrap(store)),
            }
        })
    }

    fn hook(&self, hook: Hook) -> bool {
        self.inner.hook(hook)
    }

    fn settle(&self) -> Boxed<'_, ()> {
        self.inner.settle()
    }
}

/// A store that misunderstands one thing.
struct Wrong {
    inner: Arc<dyn Store>,
    flaw: Flaw,
    memory: Memory,
}

impl Wrong {
    fn when(&self, now: Timestamp) -> Timestamp {
        match self.flaw {
            Flaw::ExpiryIgnored => Timestamp::EPOCH,
            Flaw::ExpiryLate => Timestamp::from_micros(now.as_micros() - 1),
            _ => now,
        }
    }

    fn key(&self, mut key: Key) -> Key {
        match self.flaw {
            Flaw::CollectionsMerged => key.collection = "all".into(),
            Flaw::IdsFolded => key.id = key.id.trim().to_lowercase(),
            _ => {}
        }
        key
    }

    fn version(&self, version: Version) -> Version {
        match self.flaw {
            Flaw::VersionsCut => Version(version.0 & (u64::MAX >> 1)),
            Flaw::VersionsHidden => Version(1),
            _ => version,
        }
    }

    fn item(&self, item: Item) -> Item {
        Item { version: self.version(item.version), ..item }
    }
}

impl Store for Wrong {
    fn caps(&self) -> Caps {
        Caps { fused: self.flaw == Flaw::ClaimsToBeFused || self.inner.caps().fused, ..Caps::default() }
    }

    fn read(&self, keys: Vec<Key>, now: Timestamp) -> Boxed<'_, Result<Vec<Option<Item>>, Outage>> {
        Box::pin(async move {
            if self.flaw == Flaw::EmptyReadFails && keys.is_empty() {
                return Err(Outage::new(OutageKind::Broken, "no keys"));
            }
            let asked: Vec<Key> = keys.into_iter().map(|key| self.key(key)).collect();
            let items = self.inner.read(asked.clone(), self.when(now)).await?;
            let items = items.into_iter().map(|item| item.map(|item| self.item(item))).collect();
            Ok(self.answers(&asked, items))
        })
    }

    fn query(&self, query: Query, now: Timestamp) -> Boxed<'_, Result<Page, Outage>> {
        Box::pin(async move {
            let mut page = self.page(query, self.when(now)).await?;
            for row in &mut page.rows {
                row.item.version = self.version(row.item.version);
            }
            Ok(page)
        })
    }

    fn snapshot(&self, now: Timestamp) -> Boxed<'_, Result<Box<dyn Snapshot>, Outage>> {
        Box::pin(async move {
            let now = if self.flaw == Flaw::SnapshotsShowExpired { Timestamp::EPOCH } else { now };
            let picture = self.inner.snapshot(now).await?;
            let wrong = WrongSnapshot { inner: picture, store: self.inner.clone(), flaw: self.flaw, now };
            Ok(Box::new(wrong) as Box<dyn Snapshot>)
        })
    }

    fn commit(&self, unit: Unit) -> Boxed<'_, Result<Outcome, Outage>> {
        Box::pin(async move {
            self.memory.watch(&unit);
            let unit = self.distort(unit).await?;
            self.apply(unit).await
        })
    }
}

/// A picture that misunderstands one thing.
struct WrongSnapshot {
    inner: Box<dyn Snapshot>,
    store: Arc<dyn Store>,
    flaw: Flaw,
    now: Timestamp,
}

impl Snapshot for WrongSnapshot {
    fn page(
        &mut self,
        collection: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Boxed<'_, Result<Vec<Row>, Outage>> {
        let collection =
            if self.flaw == Flaw::CollectionsMerged { "all".to_owned() } else { collection.to_owned() };
        let after = after.filter(|_| self.flaw != Flaw::SnapshotsForgetTheirPlace).map(str::to_owned);
        Box::pin(async move {
            if self.flaw == Flaw::SnapshotsLive {
                self.inner = self.store.snapshot(self.now).await?;
            }
            self.inner.page(&collection, after.as_deref(), limit).await
        })
    }
}
