//! `GET /orders/{id}` and its timeline.

use axum::extract::{Path, State};
use axum::response::Response;
use contracts::Timestamp;
use runtime::{Problem, Query};
use serde::Serialize;

use super::view::View;
use super::{Desk, answer, not_found, ok};
use crate::domain::Case;
use crate::dossier::ORDERS;
use crate::timeline::{BY_ORDER, Entry, TIMELINE};

pub(super) async fn show(State(desk): State<Desk>, Path(id): Path<String>) -> Response {
    answer(format!("/orders/{id}"), shown(&desk, &id).await)
}

pub(super) async fn timeline(State(desk): State<Desk>, Path(id): Path<String>) -> Response {
    answer(format!("/orders/{id}/timeline"), told(&desk, &id).await)
}

async fn shown(desk: &Desk, id: &str) -> Result<Response, Problem> {
    let doc = desk.edge.reader().get(&ORDERS, id).await?.ok_or_else(|| not_found(id))?;
    ok(&View::of(&doc, desk.config.shop_currency).ok_or_else(|| not_found(id))?)
}

async fn told(desk: &Desk, id: &str) -> Result<Response, Problem> {
    let reader = desk.edge.reader();
    let doc = reader.get(&ORDERS, id).await?.ok_or_else(|| not_found(id))?;
    if matches!(doc.case, Case::Heard { .. }) {
        return Err(not_found(id));
    }
    // An order has a few dozen entries; a page holds a thousand.
    let query = Query::new(TIMELINE.name(), BY_ORDER, id);
    let (entries, _) = reader.list(&TIMELINE, query).await?;
    let entries: Vec<&Entry> = entries.iter().map(|entry| &**entry).collect();
    ok(&Timeline { entries: entries.iter().map(|entry| EntryView::of(entry, &entries)).collect() })
}

#[derive(Serialize)]
struct Timeline<'a> {
    entries: Vec<EntryView<'a>>,
}

#[derive(Serialize)]
struct EntryView<'a> {
    at: Timestamp,
    #[serde(rename = "type")]
    kind: &'a str,
    event_id: &'a str,
    service: &'a str,
    summary: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    caused_by: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attempt: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sequence: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    order_at: Option<Timestamp>,
}

impl<'a> EntryView<'a> {
    fn of(entry: &'a Entry, all: &[&'a Entry]) -> Self {
        let told = &entry.told;
        // Others know an application's event under another name than its id.
        let known = |cause: &'a str| {
            let named = all.iter().find(|other| other.told.known_as.as_deref() == Some(cause));
            named.map_or(cause, |other| other.told.event_id.as_str())
        };
        Self {
            at: entry.at,
            kind: &told.kind,
            event_id: &told.event_id,
            service: &told.service,
            summary: &told.summary,
            caused_by: told.caused_by.as_deref().map(known),
            attempt: entry.attempt,
            sequence: told.sequence,
            order_at: told.order_at,
        }
    }
}
