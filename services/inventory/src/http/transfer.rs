//! Stock that is brought from one location to another.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use contracts::{LocationId, Quantity, Sku};
use runtime::{Answer, Command, Problem, Refusal, Uow};
use serde_json::json;

use super::form::Form;
use super::{Body, Desk, read};
use crate::domain::{MAX_LOCATIONS, MAX_TRANSFERRED, Place, TooManyLocations, fits, transfer};
use crate::ledger::{self, Entry};

pub(super) async fn create(
    State(desk): State<Desk>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let (bytes, value) = read(&headers, body)?;
    let mut form = Form::new(&value);
    let from = form.id::<LocationId>("/from");
    let to = form.id::<LocationId>("/to");
    if from.is_some() && from == to {
        form.wrong("/to", "must be another location");
    }
    let lines = form.lines(MAX_TRANSFERRED);
    let reason = form.text("/reason").map(str::to_owned);
    form.done("invalid-transfer", "Invalid transfer")?;
    let (Some(from), Some(to), Some(reason)) = (from, to, reason) else {
        return Err(Problem::new(422, "invalid-transfer", "Invalid transfer", "a field is missing"));
    };
    let write = desk.edge.write("POST /stock/transfers", &headers, bytes)?;
    desk.edge.run(&write, &Transfer { from, to, lines, reason }).await
}

struct Transfer {
    from: LocationId,
    to: LocationId,
    /// Each SKU once.
    lines: BTreeMap<Sku, Quantity>,
    reason: String,
}

impl Command for Transfer {
    async fn run(&self, uow: &mut Uow) -> Result<Answer, Refusal> {
        let Self { from, to, lines, reason } = self;
        let skus: Vec<&Sku> = lines.keys().collect();
        let (cards, stock) = ledger::look(uow, &skus).await?;
        let unknown = skus.iter().zip(&cards).filter(|(_, card)| card.is_none());
        let unknown: Vec<&str> = unknown.map(|(sku, _)| sku.as_str()).collect();
        if !unknown.is_empty() {
            let detail = format!("not known: {}", unknown.join(", "));
            return Err(Problem::new(422, "unknown-sku", "Unknown SKU", detail.clone())
                .at("/lines", detail)
                .into());
        }
        let movement = transfer(from, to, lines, &stock).map_err(|short| {
            let detail = format!("not all lines are available at {from}, so none is moved");
            let problem = Problem::new(409, "insufficient-stock", "Insufficient stock", detail);
            short.iter().fold(problem, |problem, short| {
                let message =
                    format!("{}: {} wanted, {} available", short.sku, short.wanted, short.available);
                problem.at("/lines", message)
            })
        })?;
        let new = cards.iter().flatten().filter(|card| !card.lists(to)).count();
        if !fits(&movement, 0, new) {
            let detail = format!("too many of these SKUs, {new}, never lay at {to}");
            return Err(Problem::new(409, "too-many-new-places", "Too many new places", detail)
                .hint("move fewer lines at a time: do it in smaller steps")
                .into());
        }
        let place = |sku: &Sku| Place { sku: sku.clone(), location: to.clone() };
        let places: Vec<Place> = lines.keys().map(place).collect();
        if let Err((place, TooManyLocations)) = ledger::list(uow, &places).await? {
            let message = format!("{} lies at {MAX_LOCATIONS} locations already", place.sku);
            return Err(Problem::new(422, "too-many-locations", "Too many locations", message.clone())
                .at("/to", message)
                .into());
        }
        ledger::enter(uow, Entry { about: None, reasons: vec![reason.clone()], lines: movement })?;
        let lines: Vec<_> = lines.iter().map(|(sku, n)| json!({ "sku": sku, "quantity": n })).collect();
        let moved = json!({
            "from": from, "to": to, "lines": lines, "reason": reason, "movement_id": uow.cause(),
        });
        Ok(Answer::json(200, None, &moved)?)
    }
}
