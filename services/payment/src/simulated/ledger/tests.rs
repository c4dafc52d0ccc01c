use contracts::Currency;
use peers::Call as _;

use super::*;
use crate::simulated::wire::{Firmness, Object, Request, Status};

mod disputes;
mod expiry;
mod forged;

const NOW: Timestamp = Timestamp::EPOCH;

/// Does what `post key /path {body}` says, and returns status and body.
fn at(
    ledger: &mut Ledger,
    now: Timestamp,
    (key, path, body): (&str, &str, &str),
    verdict: Verdict,
) -> Response {
    let (method, key) = if key.is_empty() { ("GET", None) } else { ("POST", Some(key.to_owned())) };
    let request = Request { method: method.to_owned(), path: path.to_owned(), key, body: body.to_owned() };
    let call = match Call::parse(&request) {
        Ok(call) => call,
        Err(problem) => return problem.into(),
    };
    while let Some(entry) = ledger.due(now) {
        ledger.apply(&entry).unwrap();
    }
    match ledger.decide(now, &call, verdict) {
        Decision::Standing(response) => response,
        Decision::Record(entry) => {
            ledger.apply(&entry).unwrap();
            entry.answer
        }
    }
}

fn post(ledger: &mut Ledger, request: (&str, &str, &str)) -> Response {
    at(ledger, NOW, request, Verdict::Approve)
}

const AUTHORIZE: &str = r#"{"payment":"p","amount_minor":1000,"currency":"GBP","token":"tok_ok"}"#;

/// The path of the authorization under `key`, ending in `suffix`.
fn of(key: &str, suffix: &str) -> String {
    let key = Key::try_from(key.to_owned()).unwrap();
    format!("/v1/authorizations/{}{suffix}", AuthorizationId::opened_by(&key))
}

fn authorized() -> Ledger {
    let mut ledger = Ledger::default();
    assert_eq!(post(&mut ledger, ("a", "/v1/authorizations", AUTHORIZE)).status, 201);
    ledger
}

fn challenged(passes: bool) -> Ledger {
    let mut ledger = Ledger::default();
    let verdict = Verdict::Challenge { passes };
    assert_eq!(at(&mut ledger, NOW, ("a", "/v1/authorizations", AUTHORIZE), verdict).status, 201);
    ledger
}

fn status(ledger: &mut Ledger) -> Status {
    let response = post(ledger, ("", &of("a", ""), ""));
    match serde_json::from_str(&response.body).unwrap() {
        Object::Authorization(authorization) => authorization.status,
        other => panic!("{other:?}"),
    }
}

fn slug(response: &Response) -> Slug {
    Problem::decode(&response.body).unwrap_or_else(|| panic!("{response:?}")).slug
}

fn held(ledger: &Ledger) -> i64 {
    ledger.books().balance(Currency::GBP, Account::Held)
}

#[test]
fn a_repeated_request_gets_the_same_bytes_and_has_one_effect() {
    let mut ledger = authorized();
    let first = post(&mut ledger, ("b", "/v1/authorizations", AUTHORIZE));
    let before = ledger.clone();
    let later = NOW.plus(std::time::Duration::from_secs(60));
    // Another verdict and another time change nothing: the key was answered.
    let verdict = Verdict::Decline { code: "do_not_honor".to_owned(), firmness: Firmness::Hard };
    assert_eq!(at(&mut ledger, later, ("b", "/v1/authorizations", AUTHORIZE), verdict), first);
    assert_eq!(ledger, before);
}

#[test]
fn another_request_under_a_used_key_is_refused() {
    let mut ledger = authorized();
    let dearer = AUTHORIZE.replace("1000", "1001");
    assert_eq!(slug(&post(&mut ledger, ("a", "/v1/authorizations", &dearer))), Slug::KeyReused);
    assert_eq!(slug(&post(&mut ledger, ("a", &of("a", "/void"), ""))), Slug::KeyReused);
    assert_eq!((ledger.entries(), held(&ledger)), (1, 1000));
}

#[test]
fn captures_and_refunds_stay_within_what_there_is() {
    let mut ledger = authorized();
    let capture = of("a", "/capture");
    assert_eq!(slug(&post(&mut ledger, ("c0", &capture, r#"{"amount_minor":1001}"#))), Slug::AmountTooLarge);
    assert_eq!(post(&mut ledger, ("c1", &capture, r#"{"amount_minor":400}"#)).status, 201);
    assert_eq!(status(&mut ledger), Status::PartiallyCaptured);
    assert_eq!(slug(&post(&mut ledger, ("c2", &capture, r#"{"amount_minor":601}"#))), Slug::AmountTooLarge);
    assert_eq!(post(&mut ledger, ("c3", &capture, r#"{"amount_minor":500,"final":true}"#)).status, 201);
    assert_eq!((status(&mut ledger), held(&ledger)), (Status::Captured, 0));
    assert_eq!(slug(&post(&mut ledger, ("c4", &capture, r#"{"amount_minor":100}"#))), Slug::AlreadyCaptured);

    let refund = |amount: i64| {
        let path = of("a", "");
        let id = path.rsplit_once('/').unwrap().1;
        format!(r#"{{"authorization":"{id}","amount_minor":{amount}}}"#)
    };
    assert_eq!(slug(&post(&mut ledger, ("r0", "/v1/refunds", &refund(901)))), Slug::AmountTooLarge);
    assert_eq!(post(&mut ledger, ("r1", "/v1/refunds", &refund(900))).status, 201);
    assert_eq!(slug(&post(&mut ledger, ("r2", "/v1/refunds", &refund(1)))), Slug::AmountTooLarge);
    let totals = PaymentTotals { captured_minor: 900, refunded_minor: 900, ..PaymentTotals::default() };
    assert_eq!(ledger.payments().into_values().collect::<Vec<_>>(), [totals]);
}

#[test]
fn a_void_releases_what_is_held_and_is_refused_after_the_whole_was_taken() {
    let mut ledger = authorized();
    assert_eq!(post(&mut ledger, ("v", &of("a", "/void"), "")).status, 200);
    assert_eq!((status(&mut ledger), held(&ledger)), (Status::Voided, 0));
    let entries = ledger.entries();
    assert_eq!(post(&mut ledger, ("v2", &of("a", "/void"), "")).status, 200);
    assert_eq!(ledger.entries(), entries, "a second void has no effect");
    assert_eq!(
        slug(&post(&mut ledger, ("c", &of("a", "/capture"), r#"{"amount_minor":1}"#))),
        Slug::AuthorizationVoided
    );

    let mut taken = authorized();
    post(&mut taken, ("c", &of("a", "/capture"), r#"{"amount_minor":1000}"#));
    assert_eq!(slug(&post(&mut taken, ("v", &of("a", "/void"), ""))), Slug::AlreadyCaptured);
}

#[test]
fn a_part_can_be_taken_and_the_rest_released() {
    let mut ledger = authorized();
    post(&mut ledger, ("c", &of("a", "/capture"), r#"{"amount_minor":300}"#));
    assert_eq!(slug(&post(&mut ledger, ("x", "/v1/operations/a/cancel", ""))), Slug::AlreadyCaptured);
    assert_eq!(post(&mut ledger, ("v", &of("a", "/void"), "")).status, 200);
    assert_eq!((status(&mut ledger), held(&ledger)), (Status::Captured, 0));
}

#[test]
fn a_cancelled_key_never_has_an_effect_when_its_request_comes_late() {
    let mut ledger = Ledger::default();
    assert_eq!(post(&mut ledger, ("x", "/v1/operations/a/cancel", "")).status, 200);
    assert_eq!(slug(&post(&mut ledger, ("a", "/v1/authorizations", AUTHORIZE))), Slug::OperationCancelled);
    assert_eq!((ledger.entries(), held(&ledger)), (1, 0));
    let query = post(&mut ledger, ("", "/v1/operations/a", ""));
    assert!(query.body.contains(Slug::OperationCancelled.as_str()), "{query:?}");
}

#[test]
fn cancelling_a_key_undoes_what_came_under_it() {
    for mut ledger in [authorized(), challenged(true)] {
        assert_eq!(post(&mut ledger, ("x", "/v1/operations/a/cancel", "")).status, 200);
        assert_eq!((status(&mut ledger), held(&ledger)), (Status::Voided, 0));
    }
    let mut declined = Ledger::default();
    let verdict = Verdict::Decline { code: "stolen_card".to_owned(), firmness: Firmness::Hard };
    assert_eq!(at(&mut declined, NOW, ("a", "/v1/authorizations", AUTHORIZE), verdict).status, 402);
    assert_eq!(post(&mut declined, ("x", "/v1/operations/a/cancel", "")).status, 200);
    assert_eq!(declined.entries(), 1, "nothing stood, so nothing is undone");
    let mut voided = authorized();
    post(&mut voided, ("v", &of("a", "/void"), ""));
    assert_eq!(slug(&post(&mut voided, ("x", "/v1/operations/v/cancel", ""))), Slug::NotCancellable);
}

#[test]
fn an_action_is_completed_once_and_holds_money_only_when_it_passes() {
    let complete = |ledger: &mut Ledger, outcome: &str| {
        let path = of("a", "/complete").replace("authorizations", "actions");
        post(ledger, ("ignored", &path, &format!(r#"{{"outcome":"{outcome}"}}"#)))
    };
    for (passes, outcome, expected, expected_held) in [
        (true, "succeed", Status::Authorized, 1000),
        (true, "fail", Status::Failed, 0),
        (false, "succeed", Status::Failed, 0),
    ] {
        let mut ledger = challenged(passes);
        assert_eq!((status(&mut ledger), held(&ledger)), (Status::RequiresAction, 0));
        let first = complete(&mut ledger, outcome);
        assert_eq!((status(&mut ledger), held(&ledger)), (expected, expected_held));
        assert_eq!(complete(&mut ledger, outcome), first);
    }
    let mut voided = challenged(true);
    post(&mut voided, ("v", &of("a", "/void"), ""));
    assert_eq!(slug(&complete(&mut voided, "succeed")), Slug::ActionNotPending);
}

#[test]
fn a_question_changes_nothing_and_absence_is_said() {
    let mut ledger = authorized();
    let before = ledger.clone();
    let known = post(&mut ledger, ("", "/v1/operations/a", ""));
    assert!(known.status == 200 && known.body.contains(r#""status":"authorized""#), "{known:?}");
    assert_eq!(slug(&post(&mut ledger, ("", "/v1/operations/b", ""))), Slug::OperationNotFound);
    assert_eq!(slug(&post(&mut ledger, ("", &of("b", ""), ""))), Slug::AuthorizationNotFound);
    assert_eq!(ledger, before);
}
