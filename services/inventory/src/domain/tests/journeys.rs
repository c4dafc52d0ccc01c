//! Whatever is told of an order, in whatever order and however often: it ends where the events as a set say.

use contracts::events::order::CancelReason;
use proptest::prelude::*;

use super::{line, promise};
use crate::domain::{
    Cannot, Decision, Ended, Kind, Reservation, Stock, cancel, confirm, end_journey, is_open, lines_of, sell,
    shifts,
};

/// What may be told of an order after it was placed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum After {
    Confirmed,
    Cancelled,
    Undelivered,
    Dispatched,
    Lost,
    BroughtBack,
}

pub(super) fn after() -> impl Strategy<Value = After> {
    use After::{BroughtBack, Cancelled, Confirmed, Dispatched, Lost, Undelivered};
    prop::sample::select(vec![Confirmed, Confirmed, Cancelled, Undelivered, Dispatched, Lost, BroughtBack])
}

impl After {
    pub(super) fn decide(self, seen: Option<&Reservation>) -> Result<Option<Decision>, Cannot> {
        match self {
            Self::Confirmed => confirm(seen),
            Self::Cancelled => Ok(cancel(seen, CancelReason::CustomerRequest)),
            Self::Undelivered => Ok(cancel(seen, CancelReason::Undelivered)),
            Self::Dispatched => sell(seen),
            Self::Lost => end_journey(seen, Ended::Lost),
            Self::BroughtBack => end_journey(seen, Ended::BroughtBack),
        }
    }
}

/// What is told of an order, and where that ends: its state, and `on_hand available reserved allocated quarantine` of
/// ten pieces of which it wants four.
type Life = (&'static [After], &'static str, [i64; 5]);

/// Every life that an order can have.
const LIVES: &[Life] = {
    use After::{BroughtBack, Cancelled, Confirmed, Dispatched, Lost, Undelivered};
    &[
        (&[], "reserved", [10, 6, 4, 0, 0]),
        (&[Cancelled], "released", [10, 10, 0, 0, 0]),
        (&[Confirmed], "committed", [10, 6, 0, 4, 0]),
        (&[Confirmed, Cancelled], "released", [10, 10, 0, 0, 0]),
        (&[Confirmed, Dispatched], "sold", [6, 6, 0, 0, 0]),
        (&[Confirmed, Dispatched, Lost, Undelivered], "lost", [6, 6, 0, 0, 0]),
        (&[Confirmed, Lost, Undelivered], "lost", [6, 6, 0, 0, 0]),
        (&[Confirmed, Dispatched, BroughtBack], "brought_back", [10, 6, 0, 0, 4]),
        (&[Confirmed, Dispatched, BroughtBack, Undelivered], "brought_back", [10, 6, 0, 0, 4]),
    ]
};

fn life() -> impl Strategy<Value = (Life, Vec<Option<After>>)> {
    prop::sample::select(LIVES).prop_flat_map(|life| {
        // Each event at least once and some twice; `None` is order.placed.
        let once: Vec<Option<After>> = life.0.iter().copied().map(Some).chain([None]).collect();
        let told = prop::sample::subsequence(once.clone(), 0..=once.len())
            .prop_map(move |twice| [once.clone(), twice].concat())
            .prop_shuffle();
        (Just(life), told)
    })
}

/// One order and its stock.
struct Told {
    seen: Option<Reservation>,
    stock: Stock,
}

impl Told {
    /// Whether `event` must come again later.
    fn must_wait(&mut self, event: Option<After>) -> Result<bool, TestCaseError> {
        let lines = [line("a", 4, "main")];
        let decided = match event {
            None if is_open(self.seen.as_ref()) => Ok(Some(Decision {
                next: Reservation::Reserved(promise(lines.to_vec())),
                movement: lines_of(Kind::Reserved, &lines).collect(),
            })),
            None => Ok(None),
            Some(after) => after.decide(self.seen.as_ref()),
        };
        match decided {
            Ok(Some(decision)) => {
                self.seen = Some(decision.next);
                for shift in shifts(&decision.movement).values() {
                    self.stock = self.stock.plus(shift.0);
                }
                prop_assert!(self.stock.adds_up(), "{:?}", self.stock);
                Ok(false)
            }
            Ok(None) => Ok(false),
            Err(Cannot::NotSeenYet) => Ok(true),
            Err(Cannot::NothingHeld(state)) => Err(TestCaseError::fail(format!("{event:?} met {state}"))),
        }
    }
}

proptest! {
    #[test]
    fn an_order_ends_where_its_events_say_in_any_order_and_told_twice((life, events) in life()) {
        let (_, state, counts) = life;
        let mut told =
            Told { seen: None, stock: Stock { on_hand: 10, available: 10, ..Stock::default() } };
        let mut waiting = events;
        while !waiting.is_empty() {
            let before = waiting.len();
            for event in std::mem::take(&mut waiting) {
                if told.must_wait(event)? {
                    waiting.push(event);
                }
            }
            prop_assert!(waiting.len() < before, "nothing moves");
        }
        let found = (told.seen.as_ref().map(Reservation::status), told.stock.fields().map(|(_, n)| n));
        // A cancel that comes first leaves a tombstone: then nothing was ever taken.
        let is_same = found == (Some(state), counts);
        let is_tombstone = state == "released" && found == (Some("cancelled"), counts);
        prop_assert!(is_same || is_tombstone, "{:?}", found);
    }
}
