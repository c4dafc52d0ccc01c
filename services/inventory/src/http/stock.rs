//! How much there is, receipts and corrections of it, and the cards.

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use contracts::{LocationId, Sku};
use runtime::{Answer, Command, Problem, Refusal, Uow};
use serde_json::{Value, json};

use super::form::Form;
use super::{Body, Desk, json, read};
use crate::domain::{
    Adjustment, Card, MAX_ADJUSTMENTS, MAX_LOCATIONS, Place, Refused, Stock, TooManyLocations, adjust,
};
use crate::ledger::{self, CARDS, Entry, STOCK, places_of, stock_of};

/// No single receipt is larger, so that counts stay far from the end of 64 bits.
const MAX_DELTA: i64 = 1_000_000_000;

pub(super) async fn show(State(desk): State<Desk>, Path(sku): Path<String>) -> Result<Response, Problem> {
    let reader = desk.edge.reader();
    let sku: Sku = sku.parse().map_err(|_| Problem::not_found("sku", &sku))?;
    let card = reader.get(&CARDS, sku.as_str()).await?;
    let card = card.ok_or_else(|| Problem::not_found("sku", sku.as_str()))?;
    let places: Vec<Place> = places_of(&sku, Some(&card)).collect();
    let ids: Vec<String> = places.iter().map(Place::id).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let levels = reader.levels(&STOCK, &ids).await?;
    let mut total = Stock::default();
    let mut locations = vec![];
    for (place, levels) in places.iter().zip(&levels) {
        let stock = stock_of(levels);
        total = total.plus(stock);
        locations.push(with_fields(json!({ "location": place.location }), stock));
    }
    let mut body = with_fields(json!({ "sku": sku }), total);
    body["locations"] = locations.into();
    body["low_stock"] = card.low_stock.or(desk.config.low_stock).into();
    json(&body)
}

fn with_fields(mut body: Value, stock: Stock) -> Value {
    for (field, n) in stock.fields() {
        body[field] = n.into();
    }
    body
}

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
    form.done("invalid-adjustment", "Invalid adjustment")?;
    let write = desk.edge.write(format!("POST /stock/{sku}/adjust"), &headers, bytes)?;
    desk.edge.run(&write, &Adjust { adjustments: adjustment.into_iter().collect(), is_batch: false }).await
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
    form.done("invalid-adjustment", "Invalid adjustment")?;
    let write = desk.edge.write("POST /stock/adjust", &headers, bytes)?;
    desk.edge.run(&write, &Adjust { adjustments, is_batch: true }).await
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
    is_batch: bool,
}

impl Command for Adjust {
    async fn run(&self, uow: &mut Uow) -> Result<Answer, Refusal> {
        let mut skus: Vec<&Sku> = self.adjustments.iter().map(|adjustment| &adjustment.place.sku).collect();
        skus.sort_unstable();
        skus.dedup();
        let (_, stock) = ledger::look(uow, &skus).await?;
        let lines = adjust(&self.adjustments, &stock).map_err(|refused| self.refusal(&refused))?;
        self.list_places(uow).await?;
        let mut reasons: Vec<String> = self.adjustments.iter().map(|a| a.reason.clone()).collect();
        reasons.sort_unstable();
        reasons.dedup();
        ledger::enter(uow, Entry { about: None, reasons, lines })?;
        Ok(Answer::json(200, None, &self.answer(uow))?)
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

    fn answer(&self, uow: &Uow) -> Value {
        let movement_id = uow.cause();
        match self.adjustments.first() {
            Some(Adjustment { place, delta, reason }) if !self.is_batch => json!({
                "sku": place.sku, "location": place.location, "delta": delta, "reason": reason,
                "movement_id": movement_id,
            }),
            _ => json!({ "adjusted": self.adjustments.len(), "movement_id": movement_id }),
        }
    }

    fn refusal(&self, refused: &[(usize, Refused)]) -> Problem {
        let is_negative = refused.iter().any(|(_, refused)| matches!(refused, Refused::Negative { .. }));
        let problem = if is_negative {
            Problem::new(
                422,
                "negative-stock",
                "Negative stock",
                "there are not that many pieces to take away",
            )
        } else {
            let detail = "the pieces are there, but they are promised to orders or held for carts";
            Problem::new(409, "stock-promised", "Stock is promised", detail)
                .hint("cancel orders first, or take away no more than what is available")
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
        Refused::Promised { available, promised } => {
            format!("{available} of {sku} at {location} available, {promised} promised")
        }
    }
}

pub(super) async fn put_card(
    State(desk): State<Desk>,
    Path(sku): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let sku: Sku = sku.parse().map_err(|_| Problem::not_found("sku", &sku))?;
    let (bytes, value) = read(&headers, body)?;
    let mut form = Form::new(&value);
    let mut locations: Vec<LocationId> = vec![];
    for at in 0..form.elements("/locations", MAX_LOCATIONS) {
        let pointer = format!("/locations/{at}");
        match form.id::<LocationId>(&pointer) {
            Some(location) if locations.contains(&location) => form.wrong(&pointer, "is there twice"),
            location => locations.extend(location),
        }
    }
    let low_stock = form.optional_integer("/low_stock", 0, i64::from(u32::MAX));
    form.done("invalid-card", "Invalid card")?;
    let low_stock = low_stock.and_then(|n| u32::try_from(n).ok());
    let write = desk.edge.write(format!("PUT /stock/{sku}"), &headers, bytes)?;
    desk.edge.run(&write, &PutCard { sku, card: Card { locations, low_stock } }).await
}

struct PutCard {
    sku: Sku,
    card: Card,
}

impl Command for PutCard {
    async fn run(&self, uow: &mut Uow) -> Result<Answer, Refusal> {
        let mut card = ledger::card_of(uow, &self.sku).await?;
        let left_out: Vec<&str> = card
            .locations
            .iter()
            .filter(|location| !self.card.lists(location))
            .map(LocationId::as_str)
            .collect();
        if !left_out.is_empty() {
            let detail = format!("{} may lie at {} too", self.sku, left_out.join(", "));
            return Err(Problem::new(422, "location-left-out", "Location left out", detail.clone())
                .at("/locations", detail)
                .hint("list every known location: stock there would get out of sight")
                .into());
        }
        card.data = self.card.clone();
        uow.put(&CARDS, card)?;
        let Card { locations, low_stock } = &self.card;
        Ok(Answer::json(
            200,
            None,
            &json!({ "sku": self.sku, "locations": locations, "low_stock": low_stock }),
        )?)
    }
}
