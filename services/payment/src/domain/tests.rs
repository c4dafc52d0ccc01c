use contracts::Currency;

use super::*;
use crate::gateway::{DeclineKind, Evidence, Operation};

mod any_order;
mod capturing;
mod disputes;
mod expiry;
mod given_up;
mod refunding;
mod world;

fn placed() -> Placed {
    Placed { money: Money { amount_minor: 1_530, currency: Currency::GBP }, token: Token::new("tok_ok") }
}

fn payment() -> Payment {
    Payment::of(OrderId::new("536365").unwrap(), NOW)
}

fn asked() -> (Payment, ProviderKey) {
    let mut payment = payment();
    payment.place(placed());
    let key = now(&payment.reserve());
    (payment, key)
}

/// The key of the one thing that is asked for at once.
#[track_caller]
fn now(next: &Next) -> ProviderKey {
    let [Ask::Now(question)] = &next.asks[..] else { panic!("not one thing is asked: {next:?}") };
    question.key().clone()
}

/// The key of the one thing that is asked for once more.
#[track_caller]
fn again(next: &Next) -> ProviderKey {
    let [Ask::Again(question)] = &next.asks[..] else { panic!("not one thing is asked again: {next:?}") };
    question.key().clone()
}

fn key(text: &str) -> ProviderKey {
    text.parse().unwrap()
}

fn reference(text: &str) -> Reference {
    Reference::try_from(text.to_owned()).unwrap()
}

fn pounds(amount_minor: i64) -> Money {
    Money { amount_minor, currency: Currency::GBP }
}

fn captured(amount_minor: i64) -> Evidence {
    Evidence::Captured { reference: reference("cap_1"), amount_minor, currency: Currency::GBP }
}

fn refunded(amount_minor: i64) -> Evidence {
    Evidence::Refunded { reference: reference("ref_1"), amount_minor, currency: Currency::GBP }
}

fn declined() -> Evidence {
    Evidence::Declined { reason: DeclineReason::DoNotHonour, code: "no".into(), kind: DeclineKind::Hard }
}

fn timeout() -> Evidence {
    Evidence::Unknown { why: Why::Timeout }
}

fn held() -> Payment {
    let (mut payment, key) = asked();
    payment.learn(&key, authorized(1_530));
    payment
}

/// Held, and its parcel ready: the capture is asked for.
fn capturing() -> Payment {
    let mut payment = held();
    assert_eq!(now(&payment.ready(NOW)), key(CAPTURE));
    payment
}

fn taken() -> Payment {
    let mut payment = capturing();
    payment.learn(&key(CAPTURE), captured(1_530));
    payment
}

const CAPTURE: &str = "pay-536365-capture-1";

fn authorized(amount_minor: i64) -> Evidence {
    let reference = Reference::try_from("auth_1".to_owned()).unwrap();
    Evidence::Authorized { reference, amount_minor, currency: Currency::GBP, expires_at: None }
}

fn void_key() -> ProviderKey {
    "pay-536365-void-1".parse().unwrap()
}

const NOW: Timestamp = Timestamp::EPOCH;

#[test]
fn the_halves_may_come_in_any_order_and_whoever_completes_them_asks_once() {
    let mut first = payment();
    assert_eq!(first.reserve(), Next::default());
    now(&first.place(placed()));
    let mut second = payment();
    assert_eq!(second.place(placed()), Next::default());
    now(&second.reserve());
    assert_eq!(first, second);
    assert_eq!(first.reserve(), Next::default(), "a copy asks nothing");
}

#[test]
fn an_authorization_for_what_was_asked_is_told() {
    let (mut payment, key) = asked();
    let next = payment.learn(&key, authorized(1_530));
    assert!(matches!(next.news[..], [News::Authorized(..)]), "{next:?}");
    assert_eq!(payment.learn(&key, authorized(1_530)), Next::default(), "repeated evidence says nothing new");
}

#[test]
fn another_amount_than_asked_is_let_go_and_counts_as_declined() {
    let (mut payment, key) = asked();
    let next = payment.learn(&key, authorized(153));
    assert!(matches!(next.news[..], [News::Declined(DeclineReason::ProviderError, _)]));
    assert!(matches!(payment.state, State::Voiding { .. }));
}

#[test]
fn a_cancel_before_its_order_is_remembered() {
    let mut payment = payment();
    assert_eq!(payment.cancel(NOW), Next::default());
    assert_eq!(payment.place(placed()), Next::default());
    assert_eq!(payment.reserve(), Next::default());
    assert_eq!(payment.state, State::Closed);
}

#[test]
fn an_authorization_that_turns_up_after_the_cancel_is_voided_at_once() {
    let (mut payment, key) = asked();
    assert_eq!(payment.cancel(NOW), Next::default(), "the answer is awaited");
    let next = payment.learn(&key, authorized(1_530));
    assert!(next.news.is_empty());
    assert_eq!(now(&next), void_key());
    let next = payment.learn(&void_key(), Evidence::Voided);
    assert!(matches!(next.news[..], [News::Voided(Some(_))]));
}

#[test]
fn an_unknown_outcome_is_a_state_and_asks_again_under_the_same_key() {
    let (mut payment, key) = asked();
    let next = payment.learn(&key, Evidence::Unknown { why: Why::Timeout });
    assert_eq!(again(&next), key);
    assert_eq!(payment.state.name(), "unknown");
    let next = payment.cancel(NOW);
    assert_eq!(now(&next), void_key());
    assert_eq!(payment.learn(&key, authorized(1_530)), Next::default(), "the void covers what was held");
}

#[test]
fn a_key_that_stands_for_another_request_is_asked_about_and_not_used_again() {
    let reused = || Evidence::Unknown { why: Why::KeyReused };
    let looks =
        |next: &Next, key: &ProviderKey| next.asks == [Ask::Again(Question::Look { key: key.clone() })];
    let (mut payment, key) = asked();
    let next = payment.learn(&key, reused());
    assert!(looks(&next, &key) && payment.state.name() == "unknown", "{next:?}");
    let mut another = payment.clone();
    // What stands is another amount: it goes back, and the order is declined.
    let next = payment.learn(&key, authorized(999));
    assert!(
        matches!(&next.news[..], [News::Declined(_, Some(code))] if code == "amount_mismatch"),
        "{next:?}"
    );
    assert_eq!(now(&next), void_key());
    let next = payment.learn(&void_key(), reused());
    assert!(looks(&next, &void_key()), "{next:?}");
    assert!(matches!(payment.learn(&void_key(), Evidence::Voided).news[..], [News::Voided(Some(_))]));
    // Or it is what was wanted all along.
    assert!(matches!(another.learn(&key, authorized(1_530)).news[..], [News::Authorized(..)]));
}

#[test]
fn a_question_is_asked_for_a_day_and_then_it_is_for_a_person() {
    let total = |wait: fn(u32) -> Option<u64>| (1..).map_while(wait).sum::<u64>();
    for (name, seconds) in [("provider", total(wait_before)), ("customer", total(wait_for_customer))] {
        assert!((86_400..100_000).contains(&seconds), "{name}: {seconds} s");
    }
    assert_eq!((wait_before(TRIES + 1), wait_before(u32::MAX)), (None, None));
    assert_eq!((wait_for_customer(LOOKS + 1), wait_for_customer(u32::MAX)), (None, None));
}

#[test]
fn nothing_to_pay_asks_nobody() {
    let mut payment = payment();
    let free =
        Placed { money: Money { amount_minor: 0, currency: Currency::GBP }, token: Token::new("tok_ok") };
    payment.place(free);
    let next = payment.reserve();
    assert!(matches!(next.news[..], [News::Authorized(..)]) && next.asks.is_empty());
    assert_eq!(payment.cancel(NOW), Next::default());
    assert_eq!(payment.state, State::Closed);
}
