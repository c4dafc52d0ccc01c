//! Whatever happens in whatever order: on hand = available + reserved + allocated + quarantine, all at least 0.

use std::collections::{BTreeMap, BTreeSet};

use contracts::Quantity;
use contracts::events::returns::{Condition, ReturnedLine};
use proptest::prelude::*;

use super::journeys::{After, after};
use super::{at_second, location, pieces, promise, sku};
use crate::domain::{
    Adjusting, Adjustment, Ends, Hold, HoldState, Kind, MovementLine, Place, Reservation, Return, Stock,
    Supply, adjust, is_open, lines_of, lose, reserve, shifts, transfer,
};

/// Which SKU, and which location.
type At = (usize, usize);

#[derive(Debug, Clone)]
enum Step {
    Place {
        order: usize,
        wants: Vec<(usize, u32)>,
        hold: usize,
    },
    /// What happens to an order after it was placed.
    Then(usize, After),
    /// A return, by its number.
    Return(usize, At, u32, Condition),
    /// What becomes of what came back.
    Decide(At, u32, Kind),
    Hold {
        hold: usize,
        wants: Vec<(usize, u32)>,
    },
    End {
        hold: usize,
        how: Ends,
    },
    /// Perhaps taking what is promised.
    Adjust(At, i64, bool),
    /// To the other location.
    Transfer(At, u32),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let wants = || {
        prop::collection::btree_map(0usize..3, 1u32..6, 1..3).prop_map(|wants| wants.into_iter().collect())
    };
    let ends = prop_oneof![Just(Ends::Expired), Just(Ends::Released)];
    let decisions = prop_oneof![Just(Kind::Restocked), Just(Kind::WrittenOff)];
    let conditions = prop::sample::select(Condition::ALL);
    let at = || (0usize..3, 0usize..2);
    let step = prop_oneof![
        3 => (0usize..6, wants(), 0usize..4).prop_map(|(order, wants, hold)| Step::Place { order, wants, hold }),
        6 => (0usize..6, after()).prop_map(|(order, after)| Step::Then(order, after)),
        1 => (0usize..4, at(), 1u32..6, conditions).prop_map(|(id, at, n, how)| Step::Return(id, at, n, how)),
        1 => (at(), 1u32..6, decisions).prop_map(|(at, n, kind)| Step::Decide(at, n, kind)),
        2 => (0usize..3, wants()).prop_map(|(hold, wants)| Step::Hold { hold, wants }),
        1 => (0usize..3, ends).prop_map(|(hold, how)| Step::End { hold, how }),
        4 => (at(), -12i64..20, any::<bool>()).prop_map(|(at, delta, takes)| Step::Adjust(at, delta, takes)),
        1 => (at(), 1u32..6).prop_map(|(at, n)| Step::Transfer(at, n)),
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

fn place((of, at): At) -> Place {
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
            Step::Return(id, at, n, condition) => self.come_back(id, &place(at), pieces(n), condition),
            Step::Decide(at, n, kind) => self.decide(place(at), n, kind),
            Step::Hold { hold, wants } => self.hold(hold, &wants),
            Step::End { hold, how } => {
                let held = self.holds.get_mut(&hold).filter(|hold| hold.is_held());
                if let Some(back) = held.map(|hold| hold.end(how, at_second(1))) {
                    self.apply(&back);
                }
            }
            Step::Adjust(at, delta, takes) => {
                let adjustments = [Adjustment { place: place(at), delta, reason: "counted".to_owned() }];
                if let Ok(adjusting) = adjust(&adjustments, &self.stock, takes) {
                    self.adjust(adjusting);
                }
            }
            Step::Transfer((of, at), n) => {
                let (from, to) = (place((of, at)), place((of, 1 - at)));
                let lines = BTreeMap::from([(from.sku, pieces(n))]);
                if let Ok(movement) = transfer(&from.location, &to.location, &lines, &self.stock) {
                    self.apply(&movement);
                }
            }
        }
    }

    /// Carts lose first, then orders.
    fn adjust(&mut self, adjusting: Adjusting) {
        let Adjusting { mut lines, mut short } = adjusting;
        for hold in self.holds.values_mut() {
            if hold.promised().is_some_and(|(_, held)| short.touches(held)) {
                short.take(&hold.lines);
                lines.extend(hold.end(Ends::Taken, at_second(1)));
            }
        }
        for order in self.orders.values_mut() {
            let taken = order.promised().map_or(vec![], |(_, promised)| short.take(promised));
            if let Some(decision) = lose(order, &taken) {
                *order = decision.next;
                lines.extend(decision.movement);
            }
        }
        assert!(short.is_covered(), "more is promised than anybody has");
        self.apply(&lines);
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
        let stocked = (0..3).flat_map(|sku| (0..2).map(move |at| Step::Adjust((sku, at), 8, false)));
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
