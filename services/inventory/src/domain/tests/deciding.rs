use contracts::OrderId;
use contracts::events::order::CancelReason;
use contracts::events::stock::RejectReason;

use super::{at_second, line, promise};
use crate::domain::{
    Cannot, Decision, Ended, Ends, Hold, HoldState, Kind, Place, Reservation, Ripe, cancel, confirm,
    end_journey, is_open, sell,
};

fn every_state() -> Vec<Option<Reservation>> {
    let promise = promise(vec![line("a", 2, "main")]);
    vec![
        None,
        Some(Reservation::Reserved(promise.clone())),
        Some(Reservation::Rejected { reason: RejectReason::InsufficientStock, short: vec![] }),
        Some(Reservation::Committed(promise.clone())),
        Some(Reservation::Sold(promise.clone())),
        Some(Reservation::Lost(promise.clone())),
        Some(Reservation::BroughtBack(promise.clone())),
        Some(Reservation::Released(promise)),
        Some(Reservation::Cancelled),
    ]
}

fn word(state: Option<&Reservation>) -> &'static str {
    state.map_or("absent", Reservation::status)
}

fn told(decided: Result<Option<Decision>, Cannot>) -> String {
    match decided {
        Err(Cannot::NotSeenYet) => "later".to_owned(),
        Err(Cannot::NothingHeld(_)) => "never".to_owned(),
        Ok(None) => "keep".to_owned(),
        Ok(Some(decision)) => {
            let kinds: Vec<String> =
                decision.movement.iter().map(|line| format!("{:?}", line.kind)).collect();
            format!("-> {}: {}", decision.next.status(), kinds.join("+"))
        }
    }
}

/// What each event decides in a state: confirmed, cancelled, dispatched, lost, brought back.
fn decided(state: Option<&Reservation>) -> [Result<Option<Decision>, Cannot>; 5] {
    [
        confirm(state),
        Ok(cancel(state, CancelReason::CustomerRequest)),
        sell(state),
        end_journey(state, Ended::Lost),
        end_journey(state, Ended::BroughtBack),
    ]
}

#[test]
fn what_an_event_does_depends_on_the_state_alone() {
    let expected = [
        ("absent", ["later", "-> cancelled: ", "later", "later", "later"]),
        (
            "reserved",
            [
                "-> committed: Committed",
                "-> released: Released",
                "-> sold: Committed+Sold",
                "-> lost: Committed+Sold+Lost",
                "-> brought_back: Committed+Sold+BroughtBack",
            ],
        ),
        ("rejected", ["never", "keep", "never", "never", "never"]),
        (
            "committed",
            [
                "keep",
                "-> released: Deallocated",
                "-> sold: Sold",
                "-> lost: Sold+Lost",
                "-> brought_back: Sold+BroughtBack",
            ],
        ),
        ("sold", ["keep", "keep", "keep", "-> lost: Lost", "-> brought_back: BroughtBack"]),
        ("lost", ["keep"; 5]),
        ("brought_back", ["keep"; 5]),
        ("released", ["keep", "keep", "never", "never", "never"]),
        ("cancelled", ["keep", "keep", "never", "never", "never"]),
    ];
    for (state, row) in every_state().iter().zip(expected) {
        let found = decided(state.as_ref()).map(told);
        assert_eq!((word(state.as_ref()), found.each_ref().map(String::as_str)), row);
        assert_eq!(is_open(state.as_ref()), state.is_none(), "only what was never seen is decided");
    }
}

#[test]
fn an_order_that_was_not_delivered_gives_nothing_back_whatever_is_known() {
    for state in every_state() {
        assert_eq!(cancel(state.as_ref(), CancelReason::Undelivered), None, "{}", word(state.as_ref()));
    }
}

#[test]
fn the_second_time_an_event_changes_nothing() {
    for state in every_state() {
        for (nth, first) in decided(state.as_ref()).into_iter().enumerate() {
            let Ok(Some(first)) = first else { continue };
            let again = &decided(Some(&first.next))[nth];
            assert_eq!(*again, Ok(None), "{} after {}", nth, word(state.as_ref()));
        }
    }
}

#[test]
fn a_cancel_gives_back_exactly_what_was_taken() {
    let promise = promise(vec![line("a", 2, "main"), line("a", 1, "east"), line("b", 7, "main")]);
    let reserved = Reservation::Reserved(promise.clone());
    let decision = cancel(Some(&reserved), CancelReason::PaymentDeclined).unwrap();
    let back = decision.movement.iter().map(|m| (m.kind, m.sku.as_str(), m.location.as_str(), m.quantity));
    assert_eq!(
        back.collect::<Vec<_>>(),
        [
            (Kind::Released, "a", "main", 2),
            (Kind::Released, "a", "east", 1),
            (Kind::Released, "b", "main", 7)
        ]
    );
    assert_eq!(decision.next, Reservation::Released(promise));
}

fn hold(state: HoldState) -> Hold {
    Hold { cart_id: None, lines: vec![line("a", 2, "main")], expires_at: at_second(100), state }
}

#[test]
fn a_hold_ends_once() {
    let (order_id, at) = (OrderId::new("o-1").unwrap(), at_second(5));
    for (state, now, expected) in [
        (HoldState::Held, 99, Ripe::At(at_second(100))),
        (HoldState::Held, 100, Ripe::Now),
        (HoldState::Adopted { order_id, at }, 101, Ripe::Ended),
        (HoldState::Expired { at }, 101, Ripe::Ended),
        (HoldState::Released { at }, 101, Ripe::Ended),
    ] {
        let hold = hold(state);
        assert_eq!(hold.ripe(at_second(now)), expected, "{} at {now}", hold.status());
    }
    let mut held = hold(HoldState::Held);
    let back = held.end(Ends::Expired, at_second(100));
    assert_eq!((back[0].kind, back[0].quantity, held.is_held()), (Kind::HoldExpired, 2, false));
    assert_eq!(held.ended_at(), Some(at_second(100)));
}

#[test]
fn no_two_places_have_the_same_id() {
    let place = Place::of(&line("a:b/c+d e", 1, "x.y-z"));
    assert_eq!(place.id(), "a:b/c+d e@x.y-z");
    assert_eq!(Place::from_id(&place.id()), Some(place));
    assert!(contracts::Sku::new("a@b").is_err() && contracts::LocationId::new("a@b").is_err());
}
