//! Stock held for carts.

use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use contracts::events::stock::RejectReason;
use contracts::{CartId, HoldId, Quantity, Sku};
use runtime::{Answer, Command, Doc, Fail, Problem, Refusal, Uow};
use serde_json::{Value, json};

use super::form::Form;
use super::{Body, Desk, json, read};
use crate::domain::{Ends, Hold, HoldState, Kind, MAX_SKUS, MovementLine, Rejection, lines_of, reserve};
use crate::handlers::{HoldTimer, supplies};
use crate::ledger::{self, Entry, HOLDS};

pub(super) async fn create(
    State(desk): State<Desk>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let (bytes, value) = read(&headers, body)?;
    let mut form = Form::new(&value);
    let hold_id = form.optional_id::<HoldId>("/hold_id");
    let cart_id = form.optional_id::<CartId>("/cart_id");
    let lines = form.lines(MAX_SKUS);
    let most = i64::try_from(desk.config.hold_ttl_max.as_secs()).unwrap_or(i64::MAX);
    let ttl_s = form.optional_integer("/ttl_s", 1, most).and_then(|ttl_s| u64::try_from(ttl_s).ok());
    form.done("invalid-hold", "Invalid hold")?;
    let ttl = ttl_s.map_or(desk.config.hold_ttl, Duration::from_secs);
    let write = desk.edge.write("POST /holds", &headers, bytes)?;
    desk.edge.run(&write, &Create { hold_id, cart_id, wanted: lines.into_iter().collect(), ttl }).await
}

pub(super) async fn show(State(desk): State<Desk>, Path(id): Path<String>) -> Result<Response, Problem> {
    let hold = desk.edge.reader().get(&HOLDS, &id).await?;
    json(&told(&hold.ok_or_else(|| Problem::not_found("hold", &id))?))
}

pub(super) async fn release(
    State(desk): State<Desk>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let write = desk.edge.write(format!("DELETE /holds/{id}"), &headers, axum::body::Bytes::new())?;
    desk.edge.run(&write, &Release { id }).await
}

/// A hold as it is shown.
fn told(hold: &Doc<Hold>) -> Value {
    let mut told = json!({
        "hold_id": hold.id, "status": hold.status(), "expires_at": hold.expires_at, "lines": hold.lines,
    });
    if let Some(cart_id) = &hold.cart_id {
        told["cart_id"] = json!(cart_id);
    }
    if let HoldState::Adopted { order_id, .. } = &hold.state {
        told["order_id"] = json!(order_id);
    }
    told
}

struct Create {
    hold_id: Option<HoldId>,
    cart_id: Option<CartId>,
    /// Each SKU once.
    wanted: Vec<(Sku, Quantity)>,
    ttl: Duration,
}

impl Command for Create {
    async fn run(&self, uow: &mut Uow) -> Result<Answer, Refusal> {
        let id = match &self.hold_id {
            Some(id) => id.clone(),
            None => HoldId::new(uow.derived_id("hold").to_string())
                .map_err(|error| Fail::permanent(format!("a derived hold id is not one: {error}")))?,
        };
        if let Some(hold) = uow.load(&HOLDS, id.as_str()).await? {
            return self.again(&hold);
        }
        let skus: Vec<&Sku> = self.wanted.iter().map(|(sku, _)| sku).collect();
        let (cards, stock) = ledger::look(uow, &skus).await?;
        let reserving = reserve(&supplies(&self.wanted, &cards, &stock), None).map_err(short)?;
        let expires_at = uow.now().plus(self.ttl);
        let movement: Vec<MovementLine> = lines_of(Kind::Held, &reserving.lines).collect();
        let hold = Hold {
            cart_id: self.cart_id.clone(),
            lines: reserving.lines,
            expires_at,
            state: HoldState::Held,
        };
        let hold = uow.fresh(id.as_str(), hold);
        let answer = Answer::json(201, Some(format!("/holds/{id}")), &told(&hold))?;
        uow.put(&HOLDS, hold)?;
        ledger::enter(uow, Entry::about(id.as_str(), movement))?;
        uow.schedule(expires_at, &HoldTimer { hold_id: id })?;
        Ok(answer)
    }
}

impl Create {
    /// The same id is the same hold: the same wish gets the same answer.
    fn again(&self, hold: &Doc<Hold>) -> Result<Answer, Refusal> {
        let wanted = self.wanted.iter().map(|(sku, quantity)| (sku, u64::from(quantity.get())));
        if hold.wanted() != wanted.collect() {
            let detail = format!("the hold {:?} is of other lines", hold.id);
            return Err(Problem::new(409, "hold-exists", "Hold exists", detail)
                .at("/hold_id", "is taken")
                .hint("use another hold_id, or none")
                .into());
        }
        Ok(Answer::json(200, Some(format!("/holds/{}", hold.id)), &told(hold))?)
    }
}

fn short(rejection: Rejection) -> Refusal {
    let (status, slug, title) = match rejection.reason {
        RejectReason::UnknownSku => (422, "unknown-sku", "Unknown SKU"),
        RejectReason::InsufficientStock | RejectReason::Unrecognised => {
            (409, "insufficient-stock", "Insufficient stock")
        }
    };
    let problem = Problem::new(status, slug, title, "not all lines can be had, so none is held");
    let at = rejection.short.iter().fold(problem, |problem, short| {
        problem.at("/lines", format!("{}: {} wanted, {} available", short.sku, short.wanted, short.available))
    });
    at.into()
}

struct Release {
    id: String,
}

impl Command for Release {
    async fn run(&self, uow: &mut Uow) -> Result<Answer, Refusal> {
        let hold = uow.load(&HOLDS, &self.id).await?;
        let mut hold = hold.ok_or_else(|| Problem::not_found("hold", &self.id))?;
        match hold.state {
            HoldState::Held => {}
            HoldState::Adopted { .. } => {
                let detail = "an order has taken it over";
                return Err(Problem::new(409, "hold-adopted", "Hold is adopted", detail)
                    .hint("cancel the order")
                    .into());
            }
            // Its pieces have gone back already.
            HoldState::Expired { .. } | HoldState::Released { .. } | HoldState::Taken { .. } => {
                return Ok(Answer::json(200, None, &told(&hold))?);
            }
        }
        let movement = hold.end(Ends::Released, uow.now());
        let answer = Answer::json(200, None, &told(&hold))?;
        uow.put(&HOLDS, hold)?;
        ledger::enter(uow, Entry::about(&self.id, movement))?;
        Ok(answer)
    }
}
