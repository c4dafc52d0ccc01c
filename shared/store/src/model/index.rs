//! Indexes that lag behind: the weakest meaning, a projection that catches up some commits later.

use std::borrow::Cow;
use std::collections::{BTreeMap, VecDeque};
use std::ops::Bound;

use contracts::Timestamp;

use super::{Body, Stored};
use crate::key::{Entry, Item, Key, Version};
use crate::query::{Page, Query, Row};

/// An item as an index sees it: perhaps no longer what it is.
#[derive(Debug, Clone)]
pub(super) struct Sight {
    version: Version,
    body: Body,
    expires: Option<Timestamp>,
}

impl Sight {
    pub(super) fn of(stored: &Stored) -> Self {
        Self { version: stored.version, body: stored.body.clone(), expires: stored.expires }
    }

    fn is_live(&self, now: Timestamp) -> bool {
        self.expires.is_none_or(|expires| expires > now)
    }
}

/// Where a row stands in its partition: sort value, then id.
type Place = (String, String);

/// One partition of one index of one collection.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Partition {
    collection: Cow<'static, str>,
    index: Cow<'static, str>,
    partition: String,
}

/// What became of one item, not yet shown.
#[derive(Debug)]
struct Move {
    commit: u64,
    key: Key,
    to: Option<(Sight, Vec<Entry>)>,
}

/// All indexes of all collections.
#[derive(Debug, Default)]
pub(super) struct Indexes {
    shown: BTreeMap<Partition, BTreeMap<Place, Sight>>,
    /// Where an item is shown now, which may be where it was some commits ago.
    places: BTreeMap<Key, Vec<(Partition, String)>>,
    moves: VecDeque<Move>,
    commits: u64,
    lag: u64,
}

impl Indexes {
    pub(super) fn delay(&mut self, commits: u64) {
        self.lag = commits;
        self.catch_up();
    }

    pub(super) fn settle(&mut self) {
        while let Some(next) = self.moves.pop_front() {
            self.make(next);
        }
    }

    pub(super) fn is_behind(&self) -> bool {
        !self.moves.is_empty()
    }

    pub(super) fn show(&mut self, key: Key, sight: Sight, entries: Vec<Entry>) {
        self.moves.push_back(Move { commit: self.commits, key, to: Some((sight, entries)) });
    }

    pub(super) fn forget(&mut self, key: Key) {
        self.moves.push_back(Move { commit: self.commits, key, to: None });
    }

    /// A unit is written as a whole: its moves may be shown once the lag allows.
    pub(super) fn committed(&mut self) {
        self.commits += 1;
        self.catch_up();
    }

    pub(super) fn page(&self, query: &Query, now: Timestamp) -> Page {
        let Some(rows) = self.rows(query) else { return Page::default() };
        let after = match query.after.as_deref().map(cursor) {
            Some(None) => return Page::default(),
            Some(Some(place)) => Some(place),
            None => None,
        };
        let Some(range) = bounds(query, after) else { return Page::default() };
        let range = rows.range(range).filter(|(_, sight)| sight.is_live(now));
        let limit = query.limit.clamp(1, Query::MAX_LIMIT);
        if query.newest_first { page_of(range.rev(), limit) } else { page_of(range, limit) }
    }

    pub(super) fn first_sort(&self, query: &Query, now: Timestamp) -> Option<&str> {
        let mut rows = self.rows(query)?.iter();
        rows.find(|(_, sight)| sight.is_live(now)).map(|((sort, _), _)| sort.as_str())
    }

    fn rows(&self, query: &Query) -> Option<&BTreeMap<Place, Sight>> {
        let partition = Partition {
            collection: query.collection.clone(),
            index: query.index.clone(),
            partition: query.partition.clone(),
        };
        self.shown.get(&partition)
    }

    fn catch_up(&mut self) {
        while self.moves.front().is_some_and(|next| next.commit.saturating_add(self.lag) < self.commits) {
            if let Some(next) = self.moves.pop_front() {
                self.make(next);
            }
        }
    }

    fn make(&mut self, Move { key, to, .. }: Move) {
        for (partition, sort) in self.places.remove(&key).unwrap_or_default() {
            if let Some(rows) = self.shown.get_mut(&partition) {
                rows.remove(&(sort, key.id.clone()));
                if rows.is_empty() {
                    self.shown.remove(&partition);
                }
            }
        }
        let Some((sight, entries)) = to else { return };
        let mut places = Vec::with_capacity(entries.len());
        for Entry { index, partition, sort } in entries {
            let partition = Partition { collection: key.collection.clone(), index, partition };
            let rows = self.shown.entry(partition.clone()).or_default();
            rows.insert((sort.clone(), key.id.clone()), sight.clone());
            places.push((partition, sort));
        }
        self.places.insert(key, places);
    }
}

/// What `query` asks for, from where the last page ended; `None` when nothing can be in between.
fn bounds(query: &Query, after: Option<Place>) -> Option<(Bound<Place>, Bound<Place>)> {
    let from = (query.from.clone(), String::new());
    // The least text above `to`: everything up to and including `to` is below it, whatever its id.
    let above = query.to.as_ref().map(|to| (format!("{to}\0"), String::new()));
    let (low, high) = match (after, query.newest_first) {
        (Some(place), false) if place >= from => (Bound::Excluded(place), above),
        (Some(place), true) => {
            (Bound::Included(from), Some(above.map_or(place.clone(), |above| above.min(place))))
        }
        (Some(_) | None, _) => (Bound::Included(from), above),
    };
    let is_empty = match (&low, &high) {
        (Bound::Included(low) | Bound::Excluded(low), Some(high)) => low >= high,
        (_, None) | (Bound::Unbounded, _) => false,
    };
    (!is_empty).then(|| (low, high.map_or(Bound::Unbounded, Bound::Excluded)))
}

fn page_of<'a>(range: impl Iterator<Item = (&'a Place, &'a Sight)>, limit: usize) -> Page {
    let mut page = Page::default();
    for ((sort, id), sight) in range {
        if page.rows.len() == limit {
            page.next = page.rows.last().map(|last| format!("{}:{}{}", last.sort.len(), last.sort, last.id));
            break;
        }
        let item = Item { version: sight.version, body: sight.body.encode() };
        page.rows.push(Row { id: id.clone(), sort: sort.clone(), item });
    }
    page
}

/// Reads what [`page_of`] wrote: `<length of sort>:<sort><id>`.
fn cursor(text: &str) -> Option<Place> {
    let (length, rest) = text.split_once(':')?;
    let (sort, id) = rest.split_at_checked(length.parse().ok()?)?;
    Some((sort.to_owned(), id.to_owned()))
}
