use contracts::OrderId;
use contracts::events::stock::RejectReason;

use super::{at_second, line};
use crate::domain::{
    CannotConfirm, Ends, Hold, HoldState, Kind, Place, Reservation, Ripe, cancel, confirm, is_open,
};

fn every_state() -> Vec<Option<Reservation>> {
    let lines = vec![line("a", 2, "main")];
    vec![
        None,
        Some(Reservation::Reserved { lines: lines.clone() }),
        Some(Reservation::Rejected { reason: RejectReason::InsufficientStock, short: vec![] }),
        Some(Reservation::Committed { lines: lines.clone() }),
        Some(Reservation::Released { lines }),
        Some(Reservation::Cancelled),
    ]
}

fn word(state: Option<&Reservation>) -> &'static str {
    state.map_or("absent", Reservation::status)
}

#[test]
fn what_an_event_does_depends_on_the_state_alone() {
    let expected = [
        // state, placed, confirmed, cancelled
        ("absent", "decide", "NotSeenYet", "-> cancelled, nothing moves"),
        ("reserved", "keep", "-> committed, Committed", "-> released, Released"),
        ("rejected", "keep", "Rejected", "keep"),
        ("committed", "keep", "keep", "-> released, Deallocated"),
        ("released", "keep", "keep", "keep"),
        ("cancelled", "keep", "keep", "keep"),
    ];
    let told = |decision: Option<crate::domain::Decision>| match decision {
        None => "keep".to_owned(),
        Some(decision) => {
            let moved = decision
                .movement
                .first()
                .map_or("nothing moves".to_owned(), |line| format!("{:?}", line.kind));
            format!("-> {}, {moved}", decision.next.status())
        }
    };
    for (state, row) in every_state().iter().zip(expected) {
        let state = state.as_ref();
        let placed = if is_open(state) { "decide" } else { "keep" };
        let confirmed = confirm(state).map_or_else(|cannot: CannotConfirm| format!("{cannot:?}"), told);
        assert_eq!((word(state), placed, &*confirmed, &*told(cancel(state))), row);
    }
}

#[test]
fn the_second_time_an_event_changes_nothing() {
    for state in every_state() {
        if let Ok(Some(decision)) = confirm(state.as_ref()) {
            assert_eq!(confirm(Some(&decision.next)), Ok(None));
        }
        if let Some(decision) = cancel(state.as_ref()) {
            assert_eq!(cancel(Some(&decision.next)), None);
        }
    }
}

#[test]
fn a_cancel_gives_back_exactly_what_was_taken() {
    let lines = vec![line("a", 2, "main"), line("a", 1, "east"), line("b", 7, "main")];
    let decision = cancel(Some(&Reservation::Reserved { lines: lines.clone() })).unwrap();
    let back = decision.movement.iter().map(|m| (m.kind, m.sku.as_str(), m.location.as_str(), m.quantity));
    assert_eq!(
        back.collect::<Vec<_>>(),
        [
            (Kind::Released, "a", "main", 2),
            (Kind::Released, "a", "east", 1),
            (Kind::Released, "b", "main", 7)
        ]
    );
    assert_eq!(decision.next, Reservation::Released { lines });
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
