use contracts::events::stock::{RejectReason, StockLine};
use proptest::prelude::*;

use super::{line, location, pieces, sku};
use crate::domain::{Kind, MAX_PLACES, Rejection, Supply, reserve, shifts, summed};

/// `want("a", 3, "main:5 east:2")`; `"?"` = not known.
fn want(of: &str, wanted: u32, at: &str) -> Supply {
    let at = (at != "?").then(|| {
        let each = at.split_whitespace().map(|place| place.split_once(':').unwrap());
        each.map(|(name, n)| (location(name), n.parse().unwrap())).collect()
    });
    Supply { sku: sku(of), wanted: pieces(wanted), at }
}

fn taken(supplies: &[Supply]) -> String {
    match reserve(supplies, None) {
        Ok(reserving) => text(&reserving.lines),
        Err(Rejection { reason, short }) => {
            let short: Vec<String> =
                short.iter().map(|s| format!("{} {}/{}", s.sku, s.available, s.wanted)).collect();
            format!("{reason}: {}", short.join(", "))
        }
    }
}

fn text(lines: &[StockLine]) -> String {
    let each = lines.iter().map(|line| format!("{} {} {}", line.sku, line.quantity, line.location));
    each.collect::<Vec<_>>().join(", ")
}

#[test]
fn lines_are_taken_from_as_few_locations_as_possible() {
    for (why, supplies, expected) in [
        ("exactly enough is enough", vec![want("a", 5, "main:5")], "a 5 main"),
        ("the preferred location first", vec![want("a", 1, "east:9 main:9")], "a 1 east"),
        ("one location before two", vec![want("a", 6, "main:5 east:6")], "a 6 east"),
        (
            "a line is split when no location has all of it",
            vec![want("a", 7, "main:3 east:5")],
            "a 5 east, a 2 main",
        ),
        (
            "one location for the whole order before each line's own preference",
            vec![want("a", 1, "main:1 east:9"), want("b", 1, "east:9")],
            "a 1 east, b 1 east",
        ),
        (
            "two of three when none has everything",
            vec![want("a", 2, "x:1 y:2 z:2"), want("b", 2, "x:2")],
            "a 2 y, b 2 x",
        ),
        ("empty and negative places are not used", vec![want("a", 2, "main:-4 east:0 west:2")], "a 2 west"),
    ] {
        assert_eq!(taken(&supplies), expected, "{why}");
    }
}

#[test]
fn an_order_gets_all_or_nothing() {
    for (why, supplies, expected) in [
        (
            "only the lines that are short are named",
            vec![want("a", 1, "main:1"), want("b", 2, "main:1"), want("c", 3, "main:1 east:1")],
            "insufficient_stock: b 1/2, c 2/3",
        ),
        ("known but nowhere", vec![want("a", 1, "")], "insufficient_stock: a 0/1"),
        (
            "an unknown SKU wins, and all that is short is named",
            vec![want("a", 1, "main:0"), want("b", 1, "?")],
            "unknown_sku: a 0/1, b 0/1",
        ),
    ] {
        assert_eq!(taken(&supplies), expected, "{why}");
    }
}

#[test]
fn equal_skus_are_summed_before_anything_is_decided() {
    let (a, b) = (sku("a"), sku("b"));
    let lines = [(&b, pieces(1)), (&a, pieces(2)), (&b, pieces(3))];
    assert_eq!(summed(lines).unwrap(), [(b.clone(), pieces(4)), (a.clone(), pieces(2))]);
    let rejection = summed([(&a, pieces(100_000)), (&b, pieces(1)), (&a, pieces(1))]).unwrap_err();
    assert_eq!(rejection.short.iter().map(|short| &short.sku).collect::<Vec<_>>(), [&a]);
    let many: Vec<_> = (0..81).map(|at| sku(&format!("s{at:02}"))).collect();
    assert!(summed(many[..80].iter().map(|sku| (sku, pieces(1)))).is_ok());
    let rejection = summed(many.iter().map(|sku| (sku, pieces(1)))).unwrap_err();
    assert_eq!(rejection.short[0].sku.as_str(), "s80");
}

#[test]
fn an_order_too_scattered_for_one_unit_of_work_is_rejected() {
    let scattered = |n: usize| -> Vec<Supply> {
        (0..n).map(|at| want(&format!("s{at:02}"), 2, "main:1 east:1")).collect()
    };
    assert_eq!(reserve(&scattered(45), None).unwrap().lines.len(), MAX_PLACES);
    let rejection = reserve(&scattered(46), None).unwrap_err();
    assert_eq!((rejection.reason, rejection.short.len()), (RejectReason::InsufficientStock, 46));
    assert_eq!(rejection.short[0].available, 1, "what one place has");
}

#[test]
fn an_adopted_hold_gives_what_is_needed_and_the_rest_goes_back() {
    let held = [line("a", 3, "main"), line("b", 1, "main")];
    let reserving = reserve(&[want("a", 5, "main:2"), want("c", 1, "main:1")], Some(&held)).unwrap();
    assert!(reserving.adopts);
    assert_eq!(text(&reserving.lines), "a 5 main, c 1 main");
    let net: Vec<String> = shifts(&reserving.movement)
        .into_iter()
        .map(|(place, shift)| format!("{} {} {}", place.sku, shift.0.available, shift.0.reserved))
        .collect();
    assert_eq!(net, ["a -2 2", "b 1 -1", "c -1 1"]);
}

#[test]
fn an_adopted_hold_of_exactly_the_order_moves_nothing() {
    let reserving = reserve(&[want("a", 3, "main:0")], Some(&[line("a", 3, "main")])).unwrap();
    assert!(reserving.adopts && shifts(&reserving.movement).is_empty());
    assert_eq!(
        reserving.movement.iter().map(|line| line.kind).collect::<Vec<_>>(),
        [Kind::Adopted, Kind::Reserved]
    );
}

#[test]
fn a_hold_that_does_not_help_enough_stays() {
    let rejection = reserve(&[want("a", 9, "main:1")], Some(&[line("a", 3, "main")])).unwrap_err();
    assert_eq!(rejection.short[0].available, 4);
}

#[test]
fn a_hold_of_too_many_other_places_is_left_alone() {
    let held: Vec<StockLine> = (0..80).map(|at| line(&format!("h{at:02}"), 1, "main")).collect();
    let supplies: Vec<Supply> = (0..80).map(|at| want(&format!("s{at:02}"), 1, "main:1")).collect();
    assert!(!reserve(&supplies, Some(&held)).unwrap().adopts);
    assert!(reserve(&supplies[..10], Some(&held)).unwrap().adopts);
}

/// The size of the smallest set of locations that has everything, by trying every set.
fn smallest(supplies: &[Supply], locations: usize) -> usize {
    let has = |set: usize| {
        supplies.iter().all(|supply| {
            let there = supply.at.iter().flatten().enumerate().filter(|(at, _)| set & (1 << at) != 0);
            there.map(|(_, (_, n))| n).sum::<i64>() >= i64::from(supply.wanted.get())
        })
    };
    (0..1usize << locations).filter(|set| has(*set)).map(|set| set.count_ones() as usize).min().unwrap()
}

proptest! {
    #[test]
    fn whatever_there_is_an_order_gets_all_from_the_fewest_locations_or_nothing(
        stock in prop::collection::vec((1u32..12, prop::collection::vec(0i64..9, 4)), 1..5),
    ) {
        let supplies: Vec<Supply> = stock.iter().enumerate().map(|(at, (wanted, there))| Supply {
            sku: sku(&format!("s{at}")),
            wanted: pieces(*wanted),
            at: Some(there.iter().enumerate().map(|(l, n)| (location(&format!("l{l}")), *n)).collect()),
        }).collect();
        let is_enough = stock.iter().all(|(wanted, there)| there.iter().sum::<i64>() >= i64::from(*wanted));
        match reserve(&supplies, None) {
            Err(_) => prop_assert!(!is_enough),
            Ok(reserving) => {
                prop_assert!(is_enough);
                for supply in &supplies {
                    let taken: Vec<_> = reserving.lines.iter().filter(|line| line.sku == supply.sku).collect();
                    prop_assert_eq!(taken.iter().map(|line| line.quantity.get()).sum::<u32>(), supply.wanted.get());
                    for line in taken {
                        let there = supply.at.iter().flatten().find(|(at, _)| *at == line.location).unwrap().1;
                        prop_assert!(i64::from(line.quantity.get()) <= there);
                    }
                }
                let mut from: Vec<_> = reserving.lines.iter().map(|line| &line.location).collect();
                from.sort_unstable();
                from.dedup();
                prop_assert_eq!(from.len(), smallest(&supplies, 4));
            }
        }
    }
}
