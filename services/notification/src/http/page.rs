//! Pages of an index, newest first.

use axum::extract::Query as Params;
use axum::extract::rejection::QueryRejection;
use runtime::{Collection, Doc, Problem, Query, Reader};
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// Rows on a page: at most, and when nothing is said.
const MAX_LIMIT: usize = 100;
const DEFAULT_LIMIT: usize = 20;

/// What a list is asked with.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Wanted {
    pub(super) order_id: Option<String>,
    pub(super) customer_id: Option<String>,
    pub(super) status: Option<String>,
    limit: Option<usize>,
    cursor: Option<String>,
}

pub(super) type Asked = Result<Params<Wanted>, QueryRejection>;

/// Takes a query apart.
pub(super) fn wanted(asked: Asked) -> Result<Wanted, Problem> {
    asked.map(|Params(wanted)| wanted).map_err(|rejection| invalid(rejection.body_text()))
}

pub(super) fn invalid(detail: impl Into<String>) -> Problem {
    Problem::new(400, "invalid-query", "Invalid query", detail)
}

/// Some rows, and where to go on.
pub(super) type Page<T> = (Vec<Doc<T>>, Option<String>);

impl Wanted {
    /// The page of `partition`, newest first. `sort_of` says where a document stands in the index.
    ///
    /// # Errors
    /// A problem: a limit or a cursor that is none.
    pub(super) async fn page<T: DeserializeOwned>(
        &self,
        reader: &Reader,
        of: &Collection<T>,
        (index, partition): (&'static str, &str),
        sort_of: fn(&str, &T) -> String,
    ) -> Result<Page<T>, Problem> {
        let limit = self.limit.unwrap_or(DEFAULT_LIMIT);
        if !(1..=MAX_LIMIT).contains(&limit) {
            return Err(invalid(format!("limit must be 1 to {MAX_LIMIT}, got {limit}")));
        }
        let position = self.cursor.as_deref().map(unhex);
        let position = position.map(|at| at.ok_or_else(|| invalid("cursor must be a next_cursor of ours")));
        let position = position.transpose()?;
        let mut query = Query::new(of.name(), index, partition);
        query.newest_first = true;
        // One more to know whether there are more, and one for the position itself, which is inclusive.
        query.limit = limit + 2;
        query.to = position.clone();
        let (mut docs, _) = reader.list(of, query).await?;
        docs.retain(|doc| position.as_ref().is_none_or(|position| sort_of(&doc.id, &doc.data) < *position));
        let is_last = docs.len() <= limit;
        docs.truncate(limit);
        let next = docs.last().filter(|_| !is_last).map(|last| hex(&sort_of(&last.id, &last.data)));
        Ok((docs, next))
    }
}

/// A position as callers carry it: opaque, and safe in a URL.
fn hex(position: &str) -> String {
    position.bytes().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(cursor: &str) -> Option<String> {
    if cursor.is_empty() || !cursor.len().is_multiple_of(2) || !cursor.is_ascii() {
        return None;
    }
    let byte = |at: usize| u8::from_str_radix(&cursor[at..at + 2], 16).ok();
    let bytes: Option<Vec<u8>> = (0..cursor.len()).step_by(2).map(byte).collect();
    String::from_utf8(bytes?).ok()
}
