//! Holds that run out.

use std::time::Duration;

use super::*;

/// `AUTHORIZE`, paid by `token`.
fn by(token: &str) -> String {
    AUTHORIZE.replace("tok_ok", token)
}

fn later(seconds: u64) -> Timestamp {
    NOW.plus(Duration::from_secs(seconds))
}

fn capture_at(ledger: &mut Ledger, now: Timestamp, key: &str, of_key: &str) -> Response {
    let request = (key, of(of_key, "/capture"), r#"{"amount_minor":1000,"final":true}"#);
    at(ledger, now, (request.0, &request.1, request.2), Verdict::Approve)
}

fn totals(ledger: &Ledger) -> PaymentTotals {
    ledger.payments().into_values().next().unwrap()
}

#[test]
fn a_hold_that_has_run_out_cannot_be_captured_and_holds_nothing() {
    let mut ledger = authorized();
    let lapsed = NOW.plus(AUTHORIZATION_LIFETIME);
    assert_eq!(ledger.next_due(), Some(lapsed));
    assert_eq!(totals(&ledger).open_authorizations, 1);
    assert_eq!(slug(&capture_at(&mut ledger, lapsed, "c", "a")), Slug::AuthorizationExpired);
    assert_eq!(totals(&ledger), PaymentTotals::default());
    assert_eq!((status(&mut ledger), held(&ledger)), (Status::Expired, 0));
    assert_eq!(ledger.next_due(), None, "it runs out once");
    assert_eq!(at(&mut ledger, lapsed, ("v", &of("a", "/void"), ""), Verdict::Approve).status, 200);
    assert_eq!(status(&mut ledger), Status::Voided);
    assert_eq!(ledger.entries(), 3);
}

#[test]
fn the_instant_of_an_expiry_is_its_own_whoever_looks_when() {
    let (mut soon, mut late) = (authorized(), authorized());
    let lapsed = NOW.plus(AUTHORIZATION_LIFETIME);
    at(&mut soon, lapsed, ("", "/v1/operations/a", ""), Verdict::Approve);
    at(&mut late, lapsed.plus(AUTHORIZATION_LIFETIME), ("", "/v1/operations/a", ""), Verdict::Approve);
    assert_eq!(soon, late);
}

#[test]
fn what_was_taken_before_the_rest_ran_out_stays_taken() {
    let mut ledger = authorized();
    post(&mut ledger, ("c", &of("a", "/capture"), r#"{"amount_minor":400}"#));
    let lapsed = NOW.plus(AUTHORIZATION_LIFETIME);
    assert_eq!(slug(&capture_at(&mut ledger, lapsed, "d", "a")), Slug::AuthorizationExpired);
    let expected = PaymentTotals { captured_minor: 400, ..PaymentTotals::default() };
    assert_eq!((totals(&ledger), status(&mut ledger)), (expected, Status::Captured));
    assert_eq!(slug(&post(&mut ledger, ("v", &of("a", "/void"), ""))), Slug::AlreadyCaptured);
}

#[test]
fn a_token_runs_out_early_and_its_payment_holds_again_or_is_declined() {
    for (token, again) in [("tok_expires", 201), ("tok_expires_declined", 402)] {
        let mut ledger = Ledger::default();
        assert_eq!(post(&mut ledger, ("a", "/v1/authorizations", &by(token))).status, 201);
        assert_eq!(slug(&capture_at(&mut ledger, later(20), "c", "a")), Slug::AuthorizationExpired);
        let second = at(&mut ledger, later(21), ("b", "/v1/authorizations", &by(token)), Verdict::Approve);
        assert_eq!(second.status, again, "{token}");
        assert_eq!(totals(&ledger).open_authorizations, u32::from(again == 201));
        if again == 201 {
            assert_eq!(capture_at(&mut ledger, later(60), "d", "b").status, 201, "it holds as usual");
        }
    }
    let mut ledger = Ledger::default();
    post(&mut ledger, ("a", "/v1/authorizations", &by("tok_expires")));
    assert_eq!(capture_at(&mut ledger, later(19), "c", "a").status, 201, "in time");
}

#[test]
fn a_customer_who_never_comes_has_failed_to_authenticate() {
    let mut ledger = challenged(true);
    let lapsed = NOW.plus(AUTHORIZATION_LIFETIME);
    let complete = of("a", "/complete").replace("authorizations", "actions");
    let tardy = ("ignored", complete.as_str(), r#"{"outcome":"succeed"}"#);
    assert_eq!(slug(&at(&mut ledger, lapsed, tardy, Verdict::Approve)), Slug::ActionNotPending);
    assert_eq!((status(&mut ledger), totals(&ledger)), (Status::Failed, PaymentTotals::default()));
}

#[test]
fn a_capture_that_is_declined_keeps_the_hold_and_its_word() {
    let mut ledger = Ledger::default();
    post(&mut ledger, ("a", "/v1/authorizations", &by("tok_capture_declined")));
    let declined = capture_at(&mut ledger, NOW, "c", "a");
    assert_eq!(slug(&declined), Slug::CardDeclined);
    assert_eq!(capture_at(&mut ledger, later(5), "c", "a"), declined);
    assert_eq!((status(&mut ledger), held(&ledger)), (Status::Authorized, 1000));
    assert_eq!(slug(&post(&mut ledger, ("x", "/v1/operations/c/cancel", ""))), Slug::NotCancellable);
    assert_eq!(post(&mut ledger, ("v", &of("a", "/void"), "")).status, 200);
}
