use contracts::Currency;
use proptest::prelude::*;

use super::*;
use crate::gateway::DeclineKind;

fn placed() -> Placed {
    Placed { money: Money { amount_minor: 1_530, currency: Currency::GBP }, token: Token::new("tok_ok") }
}

fn payment() -> Payment {
    Payment::of(OrderId::new("536365").unwrap())
}

fn asked() -> (Payment, ProviderKey) {
    let mut payment = payment();
    payment.place(placed());
    let next = payment.reserve();
    let Some(Ask::Now(question)) = next.ask else { panic!("nothing was asked: {next:?}") };
    (payment, question.key().clone())
}

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
    assert!(first.place(placed()).ask.is_some());
    let mut second = payment();
    assert_eq!(second.place(placed()), Next::default());
    assert!(second.reserve().ask.is_some());
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
    assert!(matches!(next.ask, Some(Ask::Now(Question::Do { operation: Operation::Void(_) }))), "{next:?}");
    let next = payment.learn(&void_key(), Evidence::Voided);
    assert!(matches!(next.news[..], [News::Voided(Some(_))]));
}

#[test]
fn an_unknown_outcome_is_a_state_and_asks_again_under_the_same_key() {
    let (mut payment, key) = asked();
    let next = payment.learn(&key, Evidence::Unknown { why: Why::Timeout });
    let Some(Ask::Again(question)) = next.ask else { panic!("{next:?}") };
    assert_eq!(question.key(), &key);
    assert_eq!(payment.state.name(), "unknown");
    let next = payment.cancel(NOW);
    assert!(matches!(next.ask, Some(Ask::Now(Question::Do { operation: Operation::Void(_) }))), "{next:?}");
    assert_eq!(payment.learn(&key, authorized(1_530)), Next::default(), "the void covers what was held");
}

#[test]
fn a_key_that_stands_for_another_request_is_asked_about_and_not_used_again() {
    let reused = || Evidence::Unknown { why: Why::KeyReused };
    let looks =
        |next: &Next, key: &ProviderKey| next.ask == Some(Ask::Again(Question::Look { key: key.clone() }));
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
    assert!(matches!(next.ask, Some(Ask::Now(Question::Do { operation: Operation::Void(_) }))), "{next:?}");
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
    assert!(matches!(next.news[..], [News::Authorized(..)]) && next.ask.is_none());
    assert_eq!(payment.cancel(NOW), Next::default());
    assert_eq!(payment.state, State::Closed);
}

fn evidence() -> impl Strategy<Value = Evidence> {
    let reference = || Reference::try_from("auth_1".to_owned()).unwrap();
    prop_oneof![
        Just(authorized(1_530)),
        Just(Evidence::Unknown { why: Why::Timeout }),
        Just(Evidence::NotFound),
        Just(Evidence::Voided),
        Just(Evidence::Refused { code: "no".into() }),
        Just(Evidence::ActionRequired {
            reference: reference(),
            action_url: "http://x".into(),
            expires_at: None
        }),
        Just(Evidence::Declined {
            reason: DeclineReason::DoNotHonour,
            code: "no".into(),
            kind: DeclineKind::Hard
        }),
    ]
}

#[derive(Debug, Clone)]
enum Input {
    Place,
    Reserve,
    Cancel,
    Learn(bool, Evidence),
}

fn input() -> impl Strategy<Value = Input> {
    prop_oneof![
        Just(Input::Place),
        Just(Input::Reserve),
        Just(Input::Cancel),
        (any::<bool>(), evidence()).prop_map(|(void, evidence)| Input::Learn(void, evidence)),
    ]
}

proptest! {
    #[test]
    fn whatever_comes_at_most_one_outcome_is_told_and_a_cancelled_order_never_rests_on_a_hold(
        inputs in proptest::collection::vec(input(), 0..24)
    ) {
        let mut payment = payment();
        let (mut told, mut open) = (0, false);
        for input in inputs {
            let next = match input {
                Input::Place => payment.place(placed()),
                Input::Reserve => payment.reserve(),
                Input::Cancel => payment.cancel(NOW),
                Input::Learn(true, evidence) => payment.learn(&void_key(), evidence),
                Input::Learn(false, evidence) => payment.learn(&"pay-536365-authorize-1".parse().unwrap(), evidence),
            };
            told += next.news.iter().filter(|n| matches!(n, News::Authorized(..) | News::Declined(..))).count();
            open = next.ask.is_some() || (open && next == Next::default());
            let holds = matches!(payment.state, State::Authorized { .. } | State::ActionRequired { .. });
            prop_assert!(!(holds && payment.cancelled.is_some()));
            let unsettled = matches!(payment.state, State::Authorizing { .. } | State::ActionRequired { .. } | State::Voiding { .. });
            prop_assert!(!unsettled || open, "nobody will ask again: {payment:?}");
        }
        prop_assert!(told <= 1);
    }
}
