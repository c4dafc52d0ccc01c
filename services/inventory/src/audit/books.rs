//! What is found about every place, from three sides: what is counted, what moved, and what the documents say.

use std::collections::{BTreeMap, BTreeSet};

use contracts::Sku;
use contracts::events::stock::StockLine;
use runtime::Findings;
use serde_json::{Value, json};

use crate::domain::{Hold, Kind, Movement, Place, Promise, Reservation, Return, Stock, shifts};

/// Pieces by place.
type Pieces = BTreeMap<Place, i64>;

#[derive(Default)]
pub(super) struct Books {
    counted: BTreeMap<Place, Stock>,
    moved: BTreeMap<Place, Stock>,
    /// The movements of each kind, added up.
    by_kind: BTreeMap<Kind, Pieces>,
    /// What the movements of each return brought.
    brought: BTreeMap<String, BTreeMap<Sku, i64>>,
    /// What the documents say should be reserved, allocated, sold, lost and brought back.
    reserved: Pieces,
    allocated: Pieces,
    sold: Pieces,
    lost: Pieces,
    brought_back: Pieces,
    /// And what orders were promised and did not get.
    missing: Pieces,
    violations: Vec<String>,
    facts: BTreeMap<String, BTreeMap<String, Value>>,
}

impl Books {
    pub(super) fn moved(&mut self, movement: &Movement) {
        for (place, shift) in shifts(&movement.lines) {
            let sum = self.moved.entry(place).or_default();
            *sum = sum.plus(shift.0);
        }
        for line in &movement.lines {
            let place = Place { sku: line.sku.clone(), location: line.location.clone() };
            *self.by_kind.entry(line.kind).or_default().entry(place).or_default() += line.quantity;
            if let (Kind::Returned, Some(id)) = (line.kind, &movement.about) {
                let brought = self.brought.entry(id.clone()).or_default();
                *brought.entry(line.sku.clone()).or_default() += line.quantity;
            }
        }
    }

    pub(super) fn reservation(&mut self, id: String, reservation: &Reservation) {
        let nothing = Promise::default();
        let (promise, sides): (&Promise, Vec<&mut Pieces>) = match reservation {
            Reservation::Reserved(promise) => (promise, vec![&mut self.reserved]),
            Reservation::Committed(promise) => (promise, vec![&mut self.allocated]),
            Reservation::Sold(promise) => (promise, vec![&mut self.sold]),
            Reservation::Lost(promise) => (promise, vec![&mut self.sold, &mut self.lost]),
            Reservation::BroughtBack(promise) => (promise, vec![&mut self.sold, &mut self.brought_back]),
            Reservation::Released(promise) => (promise, vec![]),
            Reservation::Rejected { .. } | Reservation::Cancelled => (&nothing, vec![]),
        };
        for side in sides {
            add(side, &promise.lines);
        }
        add(&mut self.missing, &promise.missing);
        let mut told = json!({ "state": reservation.status(), "lines": by_sku(&promise.lines) });
        if !promise.missing.is_empty() {
            told["missing"] = json!(by_sku(&promise.missing));
        }
        self.fact("reservations", id, told);
    }

    pub(super) fn hold(&mut self, hold: &Hold) {
        if hold.is_held() {
            add(&mut self.reserved, &hold.lines);
        }
    }

    pub(super) fn came_back(&mut self, id: String, came: &Return) {
        let mut booked = BTreeMap::<Sku, i64>::new();
        for line in came.lines.iter().take(came.booked) {
            *booked.entry(line.sku.clone()).or_default() += i64::from(line.quantity.get());
        }
        let brought = self.brought.remove(&id).unwrap_or_default();
        if brought != booked {
            self.violations.push(format!(
                "return {id}: it says that {} came back, but its movements say {}",
                told(&booked),
                told(&brought)
            ));
        }
        let fact = json!({ "order_id": came.order_id, "location": came.location, "lines": booked });
        self.fact("returns", id, fact);
    }

    pub(super) fn counted(&mut self, id: &str, stock: Stock) {
        match Place::from_id(id) {
            Some(place) => {
                self.counted.insert(place, stock);
            }
            None => self.violations.push(format!("the counter {id:?} is not named <sku>@<location>")),
        }
    }

    fn fact(&mut self, kind: &str, id: String, value: Value) {
        self.facts.entry(kind.to_owned()).or_default().insert(id, value);
    }

    pub(super) fn findings(mut self, listed: &BTreeSet<String>) -> Findings {
        let mut places: BTreeSet<Place> = self.counted.keys().chain(self.moved.keys()).cloned().collect();
        for side in
            [&self.reserved, &self.allocated, &self.sold, &self.lost, &self.brought_back, &self.missing]
        {
            places.extend(side.keys().cloned());
        }
        for place in places {
            self.count(&place);
            self.documents(&place);
            if !listed.contains(&place.id()) {
                self.violations
                    .push(format!("{}: has stock, but its card does not list the location", name(&place)));
            }
            self.tell(&place);
        }
        for (id, brought) in std::mem::take(&mut self.brought) {
            self.violations
                .push(format!("return {id}: its movements say {}, and it is not there", told(&brought)));
        }
        Findings { violations: self.violations, facts: self.facts }
    }

    /// The counter against itself, and against the movements.
    fn count(&mut self, place: &Place) {
        let name = name(place);
        let counted = self.counted.get(place).copied().unwrap_or_default();
        let moved = self.moved.get(place).copied().unwrap_or_default();
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
    }

    /// The counter and the movements against what the documents say.
    fn documents(&mut self, place: &Place) {
        let counted = self.counted.get(place).copied().unwrap_or_default();
        let compared = [
            ("reserved is", counted.reserved, "live reservations and holds", &self.reserved),
            ("allocated is", counted.allocated, "committed reservations", &self.allocated),
            ("movements sold", self.sum(Kind::Sold, place), "the orders that left", &self.sold),
            ("movements lost", self.sum(Kind::Lost, place), "the orders that were lost", &self.lost),
            (
                "movements brought back",
                self.sum(Kind::BroughtBack, place),
                "the orders that were brought back",
                &self.brought_back,
            ),
            (
                "movements took from orders",
                self.sum(Kind::MissingReserved, place) + self.sum(Kind::MissingAllocated, place),
                "what orders miss",
                &self.missing,
            ),
        ];
        let differ = compared.into_iter().filter_map(|(what, n, which, side)| {
            let said = side.get(place).copied().unwrap_or_default();
            (n != said).then(|| format!("{}: {what} {n}, but {which} add up to {said}", name(place)))
        });
        self.violations.extend(differ);
    }

    fn tell(&mut self, place: &Place) {
        let Place { sku, location } = place;
        let mut told = json!({});
        for (field, n) in self.counted.get(place).copied().unwrap_or_default().fields() {
            told[field] = n.into();
        }
        told["sold"] = self.sum(Kind::Sold, place).into();
        told["lost"] = self.sum(Kind::Lost, place).into();
        told["returned"] = (self.sum(Kind::Returned, place) + self.sum(Kind::BroughtBack, place)).into();
        told["written_off"] = self.sum(Kind::WrittenOff, place).into();
        self.fact("stock", format!("{sku}|{location}"), told);
    }

    fn sum(&self, kind: Kind, place: &Place) -> i64 {
        self.by_kind.get(&kind).and_then(|places| places.get(place)).copied().unwrap_or_default()
    }
}

fn add(side: &mut Pieces, lines: &[StockLine]) {
    for line in lines {
        *side.entry(Place::of(line)).or_default() += i64::from(line.quantity.get());
    }
}

fn by_sku(lines: &[StockLine]) -> BTreeMap<&Sku, i64> {
    let mut sums = BTreeMap::new();
    for line in lines {
        *sums.entry(&line.sku).or_default() += i64::from(line.quantity.get());
    }
    sums
}

fn told(pieces: &BTreeMap<Sku, i64>) -> String {
    let each: Vec<String> = pieces.iter().map(|(sku, n)| format!("{n} of {sku}")).collect();
    if each.is_empty() { "nothing".to_owned() } else { each.join(", ") }
}

fn name(place: &Place) -> String {
    format!("{} at {}", place.sku, place.location)
}
