//! `GET /payments`: by how they stand, or all; newest first, page by page.

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query as Params, State};
use axum::response::Response;
use runtime::{Doc, Problem, Query, Reader};
use serde::{Deserialize, Serialize};

use super::show::View;
use super::{Desk, answer, ok};
use crate::document::{PAYMENTS, SHARDS, TROUBLE, shard, sort_of};
use crate::domain::{Payment, State as Stands};

/// Payments on a page: at most, and when nothing is said.
const MAX_LIMIT: usize = 100;
const DEFAULT_LIMIT: usize = 20;

#[derive(Debug, Deserialize)]
pub(super) struct Asked {
    status: Option<String>,
    limit: Option<usize>,
    cursor: Option<String>,
}

#[derive(Serialize)]
struct Answered<'a> {
    payments: Vec<View<'a>>,
    next_cursor: Option<String>,
}

type Answer = Result<Params<Asked>, QueryRejection>;

pub(super) async fn list(State(desk): State<Desk>, asked: Answer) -> Response {
    answer("/payments".to_owned(), listed(&desk, asked).await)
}

async fn listed(desk: &Desk, asked: Answer) -> Result<Response, Problem> {
    let Params(asked) = asked.map_err(|rejection| invalid(rejection.body_text()))?;
    let (docs, next_cursor) = Search::of(asked)?.run(&desk.edge.reader()).await?;
    let payments = docs.iter().map(|doc| View::of(doc, desk.config.provider)).collect();
    ok(&Answered { payments, next_cursor })
}

fn invalid(detail: impl Into<String>) -> Problem {
    Problem::new(400, "invalid-query", "Invalid query", detail)
}

/// What is looked for, and from where.
struct Search {
    index: &'static str,
    partitions: Vec<String>,
    limit: usize,
    /// Only what sorts below it: where the page before ended.
    position: Option<String>,
}

impl Search {
    fn of(asked: Asked) -> Result<Self, Problem> {
        let limit = asked.limit.unwrap_or(DEFAULT_LIMIT);
        if !(1..=MAX_LIMIT).contains(&limit) {
            return Err(invalid(format!("limit must be 1 to {MAX_LIMIT}, got {limit}")));
        }
        let (index, partitions) = match asked.status.as_deref() {
            None => ("all", (0..SHARDS).map(shard).collect()),
            Some(TROUBLE) => (TROUBLE, vec![TROUBLE.to_owned()]),
            Some(status) if Stands::NAMES.contains(&status) => ("state", vec![status.to_owned()]),
            Some(status) => {
                let known = Stands::NAMES.join(", ");
                return Err(invalid(format!("no status is named {status:?}; known: {known}, {TROUBLE}")));
            }
        };
        Ok(Self { index, partitions, limit, position: asked.cursor })
    }

    /// One page, and where to go on.
    async fn run(self, reader: &Reader) -> Result<(Vec<Doc<Payment>>, Option<String>), Problem> {
        let mut found = Vec::new();
        for partition in &self.partitions {
            let mut query = Query::new(PAYMENTS.name(), self.index, partition.clone());
            query.newest_first = true;
            // One more to know whether there are more, and one for the position itself, which is inclusive.
            query.limit = self.limit + 2;
            query.to.clone_from(&self.position);
            let (docs, _) = reader.list(&PAYMENTS, query).await?;
            found.extend(docs.into_iter().map(|doc| (sort_of(&doc.id, &doc), doc)));
        }
        found.retain(|(sort, _)| self.position.as_ref() != Some(sort));
        found.sort_by(|(a, _), (b, _)| b.cmp(a));
        let are_more = found.len() > self.limit;
        found.truncate(self.limit);
        let next = found.last().map(|(sort, _)| sort.clone()).filter(|_| are_more);
        Ok((found.into_iter().map(|(_, doc)| doc).collect(), next))
    }
}
