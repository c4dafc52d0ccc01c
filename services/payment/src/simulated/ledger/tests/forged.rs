//! Journals that no ledger could have written.

use super::*;
use crate::simulated::wire::DisputeOutcome;

#[test]
fn a_journal_that_lies_is_not_believed() {
    let mut ledger = authorized();
    let call = |key: &str, amount: i64| {
        let request = Request {
            method: "POST".to_owned(),
            path: of("a", "/capture"),
            key: Some(key.to_owned()),
            body: format!(r#"{{"amount_minor":{amount}}}"#),
        };
        Call::parse(&request).unwrap()
    };
    let Decision::Record(honest) = ledger.decide(NOW, &call("c", 600), Verdict::Approve) else { panic!() };
    let mut gap = (*honest).clone();
    gap.seq += 1;
    assert_eq!(ledger.clone().apply(&gap), Err(Inconsistent::Gap { expected: 2, got: 3 }));

    ledger.apply(&honest).unwrap();
    let again = Entry { seq: 3, ..(*honest).clone() };
    assert_eq!(
        ledger.clone().apply(&again),
        Err(Inconsistent::SecondEffect { seq: 3, key: honest.key.clone() })
    );
    let too_much = Entry { seq: 3, key: Key::try_from("d".to_owned()).unwrap(), ..*honest };
    assert_eq!(ledger.apply(&too_much), Err(Inconsistent::Impossible { seq: 3 }));
}

fn key(text: &str) -> Key {
    Key::try_from(text.to_owned()).unwrap()
}

/// Whether `effect` at `now` under `under` can follow what is in `ledger`.
fn can_follow(ledger: &Ledger, now: Timestamp, under: &str, effect: Effect) -> bool {
    let entry = Entry {
        seq: ledger.entries() + 1,
        at: now,
        key: key(under),
        fingerprint: MessageId::named(&["forged"]),
        effect,
        answer: Response { status: 200, body: "{}".to_owned() },
    };
    match ledger.clone().apply(&entry) {
        Ok(()) => true,
        Err(Inconsistent::Impossible { .. }) => false,
        Err(other) => panic!("{other}"),
    }
}

fn moved(amount_minor: i64) -> Moved {
    let authorization = AuthorizationId::opened_by(&key("a"));
    Moved { authorization, amount_minor, currency: Currency::GBP }
}

fn captured(amount_minor: i64) -> Effect {
    Effect::Captured { moved: moved(amount_minor), released_minor: 0, contest: None }
}

fn opened(amount_minor: i64) -> Effect {
    let capture = CaptureId::made_by(&key("c"));
    Effect::DisputeOpened { dispute: DisputeId::over(&capture), capture, moved: moved(amount_minor) }
}

fn decided(outcome: DisputeOutcome, amount_minor: i64) -> Effect {
    let dispute = DisputeId::over(&CaptureId::made_by(&key("c")));
    Effect::DisputeDecided { dispute, outcome, moved: moved(amount_minor) }
}

#[test]
fn nothing_is_taken_that_is_not_held() {
    let lapsed = NOW.plus(AUTHORIZATION_LIFETIME);
    let ledger = authorized();
    for (amount_minor, now, expected) in
        [(1000, NOW, true), (1001, NOW, false), (0, NOW, false), (1, lapsed, false)]
    {
        assert_eq!(can_follow(&ledger, now, "c", captured(amount_minor)), expected, "{amount_minor} {now}");
    }
    assert!(!can_follow(&ledger, NOW, "e", Effect::Expired(moved(1000))), "before its time");
    assert!(!can_follow(&ledger, lapsed, "e", Effect::Expired(moved(999))), "not all of it");
    assert!(can_follow(&ledger, lapsed, "e", Effect::Expired(moved(1000))));
    let other = Effect::Captured { moved: moved(400), released_minor: 500, contest: None };
    assert!(!can_follow(&ledger, NOW, "c", other), "neither all that is left is released, nor nothing");
}

#[test]
fn nothing_is_contested_that_was_not_captured_and_nothing_contested_is_refunded() {
    let mut ledger = authorized();
    assert!(!can_follow(&ledger, NOW, "d", opened(1)));
    post(&mut ledger, ("c", &of("a", "/capture"), r#"{"amount_minor":600}"#));
    for (amount_minor, expected) in [(600, true), (601, false), (0, false)] {
        assert_eq!(can_follow(&ledger, NOW, "d", opened(amount_minor)), expected, "{amount_minor}");
    }
    assert!(!can_follow(&ledger, NOW, "w", decided(DisputeOutcome::Won, 600)), "not open yet");
    let path = format!("/v1/captures/{}/dispute", CaptureId::made_by(&key("c")));
    assert_eq!(post(&mut ledger, ("ignored", &path, "")).status, 201);
    assert!(!can_follow(&ledger, NOW, "r", Effect::Refunded(moved(1))));
    assert!(!can_follow(&ledger, NOW, "d", opened(1)), "twice");
    assert!(!can_follow(&ledger, NOW, "w", decided(DisputeOutcome::Won, 599)));
    for outcome in [DisputeOutcome::Won, DisputeOutcome::Lost] {
        assert!(can_follow(&ledger, NOW, "w", decided(outcome, 600)));
    }
}

#[test]
fn a_key_of_the_provider_itself_cannot_have_been_cancelled() {
    let ledger = authorized();
    let own = AuthorizationId::opened_by(&key("a")).expiry_key();
    assert!(!can_follow(&ledger, NOW, "x", Effect::Cancelled { operation: own }));
    assert!(can_follow(&ledger, NOW, "x", Effect::Cancelled { operation: key("b") }));
}
