//! Given, when, then.

use contracts::events::stock::StockLine;
use contracts::{LocationId, Quantity, Sku, Timestamp};

use super::Promise;

mod adjusting;
mod allocating;
mod deciding;
mod identity;
mod journeys;
mod returning;

fn sku(text: &str) -> Sku {
    Sku::new(text).unwrap()
}

fn location(text: &str) -> LocationId {
    LocationId::new(text).unwrap()
}

fn pieces(n: u32) -> Quantity {
    Quantity::new(n).unwrap()
}

fn line(of: &str, quantity: u32, at: &str) -> StockLine {
    StockLine { sku: sku(of), quantity: pieces(quantity), location: location(at) }
}

fn promise(lines: Vec<StockLine>) -> Promise {
    Promise { lines, missing: vec![], at: at_second(1) }
}

fn at_second(second: i64) -> Timestamp {
    Timestamp::from_micros(second * 1_000_000)
}
