//! Whatever happens in whatever order: on hand = available + reserved + allocated + quarantine, all at least 0.

use std::collections::{BTreeMap, BTreeSet};

use contracts::Quantity;
use contracts::events::returns::{Condition, ReturnedLine};
use proptest::prelude::*;

use super::journeys::{After, after};
use super::{at_second, location, pieces, promise, sku};
use crate::domain::{
    Adjustment, Ends, Hold, HoldState, Kind, MovementLine, Place, Reservation, Return, Stock, Supply, adjust,
    is_open, lines_of, reserve, shifts,
};

#[derive(Debug, Clone)]
enum Step {
    Place {
        order: usize,
        wants: Vec<(usize, u32)>,
        hold: usize,
    },
    /// What happens to an order after it was placed.
    Then(usize, After),
    Return {
        id: usize,
        of: usize,
        at: usize,
        quantity: u32,
        condition: Condition,
    },
    Decide {
        sku: usize,
        at: usize,
        quantity: u32,
        kind: Kind,
    },
    Hold {
        hold: usize,
        wants: Vec<(usize, u32)>,
    },
    End {
        hold: usize,
        how: Ends,
    },
    Adjust {
        sku: usize,
        at: usize,
        delta: i64,
    },
}

fn decisions() -> impl Strategy<Value = Kind> {
    prop_oneof![Just(Kind::Restocked), Just(Kind::WrittenOff)]
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let wants = || {
        prop::collection::btree_map(0usize..3, 1u32..6, 1..3).prop_map(|wants| wants.into_iter().collect())
    };
    let ends = prop_oneof![Just(Ends::Expired), Just(Ends::Released)];
    let step = prop_oneof![
        3 => (0usize..6, wants(), 0usize..4).prop_map(|(order, wants, hold)| Step::Place { order, wants, hold }),
        6 => (0usize..6, after()).prop_map(|(order, after)| Step::Then(order, after)),
        1 => (0usize..4, 0usize..3, 0usize..2, 1u32..6, prop::sample::select(Condition::ALL)).prop_map(
            |(id, of, at, quantity, condition)| Step::Return { id, of, at, quantity, condition }
        ),
        1 => (0usize..3, 0usize..2, 1u32..6, decisions()).prop_map(
            |(sku, at, quantity, kind)| Step::Decide { sku, at, quantity, kind }
        ),
        2 => (0usize..3, wants()).prop_map(|(hold, wants)| Step::Hold { hold, wants }),
        1 => (0usize..3, ends).prop_map(|(hold, how)| Step::End { hold, how }),
        3 => (0usize..3, 0usize..2, -12i64..20).prop_map(|(sku, at, delta)| Step::Adjust { sku, at, delta }),
    ];
    prop::collection::vec(step, 1..60)
}

/// A warehouse in memory, driven by the decisions.
#[derive(Default)]
struct Warehouse {
    stock: BTreeMap<Place, Stock>,
    orders: BTreeMap<usize, Reservation>,
    holds: BTreeMap<usize, Hold>,
    returns: BTreeSet<usize>,
}

fn place(of: usize, at: usize) -> Place {
    Place { sku: sku(&format!("s{of}")), location: location(&format!("l{at}")) }
}

impl Warehouse {
    fn take(&mut self, step: Step) {
        match step {
            Step::Place { order, wants, hold } => self.place(order, &wants, hold),
            Step::Then(order, after) => {
                if let Ok(Some(decision)) = after.decide(self.orders.get(&order)) {
                    self.orders.insert(order, decision.next);
                    self.apply(&decision.movement);
                }
            }
            Step::Return { id, of, at, quantity, condition } => {
                self.come_back(id, &place(of, at), pieces(quantity), condition);
            }
            Step::Decide { sku, at, quantity, kind } => self.decide(place(sku, at), quantity, kind),
            Step::Hold { hold, wants } => self.hold(hold, &wants),
            Step::End { hold, how } => {
                let held = self.holds.get_mut(&hold).filter(|hold| hold.is_held());
                if let Some(back) = held.map(|hold| hold.end(how, at_second(1))) {
                    self.apply(&back);
                }
            }
            Step::Adjust { sku: of, at, delta } => {
                let adjustments = [Adjustment { place: place(of, at), delta, reason: "counted".to_owned() }];
                if let Ok(lines) = adjust(&adjustments, &self.stock) {
                    self.apply(&lines);
                }
            }
        }
    }

    fn place(&mut self, order: usize, wants: &[(usize, u32)], hold: usize) {
        if !is_open(self.orders.get(&order)) {
            return;
        }
        let held = self.holds.get(&hold).filter(|hold| hold.is_held()).map(|hold| hold.lines.clone());
        match reserve(&self.supplies(wants), held.as_deref()) {
            Ok(reserving) => {
                if reserving.adopts {
                    let state = HoldState::Adopted { order_id: "o".parse().unwrap(), at: at_second(1) };
                    self.holds.get_mut(&hold).unwrap().state = state;
                }
                self.apply(&reserving.movement);
                self.orders.insert(order, Reservation::Reserved(promise(reserving.lines)));
            }
            Err(rejection) => {
                let rejected = Reservation::Rejected { reason: rejection.reason, short: rejection.short };
                self.orders.insert(order, rejected);
            }
        }
    }

    fn hold(&mut self, hold: usize, wants: &[(usize, u32)]) {
        if self.holds.contains_key(&hold) {
            return;
        }
        if let Ok(reserving) = reserve(&self.supplies(wants), None) {
            self.apply(&lines_of(Kind::Held, &reserving.lines).collect::<Vec<_>>());
            let hold_doc = Hold {
                cart_id: None,
                lines: reserving.lines,
                expires_at: at_second(9),
                state: HoldState::Held,
            };
            self.holds.insert(hold, hold_doc);
        }
    }

    fn come_back(&mut self, id: usize, place: &Place, quantity: Quantity, condition: Condition) {
        if !self.returns.insert(id) {
            return;
        }
        let lines = vec![ReturnedLine { sku: place.sku.clone(), quantity, condition }];
        let order_id = "o".parse().unwrap();
        let mut came = Return { order_id, location: place.location.clone(), lines, booked: 0 };
        self.apply(&came.book());
    }

    fn decide(&mut self, place: Place, quantity: u32, kind: Kind) {
        let there = self.stock.get(&place).copied().unwrap_or_default().quarantine;
        let quantity = i64::from(quantity);
        if there >= quantity {
            self.apply(&[MovementLine { kind, sku: place.sku, location: place.location, quantity }]);
        }
    }

    fn supplies(&self, wants: &[(usize, u32)]) -> Vec<Supply> {
        let supply = |(of, wanted): &(usize, u32)| {
            let of = sku(&format!("s{of}"));
            let at = self.stock.iter().filter(|(place, _)| place.sku == of);
            let at: Vec<_> = at.map(|(place, stock)| (place.location.clone(), stock.available)).collect();
            Supply { sku: of, wanted: pieces(*wanted), at: (!at.is_empty()).then_some(at) }
        };
        wants.iter().map(supply).collect()
    }

    /// As a counter would: the guard first, then the step.
    fn apply(&mut self, lines: &[MovementLine]) {
        for (place, shift) in shifts(lines) {
            let stock = self.stock.entry(place).or_default();
            for (part, least) in shift.needs() {
                let there = stock.fields().into_iter().find(|(field, _)| *field == part).unwrap().1;
                assert!(there >= least, "a decision asked for more {part} than it read");
            }
            *stock = stock.plus(shift.0);
        }
    }

    fn promised(&self, place: &Place) -> (i64, i64) {
        let (mut reserved, mut allocated) = (0, 0);
        let add = |lines: &[_], sum: &mut i64| {
            let here = lines.iter().filter(|line| Place::of(line) == *place);
            *sum += here.map(|line| i64::from(line.quantity.get())).sum::<i64>();
        };
        for order in self.orders.values() {
            match order {
                Reservation::Reserved(promise) => add(&promise.lines, &mut reserved),
                Reservation::Committed(promise) => add(&promise.lines, &mut allocated),
                Reservation::Sold(_) | Reservation::Lost(_) | Reservation::BroughtBack(_) => {}
                Reservation::Rejected { .. } | Reservation::Released(_) | Reservation::Cancelled => {}
            }
        }
        for hold in self.holds.values().filter(|hold| hold.is_held()) {
            add(&hold.lines, &mut reserved);
        }
        (reserved, allocated)
    }
}

proptest! {
    #[test]
    fn stock_adds_up_after_every_step_and_is_what_was_promised(steps in steps()) {
        let mut warehouse = Warehouse::default();
        let stocked = (0..3).flat_map(|sku| (0..2).map(move |at| Step::Adjust { sku, at, delta: 8 }));
        for step in stocked.chain(steps) {
            let told = format!("{step:?}");
            warehouse.take(step);
            for (place, stock) in &warehouse.stock {
                prop_assert!(stock.adds_up(), "after {}: {:?}", told, stock);
                prop_assert_eq!((stock.reserved, stock.allocated), warehouse.promised(place), "after {}", told);
            }
        }
    }
}
