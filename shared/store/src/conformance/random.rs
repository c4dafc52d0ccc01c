//! Random operation sequences, compared with the model step by step.
//!
//! The same seed makes the same sequence; a difference names the seed and the step, and running up to that step
//! again is the shortest way to see it.

mod units;

use std::sync::Arc;

use contracts::Timestamp;

use super::Subject;
use super::trial::{fields, now};
use crate::model::Model;
use crate::{Fields, Item, Key, Outcome, Query, Record, Row, Store, StoredRecord, Version};

use units::{COUNTERS, DOCUMENTS, INDEXES, PARTITIONS, RECORDS};

/// How often each outcome came up, so that a caller can see that a sequence was not trivial.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Units that were applied.
    pub committed: usize,
    /// Units whose message was handled before.
    pub duplicate: usize,
    /// Units in conflict.
    pub conflict: usize,
    /// Units that broke a limit.
    pub too_large: usize,
    /// Rows that queries found.
    pub rows: usize,
}

/// Runs `steps` random operations on a fresh store and on the model.
///
/// # Errors
/// Where they first differ.
pub async fn random(subject: &dyn Subject, seed: u64, steps: usize) -> Result<Tally, String> {
    let store = subject.fresh().await;
    let mut run = Run {
        subject,
        model: Model::new(store.caps().fused),
        store,
        rng: fastrand::Rng::with_seed(seed),
        now: now(),
        nonce: seed << 32,
        tally: Tally::default(),
    };
    for step in 0..steps {
        run.step().await.map_err(|why| format!("seed {seed}, step {step}: {why}"))?;
    }
    Ok(run.tally)
}

struct Run<'a> {
    subject: &'a dyn Subject,
    store: Arc<dyn Store>,
    model: Model,
    rng: fastrand::Rng,
    now: Timestamp,
    nonce: u64,
    tally: Tally,
}

impl Run<'_> {
    async fn step(&mut self) -> Result<(), String> {
        self.now = Timestamp::from_micros(self.now.as_micros() + self.rng.i64(0..4));
        match self.rng.u8(0..10) {
            0 => self.compare_index().await,
            1 => self.compare_snapshot().await,
            _ => self.compare_unit().await,
        }
    }

    /// Clocks of nodes differ a little, so a step may look from a little before.
    fn look(&mut self) -> Timestamp {
        Timestamp::from_micros(self.now.as_micros() - self.rng.i64(0..3))
    }

    async fn compare_unit(&mut self) -> Result<(), String> {
        let unit = self.unit();
        let keys: Vec<Key> = unit.changes.iter().map(|change| change.key().clone()).collect();
        let keys: Vec<Key> =
            keys.into_iter().chain(unit.record.as_ref().map(|record| record.key.clone())).collect();
        let want = self.model.apply(unit.clone());
        let told = format!("{unit:.400?}");
        let got = self.store.commit(unit).await.map_err(|outage| format!("{told}: {outage}"))?;
        if got != want {
            let short: String = told.chars().take(2_000).collect();
            return Err(format!("got {got:?}, the model says {want:?} of {short}"));
        }
        match want {
            Outcome::Committed => self.tally.committed += 1,
            Outcome::Duplicate => self.tally.duplicate += 1,
            Outcome::Conflict => self.tally.conflict += 1,
            Outcome::TooLarge(_) => self.tally.too_large += 1,
            Outcome::Unknown => {}
        }
        self.compare_items(keys).await
    }

    async fn compare_items(&mut self, keys: Vec<Key>) -> Result<(), String> {
        let look = self.look();
        let want = self.model.read(&keys, look);
        let got = self.store.read(keys.clone(), look).await.map_err(|outage| format!("read: {outage}"))?;
        for ((key, got), want) in keys.iter().zip(got).zip(want) {
            let got = got.map(|item| meaning(&key.collection, item)).transpose()?;
            let want = want.map(|item| meaning(&key.collection, item)).transpose()?;
            if got != want {
                return Err(format!("{key}: got {got:?}, the model says {want:?}"));
            }
        }
        Ok(())
    }

    async fn compare_index(&mut self) -> Result<(), String> {
        self.subject.settle().await;
        let (mut query, look) = (self.query(), self.look());
        let want = self.model.query(&Query { limit: Query::MAX_LIMIT, ..query.clone() }, look).rows;
        let mut got = vec![];
        let asked = format!("{query:?}");
        loop {
            let page =
                self.store.query(query.clone(), look).await.map_err(|outage| format!("query: {outage}"))?;
            if page.rows.len() > query.limit || got.len() > want.len() {
                return Err(format!("too many rows of {asked}"));
            }
            got.extend(page.rows);
            query.after = page.next;
            if query.after.is_none() {
                break;
            }
        }
        self.tally.rows += got.len();
        let sorts = |rows: &[Row]| rows.iter().map(|row| row.sort.clone()).collect::<Vec<_>>();
        if sorts(&got) != sorts(&want) {
            return Err(format!(
                "order of {asked}: got {:?}, the model says {:?}",
                sorts(&got),
                sorts(&want)
            ));
        }
        same_rows(&query.collection, got, want).map_err(|why| format!("{asked}: {why}"))
    }

    async fn compare_snapshot(&mut self) -> Result<(), String> {
        let look = self.look();
        let collections = [DOCUMENTS[0], DOCUMENTS[1], COUNTERS, RECORDS];
        let collection = collections[self.rng.usize(0..collections.len())];
        let limit = self.rng.usize(1..20);
        let mut picture = self.store.snapshot(look).await.map_err(|outage| format!("snapshot: {outage}"))?;
        let want = self.model.snapshot(look).page(collection, None, usize::MAX);
        let mut got: Vec<Row> = vec![];
        loop {
            let after = got.last().map(|row| row.id.clone());
            let rows =
                picture.page(collection, after.as_deref(), limit).await.map_err(|o| format!("page: {o}"))?;
            if rows.is_empty() {
                break;
            }
            got.extend(rows);
        }
        same_rows(collection, got, want).map_err(|why| format!("snapshot of {collection}: {why}"))
    }

    fn query(&mut self) -> Query {
        let collection = [DOCUMENTS[0], DOCUMENTS[1], RECORDS][self.rng.usize(0..3)];
        let mut query = match collection {
            RECORDS => Query::new(RECORDS, Record::PENDING, Record::PENDING),
            _ => Query::new(
                collection,
                INDEXES[self.rng.usize(0..INDEXES.len())],
                PARTITIONS[self.rng.usize(0..PARTITIONS.len())],
            ),
        };
        query.newest_first = self.rng.bool();
        query.limit = if self.rng.bool() { self.rng.usize(1..5) } else { Query::MAX_LIMIT };
        if self.rng.bool() {
            query.from = self.sort_value();
        }
        if self.rng.bool() {
            query.to = Some(self.sort_value());
        }
        query
    }
}

/// What an item means, whatever its bytes look like.
#[derive(Debug, PartialEq)]
enum Meaning {
    Document(Version, bytes::Bytes),
    Counter(Version, Fields),
    Record(Version, StoredRecord),
}

fn meaning(collection: &str, item: Item) -> Result<Meaning, String> {
    Ok(match collection {
        COUNTERS => Meaning::Counter(item.version, fields(&item)?),
        RECORDS => {
            let record =
                StoredRecord::decode(&item.body).map_err(|error| format!("not a record: {error}"))?;
            Meaning::Record(item.version, record)
        }
        _ => Meaning::Document(item.version, item.body),
    })
}

/// Compares as sets: among equal sort values the order is the backend's own.
fn same_rows(collection: &str, got: Vec<Row>, want: Vec<Row>) -> Result<(), String> {
    let known = |rows: Vec<Row>| -> Result<Vec<_>, String> {
        let row = |row: Row| Ok((row.sort, row.id, meaning(collection, row.item)?));
        let mut rows = rows.into_iter().map(row).collect::<Result<Vec<_>, String>>()?;
        rows.sort_by(|a, b| (&a.0, &a.1).cmp(&(&b.0, &b.1)));
        Ok(rows)
    };
    let (got, want) = (known(got)?, known(want)?);
    match got.iter().zip(&want).find(|(got, want)| got != want) {
        Some((got, want)) => Err(format!("got {got:?}, the model says {want:?}")),
        None if got.len() != want.len() => {
            Err(format!("got {} rows, the model says {}", got.len(), want.len()))
        }
        None => Ok(()),
    }
}
