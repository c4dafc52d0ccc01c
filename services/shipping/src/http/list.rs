//! `GET /shipments`: of one order, by how they stand, or all; newest first, page by page.

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query as Params, State};
use axum::response::Response;
use contracts::OrderId;
use runtime::{Doc, Problem, Query, Reader};
use serde::{Deserialize, Serialize};

use super::show::View;
use super::{Desk, answer, ok};
use crate::carrier::{hex, unhex};
use crate::document::{SHARDS, SHIPMENTS, TROUBLE, shard, shipment_of, sort_of};
use crate::domain::{Shipment, State as Stands};

/// Shipments on a page: at most, and when nothing is said.
const MAX_LIMIT: usize = 100;
const DEFAULT_LIMIT: usize = 20;

#[derive(Debug, Deserialize)]
pub(super) struct Asked {
    order_id: Option<String>,
    status: Option<String>,
    limit: Option<usize>,
    cursor: Option<String>,
}

#[derive(Serialize)]
struct Answered<'a> {
    shipments: Vec<View<'a>>,
    next_cursor: Option<String>,
}

type Answer = Result<Params<Asked>, QueryRejection>;

pub(super) async fn list(State(desk): State<Desk>, asked: Answer) -> Response {
    answer("/shipments".to_owned(), listed(&desk, asked).await)
}

async fn listed(desk: &Desk, asked: Answer) -> Result<Response, Problem> {
    let Params(asked) = asked.map_err(|rejection| invalid(rejection.body_text()))?;
    let reader = desk.edge.reader();
    let (docs, next) = match &asked.order_id {
        Some(order_id) => (of_order(&reader, order_id, asked.status.as_deref()).await?, None),
        None => Search::of(&asked)?.run(&reader).await?,
    };
    let shipments = docs.iter().map(|doc| View::of(doc, desk.config.carrier)).collect();
    ok(&Answered { shipments, next_cursor: next.map(|position| hex(position.as_bytes())) })
}

fn invalid(detail: impl Into<String>) -> Problem {
    Problem::new(400, "invalid-query", "Invalid query", detail)
}

/// The order's one shipment, if it is as it was asked for.
async fn of_order(
    reader: &Reader,
    order_id: &str,
    status: Option<&str>,
) -> Result<Vec<Doc<Shipment>>, Problem> {
    let order_id = OrderId::new(order_id).map_err(|error| invalid(error.to_string()))?;
    let found = reader.get(&SHIPMENTS, shipment_of(&order_id)?.as_str()).await?;
    let is_wanted = |doc: &Doc<Shipment>| match status {
        Some(TROUBLE) => doc.trouble.is_some(),
        Some(status) => doc.state.name() == status,
        None => true,
    };
    Ok(found.into_iter().filter(is_wanted).collect())
}

/// What is looked for, and from where.
struct Search {
    index: &'static str,
    partitions: Vec<String>,
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
        let position = match &asked.cursor {
            Some(cursor) => {
                let text = unhex(cursor).and_then(|bytes| String::from_utf8(bytes).ok());
                Some(text.ok_or_else(|| invalid("cursor must be a next_cursor of ours"))?)
            }
            None => None,
        };
        let (index, partitions) = match asked.status.as_deref() {
            None => ("all", (0..SHARDS).map(shard).collect()),
            Some(TROUBLE) => (TROUBLE, vec![TROUBLE.to_owned()]),
            Some(status) if Stands::NAMES.contains(&status) => ("state", vec![status.to_owned()]),
            Some(status) => {
                let known = Stands::NAMES.join(", ");
                return Err(invalid(format!("no status is named {status:?}; known: {known}, {TROUBLE}")));
            }
        };
        Ok(Self { index, partitions, limit, position })
    }

    /// One page, and where to go on.
    async fn run(self, reader: &Reader) -> Result<(Vec<Doc<Shipment>>, Option<String>), Problem> {
        let mut found = Vec::new();
        for partition in &self.partitions {
            let mut query = Query::new(SHIPMENTS.name(), self.index, partition.clone());
            query.newest_first = true;
            // One more to know whether there are more, and one for the position itself, which is inclusive.
            query.limit = self.limit + 2;
            query.to.clone_from(&self.position);
            let (docs, _) = reader.list(&SHIPMENTS, query).await?;
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
