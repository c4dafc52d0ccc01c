//! Receipts and corrections of how much there is.

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use contracts::events::stock::StockShort;
use contracts::{LocationId, Sku};
use runtime::{Answer, Command, Problem, Refusal, Uow};
use serde_json::{Value, json};

use super::form::Form;
use super::{Body, Desk, read};
use crate::domain::{
    Adjusting, Adjustment, MAX_ADJUSTMENTS, MAX_LOCATIONS, Place, Refused, TooManyLocations, adjust, fits,
};
use crate::ledger::{self, Entry};
use crate::victims::{self, Unfit};

/// No single receipt is larger, so that counts stay far from the end of 64 bits.
const MAX_DELTA: i64 = 1_000_000_000;

pub(super) async fn adjust_one(
    State(desk): State<Desk>,
    Path(sku): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let sku: Sku = sku.parse().map_err(|_| Problem::not_found("sku", &sku))?;
    let (bytes, value) = read(&headers, body)?;
    let mut form = Form::new(&value);
    let adjustment = adjustment(&mut form, "", Some(sku.clone()));
    let takes_promised = form.flag("/take_promised");
    form.done("invalid-adjustment", "Invalid adjustment")?;
    let write = desk.edge.write(format!("POST /stock/{sku}/adjust"), &headers, bytes)?;
    let adjustments = adjustment.into_iter().collect();
    desk.edge.run(&write, &Adjust { adjustments, takes_promised, is_batch: false }).await
}

pub(super) async fn adjust_many(
    State(desk): State<Desk>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let (bytes, value) = read(&headers, body)?;
    let mut form = Form::new(&value);
    let count = form.elements("/adjustments", MAX_ADJUSTMENTS);
    let adjustments: Vec<_> =
        (0..count).filter_map(|at| adjustment(&mut form, &format!("/adjustments/{at}"), None)).collect();
    let takes_promised = form.flag("/take_promised");
    form.done("invalid-adjustment", "Invalid adjustment")?;
    let write = desk.edge.write("POST /stock/adjust", &headers, bytes)?;
    desk.edge.run(&write, &Adjust { adjustments, takes_promised, is_batch: true }).await
}

/// Reads one adjustment below `pointer`; its SKU is in the path, or beside the other fields.
fn adjustment(form: &mut Form<'_>, pointer: &str, sku: Option<Sku>) -> Option<Adjustment> {
    let sku = sku.or_else(|| form.id(&format!("{pointer}/sku")));
    let location = form.id::<LocationId>(&format!("{pointer}/location"));
    let delta_at = format!("{pointer}/delta");
    let delta = form.integer(&delta_at, -MAX_DELTA, MAX_DELTA);
    if delta == Some(0) {
        form.wrong(&delta_at, "must not be 0");
    }
    let reason = form.text(&format!("{pointer}/reason")).map(str::to_owned);
    Some(Adjustment { place: Place { sku: sku?, location: location? }, delta: delta?, reason: reason? })
}

struct Adjust {
    adjustments: Vec<Adjustment>,
    /// Whether what is promised may be taken.
    takes_promised: bool,
    is_batch: bool,
}

impl Command for Adjust {
    async fn run(&self, uow: &mut Uow) -> Result<Answer, Refusal> {
        let mut skus: Vec<&Sku> = self.adjustments.iter().map(|adjustment| &adjustment.place.sku).collect();
        skus.sort_unstable();
        skus.dedup();
        let (_, stock) = ledger::look(uow, &skus).await?;
        let Adjusting { mut lines, short } = adjust(&self.adjustments, &stock, self.takes_promised)
            .map_err(|refused| self.refusal(&refused))?;
        let losers = victims::take(uow, short).await?.map_err(unfit)?;
        lines.extend_from_slice(&losers.movement);
        let is_new = |adjustment: &&Adjustment| !stock.contains_key(&adjustment.place);
        if !fits(&lines, losers.count(), self.adjustments.iter().filter(is_new).count()) {
            return Err(unfit(Unfit::TooMany).into());
        }
        self.list_places(uow).await?;
        let mut reasons: Vec<String> = self.adjustments.iter().map(|a| a.reason.clone()).collect();
        reasons.sort_unstable();
        reasons.dedup();
        ledger::enter(uow, Entry { about: None, reasons, lines })?;
        let told = losers.tell(uow)?;
        Ok(Answer::json(200, None, &self.answer(uow, &told))?)
    }
}

impl Adjust {
    async fn list_places(&self, uow: &mut Uow) -> Result<(), Refusal> {
        let places: Vec<Place> = self.adjustments.iter().map(|adjustment| adjustment.place.clone()).collect();
        let Err((place, TooManyLocations)) = ledger::list(uow, &places).await? else { return Ok(()) };
        let at = places.iter().position(|listed| listed == place).unwrap_or_default();
        let message = format!("{} lies at {MAX_LOCATIONS} locations already", place.sku);
        Err(Problem::new(422, "too-many-locations", "Too many locations", message.clone())
            .at(self.pointer(at, "location"), message)
            .into())
    }

    fn answer(&self, uow: &Uow, told: &[StockShort]) -> Value {
        let movement_id = uow.cause();
        let mut answer = match self.adjustments.first() {
            Some(Adjustment { place, delta, reason }) if !self.is_batch => json!({
                "sku": place.sku, "location": place.location, "delta": delta, "reason": reason,
                "movement_id": movement_id,
            }),
            _ => json!({ "adjusted": self.adjustments.len(), "movement_id": movement_id }),
        };
        if !told.is_empty() {
            answer["short"] = json!(told);
        }
        answer
    }

    fn refusal(&self, refused: &[(usize, Refused)]) -> Problem {
        let problem = match refused.iter().map(|(_, refused)| refused).min() {
            Some(Refused::Negative { .. }) | None => {
                let detail = "there are not that many pieces to take away";
                Problem::new(422, "negative-stock", "Negative stock", detail)
            }
            Some(Refused::Quarantined { .. }) => {
                let detail = "the pieces are there, but they came back and wait for a decision";
                Problem::new(409, "stock-quarantined", "Stock is in quarantine", detail)
                    .hint("decide first: POST /stock/{sku}/quarantine")
            }
            Some(Refused::Promised { .. }) => {
                let detail = "the pieces are there, but they are promised to orders or held for carts";
                Problem::new(409, "stock-promised", "Stock is promised", detail).hint(
                    "take away no more than what is available, or say \"take_promised\": true: carts and then the \
                     newest orders lose what is missing",
                )
            }
        };
        refused.iter().fold(problem, |problem, (at, refused)| {
            problem.at(self.pointer(*at, "delta"), message(&self.adjustments[*at], *refused))
        })
    }

    fn pointer(&self, at: usize, field: &str) -> String {
        if self.is_batch { format!("/adjustments/{at}/{field}") } else { format!("/{field}") }
    }
}

fn message(adjustment: &Adjustment, refused: Refused) -> String {
    let Place { sku, location } = &adjustment.place;
    match refused {
        Refused::Negative { on_hand } => format!("{on_hand} of {sku} at {location} on hand"),
        Refused::Quarantined { quarantine, rest } => {
            format!("{rest} of {sku} at {location} on hand besides {quarantine} in quarantine")
        }
        Refused::Promised { available, promised } => {
            format!("{available} of {sku} at {location} available, {promised} promised")
        }
    }
}

fn unfit(unfit: Unfit) -> Problem {
    match unfit {
        Unfit::TooMany => {
            let detail = "too many orders and carts would lose something at once";
            Problem::new(409, "too-many-lose", "Too many lose something", detail)
                .hint("take away less at a time: do it in smaller steps")
        }
        // What an index shows may be old, so this refusal is no last word: an earlier try under the same key may still
        // succeed.
        Unfit::NotFound => {
            let detail = "not all of the orders and carts that have these pieces were found";
            Problem::new(503, "holders-not-found", "Holders not found yet", detail)
                .hint("somebody may have come in between: try again")
                .retry_after(1)
        }
    }
}
