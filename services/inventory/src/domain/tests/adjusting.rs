use std::collections::BTreeMap;

use super::{line, location, pieces, promise, sku};
use crate::domain::{
    Adjustment, Card, Kind, MAX_LOCATIONS, Place, Refused, Reservation, Shortfall, Stock, TooManyLocations,
    adjust, lose, shifts, transfer,
};

fn main_of(of: &str) -> Place {
    Place { sku: sku(of), location: location("main") }
}

fn by(of: &str, delta: i64, reason: &str) -> Adjustment {
    Adjustment { place: main_of(of), delta, reason: reason.to_owned() }
}

/// Ten of `a`: six available, four promised. Five of `q`: one available, one promised, three in quarantine.
fn stock() -> BTreeMap<Place, Stock> {
    let a = Stock { on_hand: 10, available: 6, reserved: 3, allocated: 1, quarantine: 0 };
    let q = Stock { on_hand: 5, available: 1, reserved: 1, allocated: 0, quarantine: 3 };
    BTreeMap::from([(main_of("a"), a), (main_of("q"), q)])
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
        (
            "what came back is decided on first",
            vec![by("q", -3, "damaged")],
            Err(vec![(0, Refused::Quarantined { quarantine: 3, rest: 2 })]),
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
        let adjusting = adjust(&adjustments, &stock(), false);
        let kinds = adjusting.map(|adjusting| adjusting.lines.iter().map(|line| line.kind).collect());
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

#[test]
fn what_is_promised_is_taken_when_that_is_said_and_never_what_is_not_there() {
    for (why, adjustments, expected) in [
        ("nothing is short", vec![by("a", -6, "damaged")], Ok(0)),
        ("one is", vec![by("a", -7, "damaged")], Ok(1)),
        ("all that is promised", vec![by("a", -10, "damaged")], Ok(4)),
        ("judged together", vec![by("a", -9, "damaged"), by("a", 1, "found")], Ok(2)),
        ("more than there is", vec![by("a", -11, "damaged")], Err(Refused::Negative { on_hand: 10 })),
        ("never out of quarantine", vec![by("q", -2, "damaged")], Ok(1)),
        ("not even then", vec![by("q", -3, "damaged")], Err(Refused::Quarantined { quarantine: 3, rest: 2 })),
    ] {
        let missing = adjust(&adjustments, &stock(), true).map(|mut adjusting| {
            let all = [line("a", 99, "main"), line("q", 99, "main")];
            adjusting.short.take(&all).iter().map(|line| line.quantity.get()).sum()
        });
        assert_eq!(missing.map_err(|refused| refused[0].1), expected, "{why}");
    }
}

#[test]
fn an_order_loses_what_is_missing_and_keeps_the_rest() {
    let lines = vec![line("a", 3, "main"), line("a", 2, "east"), line("b", 1, "main")];
    let mut short = Shortfall::default();
    short.note(&main_of("a"), 2);
    short.note(&main_of("b"), 5);
    let taken = short.take(&lines);
    assert_eq!(taken, [line("a", 2, "main"), line("b", 1, "main")]);
    assert!(!short.is_covered() && short.touches(&[line("b", 9, "main")]));
    assert!(!short.touches(&[line("a", 9, "main")]), "that is found");
    let decision = lose(&Reservation::Committed(promise(lines)), &taken).unwrap();
    let Reservation::Committed(left) = decision.next else { panic!("{decision:?}") };
    assert_eq!(left.lines, [line("a", 1, "main"), line("a", 2, "east")]);
    assert_eq!(left.missing, taken);
    let again = lose(&Reservation::Reserved(left), &[line("a", 1, "main")]).unwrap();
    assert_eq!((again.movement[0].kind, again.movement[0].quantity), (Kind::MissingReserved, 1));
    let Reservation::Reserved(left) = again.next else { panic!("{again:?}") };
    assert_eq!(left.missing, [line("a", 3, "main"), line("b", 1, "main")]);
    assert_eq!(left.lines, [line("a", 2, "east")]);
}

#[test]
fn what_is_gone_cannot_be_lost() {
    let gone = promise(vec![line("a", 3, "main")]);
    for state in [Reservation::Sold(gone.clone()), Reservation::Released(gone), Reservation::Cancelled] {
        assert_eq!(lose(&state, &[line("a", 1, "main")]), None, "{}", state.status());
        assert_eq!(state.promised(), None);
    }
}

#[test]
fn a_transfer_moves_all_or_nothing() {
    let lines = |of: &[(&str, u32)]| of.iter().map(|(name, n)| (sku(name), pieces(*n))).collect();
    let (main, east) = (location("main"), location("east"));
    let movement = transfer(&main, &east, &lines(&[("a", 6), ("q", 1)]), &stock()).unwrap();
    let sums: Vec<(String, i64, i64)> = shifts(&movement)
        .into_iter()
        .map(|(place, shift)| (place.id(), shift.0.on_hand, shift.0.available))
        .collect();
    let expected = [("a@east", 6, 6), ("a@main", -6, -6), ("q@east", 1, 1), ("q@main", -1, -1)];
    assert_eq!(sums, expected.map(|(place, on_hand, available)| (place.to_owned(), on_hand, available)));
    let short = transfer(&main, &east, &lines(&[("a", 6), ("q", 2)]), &stock()).unwrap_err();
    assert_eq!((short.len(), short[0].sku.as_str(), short[0].available), (1, "q", 1));
}
