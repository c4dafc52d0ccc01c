//! `GET /orders`: a customer's orders, everybody's, or those that wait too long; newest first, page by page.

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query as Params, State};
use axum::response::Response;
use contracts::order::OrderStatus;
use runtime::{Doc, Problem, Query, Reader};
use serde::{Deserialize, Serialize};

use super::view::View;
use super::{Desk, answer, ok};
use crate::dossier::{ALL, BY_CUSTOMER, Document, ORDERS, SHARDS, STALLED, shard, sort_of};

/// Orders on a page: at most, and when nothing is said.
const MAX_LIMIT: usize = 100;
const DEFAULT_LIMIT: usize = 20;
/// Pages that one request looks through for a status. A rare one may answer fewer than `limit`, or none, and a
/// cursor to go on from.
const MAX_LOOKS: usize = 10;

#[derive(Debug, Deserialize)]
pub(super) struct Asked {
    customer_id: Option<String>,
    status: Option<String>,
    #[serde(default)]
    stalled: bool,
    limit: Option<usize>,
    cursor: Option<String>,
}

#[derive(Serialize)]
struct Answered<'a> {
    orders: Vec<View<'a>>,
    next_cursor: Option<String>,
}

type Answer = Result<Params<Asked>, QueryRejection>;

pub(super) async fn list(State(desk): State<Desk>, asked: Answer) -> Response {
    answer("/orders".to_owned(), listed(&desk, asked).await)
}

async fn listed(desk: &Desk, asked: Answer) -> Result<Response, Problem> {
    let Params(asked) = asked.map_err(|rejection| invalid(rejection.body_text()))?;
    let search = Search::of(&asked)?;
    let (docs, next) = search.run(&desk.edge.reader()).await?;
    let view = |doc| View::of(doc, desk.config.shop_currency);
    let orders = docs.iter().filter_map(view).collect();
    ok(&Answered { orders, next_cursor: next.map(|position| hex(&position)) })
}

fn invalid(detail: impl Into<String>) -> Problem {
    Problem::new(400, "invalid-query", "Invalid query", detail)
}

/// What is looked for, and from where.
struct Search {
    index: &'static str,
    partitions: Vec<String>,
    status: Option<OrderStatus>,
    /// Whose, where the index does not say it.
    customer_id: Option<String>,
    limit: usize,
    /// Only what sorts below it.
    position: Option<String>,
}

impl Search {
    fn of(asked: &Asked) -> Result<Self, Problem> {
        let limit = asked.limit.unwrap_or(DEFAULT_LIMIT);
        if !(1..=MAX_LIMIT).contains(&limit) {
            return Err(invalid(format!("limit must be 1 to {MAX_LIMIT}, got {limit}")));
        }
        let status = asked.status.as_deref().map(status_of).transpose()?;
        let position = match &asked.cursor {
            Some(cursor) => {
                Some(unhex(cursor).ok_or_else(|| invalid("cursor must be a next_cursor of ours"))?)
            }
            None => None,
        };
        let customer_id = asked.customer_id.clone();
        let (index, partitions) = match &customer_id {
            _ if asked.stalled => (STALLED, (0..SHARDS).map(shard).collect()),
            Some(customer_id) => (BY_CUSTOMER, vec![customer_id.clone()]),
            None => (ALL, (0..SHARDS).map(shard).collect()),
        };
        Ok(Self { index, partitions, status, customer_id, limit, position })
    }

    /// What was found, and where to go on.
    async fn run(mut self, reader: &Reader) -> Result<(Vec<Doc<Document>>, Option<String>), Problem> {
        let mut found = Vec::new();
        for _ in 0..MAX_LOOKS {
            let page = self.page(reader).await?;
            let is_last = page.len() <= self.limit;
            let mut left = page.len();
            for doc in page.into_iter().take(self.limit) {
                left -= 1;
                self.position = Some(sort_of(&doc.id, &doc));
                if self.wants(&doc) {
                    found.push(doc);
                }
                if found.len() == self.limit {
                    let is_end = is_last && left == 0;
                    return Ok((found, self.position.filter(|_| !is_end)));
                }
            }
            if is_last {
                return Ok((found, None));
            }
        }
        Ok((found, self.position))
    }

    /// The next orders below the position, newest first: one more than the limit if there are more.
    async fn page(&self, reader: &Reader) -> Result<Vec<Doc<Document>>, Problem> {
        let mut page = Vec::new();
        for partition in &self.partitions {
            let mut query = Query::new(ORDERS.name(), self.index, partition.clone());
            query.newest_first = true;
            // One more to know whether there are more, and one for the position itself, which is inclusive.
            query.limit = self.limit + 2;
            query.to = self.position.clone();
            let (docs, _) = reader.list(&ORDERS, query).await?;
            page.extend(docs.into_iter().map(|doc| (sort_of(&doc.id, &doc), doc)));
        }
        page.retain(|(sort, _)| self.position.as_ref().is_none_or(|position| sort < position));
        page.sort_unstable_by(|(a, _), (b, _)| b.cmp(a));
        Ok(page.into_iter().map(|(_, doc)| doc).take(self.limit + 1).collect())
    }

    fn wants(&self, doc: &Doc<Document>) -> bool {
        let Some(view) = View::of(doc, contracts::Currency::GBP) else { return false };
        // An index may be behind its documents.
        (self.index != STALLED || doc.has_stalled())
            && self.status.is_none_or(|status| view.status() == status)
            && self.customer_id.as_ref().is_none_or(|customer_id| view.customer_id() == customer_id)
    }
}

fn status_of(word: &str) -> Result<OrderStatus, Problem> {
    let known = OrderStatus::ALL.iter().copied().find(|status| status.as_str() == word);
    known.ok_or_else(|| {
        let words: Vec<&str> = OrderStatus::ALL.iter().map(|status| status.as_str()).collect();
        invalid(format!("status must be one of {}", words.join(", ")))
    })
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
