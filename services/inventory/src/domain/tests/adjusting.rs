use std::collections::BTreeMap;

use super::{location, sku};
use crate::domain::{Adjustment, Card, Kind, MAX_LOCATIONS, Place, Refused, Stock, TooManyLocations, adjust};

fn main_of(of: &str) -> Place {
    Place { sku: sku(of), location: location("main") }
}

fn by(of: &str, delta: i64, reason: &str) -> Adjustment {
    Adjustment { place: main_of(of), delta, reason: reason.to_owned() }
}

/// Ten of `a`: six available, four promised.
fn stock() -> BTreeMap<Place, Stock> {
    let a = Stock { on_hand: 10, available: 6, reserved: 3, allocated: 1, quarantine: 0 };
    BTreeMap::from([(main_of("a"), a)])
}

#[test]
fn an_adjustment_never_takes_what_is_not_there_or_what_is_promised() {
    let promised = Refused::Promised { available: 6, promised: 4 };
    for (why, adjustments, expected) in [
        ("all that is available", vec![by("a", -6, "damaged")], Ok(vec![Kind::Adjusted])),
        ("one more is promised", vec![by("a", -7, "damaged")], Err(vec![(0, promised)])),
        ("down to nothing on hand", vec![by("a", -10, "damaged")], Err(vec![(0, promised)])),
        (
            "more than there is",
            vec![by("a", -11, "damaged")],
            Err(vec![(0, Refused::Negative { on_hand: 10 })]),
        ),
        ("nothing of it", vec![by("b", -1, "damaged")], Err(vec![(0, Refused::Negative { on_hand: 0 })])),
        ("new stock", vec![by("b", 5, "counted")], Ok(vec![Kind::Received])),
        ("found some", vec![by("a", 5, "counted")], Ok(vec![Kind::Adjusted])),
        ("a receipt", vec![by("a", 5, "received")], Ok(vec![Kind::Received])),
        ("judged together", vec![by("a", -7, "damaged"), by("a", 1, "found")], Ok(vec![Kind::Adjusted; 2])),
        (
            "refused together, naming what takes away",
            vec![by("a", 1, "found"), by("a", -5, "damaged"), by("a", -3, "lost")],
            Err(vec![(1, promised), (2, promised)]),
        ),
    ] {
        let kinds = adjust(&adjustments, &stock()).map(|lines| lines.iter().map(|line| line.kind).collect());
        assert_eq!(kinds, expected, "{why}");
    }
}

#[test]
fn a_card_lists_each_location_once_and_not_too_many() {
    let mut card = Card::default();
    for at in 0..MAX_LOCATIONS {
        card.add(location(&format!("l{at}"))).unwrap();
    }
    assert_eq!(card.add(location("l3")), Ok(()));
    assert_eq!(card.add(location("one-more")), Err(TooManyLocations));
    assert_eq!(card.locations.len(), MAX_LOCATIONS);
}
