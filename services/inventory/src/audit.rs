//! The books, done again: the counts of every place from its movements, and from what is promised, and both compared
//! with the counters.

use std::collections::{BTreeMap, BTreeSet};

use contracts::Timestamp;
use contracts::events::stock::StockLine;
use runtime::{Audit, Fail, Findings, Reader};
use serde_json::json;

use crate::domain::{Hold, Kind, Movement, Place, Reservation, Stock, shifts};
use crate::ledger::{CARDS, HOLDS, MOVEMENTS, RESERVATIONS, STOCK, stock_of};

pub(crate) struct StockAudit;

impl Audit for StockAudit {
    async fn audit(&self, reader: &Reader, _now: Timestamp) -> Result<Findings, Fail> {
        let mut picture = reader.snapshot().await?;
        let mut books = Books::default();
        picture.each(&MOVEMENTS, |movement| books.moved(&movement)).await?;
        picture.each(&RESERVATIONS, |doc| books.reservation(doc.id, doc.data)).await?;
        picture.each(&HOLDS, |doc| books.hold(&doc.data)).await?;
        picture.each_level(&STOCK, |id, levels| books.counted(&id, stock_of(&levels))).await?;
        let mut listed = BTreeSet::new();
        picture
            .each(&CARDS, |card| {
                listed.extend(card.locations.iter().map(|location| format!("{}@{location}", card.id)));
            })
            .await?;
        Ok(books.findings(&listed))
    }
}

/// What was found about every place, from three sides.
#[derive(Default)]
struct Books {
    counted: BTreeMap<Place, Stock>,
    moved: BTreeMap<Place, Stock>,
    /// `reserved` and `allocated` of what is promised.
    promised: BTreeMap<Place, Stock>,
    received: BTreeMap<Place, i64>,
    violations: Vec<String>,
    facts: BTreeMap<String, BTreeMap<String, serde_json::Value>>,
}

impl Books {
    fn moved(&mut self, movement: &Movement) {
        for (place, shift) in shifts(&movement.lines) {
            let sum = self.moved.entry(place).or_default();
            *sum = sum.plus(shift.0);
        }
        for line in movement.lines.iter().filter(|line| matches!(line.kind, Kind::Received | Kind::Adjusted))
        {
            let place = Place { sku: line.sku.clone(), location: line.location.clone() };
            *self.received.entry(place).or_default() += line.quantity;
        }
    }

    fn reservation(&mut self, id: String, reservation: Reservation) {
        let state = reservation.status();
        let lines = match reservation {
            Reservation::Reserved { lines } => {
                self.promise(&lines, |n| Stock { reserved: n, ..Stock::default() });
                lines
            }
            Reservation::Committed { lines } => {
                self.promise(&lines, |n| Stock { allocated: n, ..Stock::default() });
                lines
            }
            Reservation::Released { lines } => lines,
            Reservation::Rejected { .. } | Reservation::Cancelled => vec![],
        };
        let mut by_sku = BTreeMap::<String, i64>::new();
        for line in &lines {
            *by_sku.entry(line.sku.to_string()).or_default() += i64::from(line.quantity.get());
        }
        self.fact("reservations", id, json!({ "state": state, "lines": by_sku }));
    }

    fn hold(&mut self, hold: &Hold) {
        if hold.is_held() {
            self.promise(&hold.lines, |n| Stock { reserved: n, ..Stock::default() });
        }
    }

    fn promise(&mut self, lines: &[StockLine], stock: impl Fn(i64) -> Stock) {
        for line in lines {
            let sum = self.promised.entry(Place::of(line)).or_default();
            *sum = sum.plus(stock(i64::from(line.quantity.get())));
        }
    }

    fn counted(&mut self, id: &str, stock: Stock) {
        match Place::from_id(id) {
            Some(place) => {
                self.counted.insert(place, stock);
            }
            None => self.violations.push(format!("the counter {id:?} is not named <sku>@<location>")),
        }
    }

    fn fact(&mut self, kind: &str, id: String, value: serde_json::Value) {
        self.facts.entry(kind.to_owned()).or_default().insert(id, value);
    }

    fn findings(mut self, listed: &BTreeSet<String>) -> Findings {
        let sides = [&self.counted, &self.moved, &self.promised];
        let places: BTreeSet<Place> = sides.iter().flat_map(|side| side.keys().cloned()).collect();
        for place in places {
            let counted = of(&self.counted, &place);
            let moved = of(&self.moved, &place);
            self.judge(&place, counted, moved);
            if !listed.contains(&place.id()) {
                self.violations
                    .push(format!("{}: has stock, but its card does not list the location", name(&place)));
            }
            let Place { sku, location } = &place;
            let Stock { on_hand, reserved, allocated, .. } = counted;
            let sold = self.received.get(&place).copied().unwrap_or_default() - moved.on_hand;
            let told =
                json!({ "on_hand": on_hand, "reserved": reserved, "allocated": allocated, "sold": sold });
            self.fact("stock", format!("{sku}|{location}"), told);
        }
        Findings { violations: self.violations, facts: self.facts }
    }

    fn judge(&mut self, place: &Place, counted: Stock, moved: Stock) {
        let name = name(place);
        let Stock { on_hand, available, reserved, allocated, quarantine } = counted;
        if !counted.adds_up() {
            self.violations.push(format!(
                "{name}: on_hand {on_hand} is not available {available} + reserved {reserved} + allocated \
                 {allocated} + quarantine {quarantine}, all at least 0"
            ));
        }
        for ((field, counted), (_, moved)) in counted.fields().into_iter().zip(moved.fields()) {
            if counted != moved {
                self.violations
                    .push(format!("{name}: {field} is {counted}, but its movements add up to {moved}"));
            }
        }
        let promised = of(&self.promised, place);
        if reserved != promised.reserved {
            let sum = promised.reserved;
            self.violations.push(format!(
                "{name}: reserved is {reserved}, but live reservations and holds add up to {sum}"
            ));
        }
        if allocated != promised.allocated {
            let sum = promised.allocated;
            self.violations.push(format!(
                "{name}: allocated is {allocated}, but committed reservations add up to {sum}"
            ));
        }
    }
}

fn of(side: &BTreeMap<Place, Stock>, place: &Place) -> Stock {
    side.get(place).copied().unwrap_or_default()
}

fn name(place: &Place) -> String {
    format!("{} at {}", place.sku, place.location)
}
