//! How much there is, and the cards.

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use contracts::{LocationId, Sku};
use runtime::{Answer, Command, Problem, Refusal, Uow};
use serde_json::{Value, json};

use super::form::Form;
use super::{Body, Desk, json, read};
use crate::domain::{Card, MAX_LOCATIONS, Place, Stock};
use crate::ledger::{self, CARDS, STOCK, places_of, stock_of};

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
