//! Whatever happens in whatever order: on hand = available + reserved + allocated + quarantine, all at least 0.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::{at_second, location, pieces, sku};
use crate::domain::{
    Adjustment, Ends, Hold, HoldState, Kind, MovementLine, Place, Reservation, Stock, Supply, adjust, cancel,
    confirm, is_open, lines_of, reserve, shifts,
};

#[derive(Debug, Clone)]
enum Step {
    Place { order: usize, wants: Vec<(usize, u32)>, hold: usize },
    Confirm(usize),
    Cancel(usize),
    Hold { hold: usize, wants: Vec<(usize, u32)> },
    End { hold: usize, how: Ends },
    Adjust { sku: usize, at: usize, delta: i64 },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let wants = || {
        prop::collection::btree_map(0usize..3, 1u32..6, 1..3).prop_map(|wants| wants.into_iter().collect())
    };
    let ends = prop_oneof![Just(Ends::Expired), Just(Ends::Released)];
    let step = prop_oneof![
        3 => (0usize..6, wants(), 0usize..4).prop_map(|(order, wants, hold)| Step::Place { order, wants, hold }),
        2 => (0usize..6).prop_map(Step::Confirm),
        2 => (0usize..6).prop_map(Step::Cancel),
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
}

impl Warehouse {
    fn take(&mut self, step: Step) {
        match step {
            Step::Place { order, wants, hold } => self.place(order, &wants, hold),
            Step::Confirm(order) => {
                if let Ok(Some(decision)) = confirm(self.orders.get(&order)) {
                    self.orders.insert(order, decision.next);
                    self.apply(&decision.movement);
                }
            }
            Step::Cancel(order) => {
                if let Some(decision) = cancel(self.orders.get(&order)) {
                    self.orders.insert(order, decision.next);
                    self.apply(&decision.movement);
                }
            }
            Step::Hold { hold, wants } => self.hold(hold, &wants),
            Step::End { hold, how } => {
                let held = self.holds.get_mut(&hold).filter(|hold| hold.is_held());
                if let Some(back) = held.map(|hold| hold.end(how, at_second(1))) {
                    self.apply(&back);
                }
            }
            Step::Adjust { sku: of, at, delta } => {
                let place = Place { sku: sku(&format!("s{of}")), location: location(&format!("l{at}")) };
                let adjustments = [Adjustment { place, delta, reason: "counted".to_owned() }];
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
                self.orders.insert(order, Reservation::Reserved { lines: reserving.lines });
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
            assert!(stock.available >= shift.needs_available(), "a decision asked for more than it read");
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
                Reservation::Reserved { lines } => add(lines, &mut reserved),
                Reservation::Committed { lines } => add(lines, &mut allocated),
                Reservation::Rejected { .. } | Reservation::Released { .. } | Reservation::Cancelled => {}
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
