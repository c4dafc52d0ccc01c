//! Reading an index, page by page.

use std::borrow::Cow;

use crate::key::Item;

/// One page of one partition of one index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// Which collection.
    pub collection: Cow<'static, str>,
    /// Which of its indexes.
    pub index: Cow<'static, str>,
    /// Exactly this partition.
    pub partition: String,
    /// Sort values from here on, inclusive; empty = from the beginning.
    pub from: String,
    /// Sort values up to here, inclusive; `None` = to the end.
    pub to: Option<String>,
    /// At most this many rows, at most [`Query::MAX_LIMIT`].
    pub limit: usize,
    /// Where the last page ended ([`Page::next`]).
    pub after: Option<String>,
    /// Highest sort value first.
    pub newest_first: bool,
}

impl Query {
    /// No page is longer than this: a page is held in memory as a whole.
    pub const MAX_LIMIT: usize = 1_000;

    /// The first page of `partition`, lowest sort value first.
    pub fn new(
        collection: impl Into<Cow<'static, str>>,
        index: &'static str,
        partition: impl Into<String>,
    ) -> Self {
        Self {
            collection: collection.into(),
            index: Cow::Borrowed(index),
            partition: partition.into(),
            from: String::new(),
            to: None,
            limit: Self::MAX_LIMIT,
            after: None,
            newest_first: false,
        }
    }
}

/// An item and where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its id within the collection that was asked.
    pub id: String,
    /// Its sort value in the index that was asked; empty in a snapshot.
    pub sort: String,
    /// What it was.
    pub item: Item,
}

/// Some rows, and where to go on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Page {
    /// In the order asked for.
    pub rows: Vec<Row>,
    /// Put into [`Query::after`] for the next page; `None` at the end. Opaque.
    pub next: Option<String>,
}

/// Where a page ended: the place, not a count, so that rows which come in between move nothing.
pub(crate) fn cursor(sort: &str, id: &str) -> String {
    format!("{}:{sort}{id}", sort.len())
}

/// A cursor that is not ours begins at the beginning.
pub(crate) fn read_cursor(cursor: &str) -> Option<(&str, &str)> {
    let (length, rest) = cursor.split_once(':')?;
    rest.split_at_checked(length.parse().ok()?)
}
