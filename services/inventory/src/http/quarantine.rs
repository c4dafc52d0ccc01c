//! What becomes of pieces that came back: on sale again, or written off.

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use contracts::{LocationId, Quantity, Sku};
use runtime::{Answer, Command, Problem, Refusal, Uow};
use serde_json::json;

use super::form::Form;
use super::{Body, Desk, read};
use crate::domain::{Kind, MovementLine, Place};
use crate::ledger::{self, Entry, STOCK, stock_of};

pub(super) async fn decide(
    State(desk): State<Desk>,
    Path(sku): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let sku: Sku = sku.parse().map_err(|_| Problem::not_found("sku", &sku))?;
    let (bytes, value) = read(&headers, body)?;
    let mut form = Form::new(&value);
    let location = form.id::<LocationId>("/location");
    let quantity = form.integer("/quantity", 1, i64::from(Quantity::MAX));
    let decision = match form.text("/decision") {
        Some("restock") => Some(("restock", Kind::Restocked)),
        Some("write_off") => Some(("write_off", Kind::WrittenOff)),
        Some(_) => {
            form.wrong("/decision", "must be restock or write_off");
            None
        }
        None => None,
    };
    let reason = form.text("/reason").map(str::to_owned);
    form.done("invalid-decision", "Invalid decision")?;
    let (Some(location), Some(quantity), Some((decision, kind)), Some(reason)) =
        (location, quantity, decision, reason)
    else {
        return Err(Problem::new(422, "invalid-decision", "Invalid decision", "a field is missing"));
    };
    let write = desk.edge.write(format!("POST /stock/{sku}/quarantine"), &headers, bytes)?;
    let line = MovementLine { kind, sku, location, quantity };
    desk.edge.run(&write, &Decide { line, decision, reason }).await
}

struct Decide {
    line: MovementLine,
    decision: &'static str,
    reason: String,
}

impl Command for Decide {
    async fn run(&self, uow: &mut Uow) -> Result<Answer, Refusal> {
        let MovementLine { sku, location, quantity, .. } = &self.line;
        let place = Place { sku: sku.clone(), location: location.clone() };
        let levels = uow.levels(&STOCK, &[&place.id()]).await?;
        let there = levels.first().map(stock_of).unwrap_or_default().quarantine;
        if there < *quantity {
            let detail = format!("{there} of {sku} at {location} in quarantine");
            return Err(Problem::new(409, "not-in-quarantine", "Not in quarantine", detail.clone())
                .at("/quantity", detail)
                .into());
        }
        ledger::enter(
            uow,
            Entry { about: None, reasons: vec![self.reason.clone()], lines: vec![self.line.clone()] },
        )?;
        let decided = json!({
            "sku": sku, "location": location, "quantity": quantity, "decision": self.decision, "reason": self.reason,
            "movement_id": uow.cause(),
        });
        Ok(Answer::json(200, None, &decided)?)
    }
}
