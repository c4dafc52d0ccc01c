//! Captures that customers contest.

use std::time::Duration;

use super::*;
use crate::simulated::wire::{Dispute as Shown, DisputeOutcome};

fn at_second(seconds: u64) -> Timestamp {
    NOW.plus(Duration::from_secs(seconds))
}

/// Captured at the start, and contested after 10 s by a customer whose dispute ends in `outcome` 20 s later.
fn contested(outcome: DisputeOutcome) -> Ledger {
    let mut ledger = authorized();
    let plan = Plan { opens_after: DISPUTE_OPENS_AFTER, decided_after: DISPUTE_DECIDED_AFTER, outcome };
    let capture = of("a", "/capture");
    let request = ("c", capture.as_str(), r#"{"amount_minor":600,"final":true}"#);
    assert_eq!(at(&mut ledger, NOW, request, Verdict::Contest(plan)).status, 201);
    ledger
}

fn refund(ledger: &mut Ledger, now: Timestamp, key: &str, amount_minor: i64) -> Response {
    let path = of("a", "");
    let id = path.rsplit_once('/').unwrap().1;
    let body = format!(r#"{{"authorization":"{id}","amount_minor":{amount_minor}}}"#);
    at(ledger, now, (key, "/v1/refunds", &body), Verdict::Approve)
}

fn money(ledger: &Ledger) -> [i64; 4] {
    [Account::Cardholder, Account::Held, Account::Merchant, Account::Disputed]
        .map(|account| ledger.books().balance(Currency::GBP, account))
}

fn totals(ledger: &Ledger) -> (i64, i64, i64, i64) {
    let totals = ledger.payments().into_values().next().unwrap();
    (totals.captured_minor, totals.refunded_minor, totals.disputed_minor, totals.charged_back_minor)
}

fn shown(response: &Response) -> Shown {
    match serde_json::from_str(&response.body) {
        Ok(Object::Dispute(dispute)) => dispute,
        other => panic!("{other:?}: {response:?}"),
    }
}

fn capture_of(key: &str) -> CaptureId {
    CaptureId::made_by(&Key::try_from(key.to_owned()).unwrap())
}

fn dispute_by_hand(ledger: &mut Ledger, capture: &CaptureId) -> Response {
    post(ledger, ("ignored", &format!("/v1/captures/{capture}/dispute"), "{}"))
}

fn decide_by_hand(ledger: &mut Ledger, capture: &CaptureId, outcome: &str) -> Response {
    let path = format!("/v1/disputes/{}/decide", DisputeId::over(capture));
    post(ledger, ("ignored", &path, &format!(r#"{{"outcome":"{outcome}"}}"#)))
}

#[test]
fn while_it_is_open_the_money_is_in_an_account_of_its_own_and_nothing_is_refunded() {
    let mut ledger = contested(DisputeOutcome::Won);
    assert_eq!(refund(&mut ledger, at_second(9), "r1", 100).status, 201, "not yet");
    let open = refund(&mut ledger, at_second(10), "r2", 100);
    assert_eq!(slug(&open), Slug::PaymentDisputed);
    assert_eq!(totals(&ledger), (600, 100, 500, 0));
    assert_eq!(money(&ledger), [-500, 0, 0, 500]);
    let won = refund(&mut ledger, at_second(30), "r2", 100);
    assert_eq!(won.status, 201, "a refusal is not remembered: the same key may be used when it is over");
    assert_eq!((totals(&ledger), money(&ledger)), ((600, 200, 0, 0), [-400, 0, 400, 0]));
}

#[test]
fn what_was_lost_to_the_customer_is_gone_and_never_refunded_too() {
    let mut ledger = contested(DisputeOutcome::Lost);
    refund(&mut ledger, NOW, "r1", 100);
    let lost = refund(&mut ledger, at_second(30), "r2", 100);
    assert_eq!(slug(&lost), Slug::ChargedBack);
    assert_eq!((totals(&ledger), money(&ledger)), ((600, 100, 0, 500), [0, 0, 0, 0]));
    assert_eq!(ledger.next_due(), None);
}

#[test]
fn there_is_no_dispute_over_what_was_given_back() {
    let mut ledger = contested(DisputeOutcome::Lost);
    refund(&mut ledger, NOW, "r", 600);
    assert_eq!(ledger.next_due(), None);
    assert_eq!(slug(&dispute_by_hand(&mut ledger, &capture_of("c"))), Slug::NotContestable);
}

#[test]
fn people_open_and_decide_disputes_by_hand_once() {
    let mut ledger = authorized();
    let capture = of("a", "/capture");
    post(&mut ledger, ("c", &capture, r#"{"amount_minor":300}"#));
    post(&mut ledger, ("d", &capture, r#"{"amount_minor":200}"#));
    let opened = dispute_by_hand(&mut ledger, &capture_of("d"));
    let Shown { status, amount_minor, evidence_due_at, .. } = shown(&opened);
    assert_eq!((status.as_str(), amount_minor, evidence_due_at), ("opened", 200, None));
    assert_eq!(dispute_by_hand(&mut ledger, &capture_of("d")), opened, "the same bytes");
    assert_eq!(slug(&dispute_by_hand(&mut ledger, &capture_of("c"))), Slug::NotContestable);
    assert_eq!(slug(&dispute_by_hand(&mut ledger, &capture_of("x"))), Slug::CaptureNotFound);

    let lost = decide_by_hand(&mut ledger, &capture_of("d"), "lost");
    assert_eq!(shown(&lost).status.as_str(), "lost");
    assert_eq!(decide_by_hand(&mut ledger, &capture_of("d"), "lost"), lost);
    assert_eq!(slug(&decide_by_hand(&mut ledger, &capture_of("d"), "won")), Slug::KeyReused);
    assert_eq!(slug(&decide_by_hand(&mut ledger, &capture_of("x"), "won")), Slug::DisputeNotFound);
    assert_eq!(totals(&ledger), (500, 0, 0, 200));
}

#[test]
fn who_decides_by_hand_comes_before_what_was_planned() {
    let mut ledger = contested(DisputeOutcome::Lost);
    let opened = dispute_by_hand(&mut ledger, &capture_of("c"));
    assert_eq!(shown(&opened).evidence_due_at, Some(at_second(30)));
    decide_by_hand(&mut ledger, &capture_of("c"), "won");
    assert_eq!(totals(&ledger), (600, 0, 0, 0));
    let again = at(&mut ledger, at_second(60), ("", &of("a", ""), ""), Verdict::Approve);
    assert!(again.body.contains(r#""status":"won""#), "{again:?}");
}

#[test]
fn nobody_takes_a_key_away_from_time() {
    let mut ledger = contested(DisputeOutcome::Lost);
    for key in [capture_of("c").dispute_key(), DisputeId::over(&capture_of("c")).decision_key()] {
        let path = format!("/v1/operations/{key}/cancel");
        assert_eq!(slug(&post(&mut ledger, ("x", &path, ""))), Slug::NotCancellable);
    }
    at(&mut ledger, at_second(30), ("", &of("a", ""), ""), Verdict::Approve);
    assert_eq!(totals(&ledger), (600, 0, 0, 600));
}
