//! Taking the money.

use super::*;

#[test]
fn the_money_is_taken_once_it_is_held_and_the_parcel_ready_in_any_order() {
    let mut payment = held();
    let next = payment.ready(NOW);
    assert_eq!(now(&next), key(CAPTURE));
    assert_eq!(payment.ready(NOW), Next::default(), "a copy takes nothing");
    let (mut early, authorize) = asked();
    assert_eq!(early.ready(NOW), Next::default());
    let next = early.learn(&authorize, authorized(1_530));
    assert!(matches!(next.news[..], [News::Authorized(..)]), "{next:?}");
    assert_eq!(now(&next), key(CAPTURE));
    let next = early.learn(&key(CAPTURE), captured(1_530));
    assert_eq!(next.news, [News::Captured(reference("cap_1"), pounds(1_530))]);
    assert_eq!(early.captured_minor(), 1_530);
    assert_eq!(early.learn(&key(CAPTURE), captured(1_530)), Next::default());
}

#[test]
fn what_is_ready_of_an_order_that_is_free_is_taken_for_nothing() {
    let mut payment = payment();
    payment.place(Placed { money: pounds(0), token: Token::new("tok_ok") });
    payment.reserve();
    let next = payment.ready(NOW);
    assert_eq!(next.news, [News::Captured(reference("nothing-to-pay"), pounds(0))]);
    assert!(next.asks.is_empty());
    assert_eq!(payment.ready(NOW), Next::default());
}

#[test]
fn what_cannot_be_taken_is_answered_with_why_and_never_asked_for() {
    let cancelled = |mut payment: Payment| {
        payment.cancel(NOW);
        payment
    };
    let learnt = |evidence| {
        let (mut payment, key) = asked();
        payment.learn(&key, evidence);
        payment
    };
    let mut closed = payment();
    closed.cancel(NOW);
    closed.place(placed());
    let voided_unasked = |mut payment: Payment| {
        payment.learn(&key("pay-536365-authorize-1"), Evidence::Voided);
        payment
    };
    for (mut payment, reason) in [
        (closed, CaptureFailure::Cancelled),
        (cancelled(held()), CaptureFailure::Cancelled),
        (learnt(declined()), CaptureFailure::Declined),
        (learnt(authorized(7)), CaptureFailure::AuthorizationExpired),
        (voided_unasked(held()), CaptureFailure::AuthorizationExpired),
    ] {
        let next = payment.ready(NOW);
        let [News::CaptureFailed(told, ..)] = &next.news[..] else { panic!("{payment:?}: {next:?}") };
        assert_eq!((*told, next.asks.len()), (reason, 0), "{payment:?}");
        assert_eq!(payment.ready(NOW), Next::default(), "told once");
    }
}

#[test]
fn a_cancel_that_comes_before_its_order_is_answered_once_the_order_is_known() {
    let mut payment = payment();
    assert_eq!(payment.ready(NOW), Next::default());
    assert_eq!(payment.cancel(NOW), Next::default());
    let next = payment.place(placed());
    assert!(matches!(next.news[..], [News::CaptureFailed(CaptureFailure::Cancelled, ..)]), "{next:?}");
}

#[test]
fn an_unknown_capture_is_asked_again_under_its_key_and_only_looked_at_once_the_order_ended() {
    let mut payment = capturing();
    let next = payment.learn(&key(CAPTURE), timeout());
    assert!(matches!(next.asks[..], [Ask::Again(Question::Do { operation: Operation::Capture(_) })]));
    assert_eq!((again(&next), payment.state.name()), (key(CAPTURE), "unknown"));
    let look = || Question::Look { key: key(CAPTURE) };
    assert_eq!(payment.cancel(NOW), Next::ask(Ask::Now(look())), "marked, and nobody waits for an hour");
    let next = payment.learn(&key(CAPTURE), timeout());
    assert_eq!(next.asks, [Ask::Again(look())]);
    let mut taken = payment.clone();
    assert!(matches!(taken.learn(&key(CAPTURE), captured(1_530)).news[..], [News::Captured(..)]));
    let next = payment.learn(&key(CAPTURE), Evidence::NotFound);
    assert!(matches!(next.news[..], [News::CaptureFailed(CaptureFailure::Cancelled, ..)]));
    assert_eq!(now(&next), void_key());
}

#[test]
fn a_capture_that_fails_is_told_with_why_and_the_rest_is_let_go() {
    for (evidence, reason) in [
        (declined(), CaptureFailure::Declined),
        (Evidence::Refused { code: "no".into() }, CaptureFailure::ProviderError),
    ] {
        let mut payment = capturing();
        let next = payment.learn(&key(CAPTURE), evidence);
        assert_eq!(next.news, [News::CaptureFailed(reason, Some("no".into()), Some(reference("auth_1")))]);
        assert_eq!(now(&next), void_key());
    }
    let mut payment = capturing();
    let next = payment.learn(&key(CAPTURE), Evidence::Voided);
    assert!(matches!(next.news[..], [News::CaptureFailed(CaptureFailure::AuthorizationExpired, ..)]));
    assert_eq!((next.asks.len(), payment.state.name()), (0, "voided"));
}

#[test]
fn money_that_was_taken_after_all_is_told_whatever_was_said_before() {
    let mut payment = capturing();
    payment.learn(&key(CAPTURE), declined());
    // The void is refused, since it was taken: the capture is looked at.
    let next = payment.learn(&void_key(), Evidence::Refused { code: "already-captured".into() });
    assert_eq!(next.asks, [Ask::Again(Question::Look { key: key(CAPTURE) })]);
    let mut nothing = payment.clone();
    assert_eq!(again(&nothing.learn(&key(CAPTURE), declined())), void_key(), "nothing was: let go again");
    for mut payment in [payment, nothing] {
        let next = payment.learn(&key(CAPTURE), captured(1_530));
        assert!(matches!(next.news[..], [News::Captured(..)]), "{next:?}");
        assert_eq!(payment.learn(&void_key(), timeout()), Next::default());
    }
    let mut payment = capturing();
    payment.learn(&key(CAPTURE), declined());
    payment.learn(&void_key(), Evidence::Voided);
    assert!(matches!(payment.hear(&key(CAPTURE), captured(1_530)).news[..], [News::Captured(..)]));
}

#[test]
fn another_amount_or_currency_than_was_asked_for_is_for_a_person() {
    let euros =
        Evidence::Captured { reference: reference("cap_1"), amount_minor: 1_530, currency: Currency::EUR };
    for evidence in [captured(15_300), euros] {
        let mut payment = capturing();
        assert_eq!(payment.learn(&key(CAPTURE), evidence), Next::default());
        assert_eq!((payment.trouble, payment.captured_minor()), (Some(Trouble::TookAnother), 0));
    }
}

#[test]
fn what_is_told_before_the_answer_counts_and_begins_no_second_round_of_questions() {
    let (mut payment, authorize) = asked();
    assert_eq!(payment.hear(&authorize, timeout()), Next::default(), "nobody tells that");
    let action =
        Evidence::ActionRequired { reference: reference("auth_1"), action_url: "x".into(), expires_at: None };
    let next = payment.hear(&authorize, action.clone());
    assert!(matches!(next.news[..], [News::ActionRequired(..)]) && next.asks.is_empty(), "{next:?}");
    assert_eq!(again(&payment.learn(&authorize, timeout())), authorize, "the answer goes on asking");
    let next = payment.hear(&authorize, authorized(1_530));
    assert!(matches!(next.news[..], [News::ActionCompleted(..), News::Authorized(..)]));
    assert_eq!(payment.learn(&authorize, timeout()), Next::default());
    assert_eq!(payment.hear(&authorize, action), Next::default(), "older than what is known");
    payment.ready(NOW);
    assert!(matches!(payment.hear(&key(CAPTURE), captured(1_530)).news[..], [News::Captured(..)]));
    assert_eq!(payment.learn(&key(CAPTURE), timeout()), Next::default());
}

#[test]
fn a_hold_that_turns_up_after_a_decline_is_let_go_once() {
    let (mut payment, authorize) = asked();
    payment.learn(&authorize, declined());
    assert_eq!(now(&payment.hear(&authorize, authorized(1_530))), void_key());
    assert_eq!(payment.hear(&authorize, authorized(1_530)), Next::default());
    assert!(payment.is_asking());
    assert_eq!(payment.learn(&void_key(), Evidence::Voided), Next::default());
    assert_eq!((payment.is_asking(), payment.state.name()), (false, "declined"));
    let foreign = key("pay-536365-authorize-9");
    assert_eq!(payment.learn(&foreign, authorized(1_530)), Next::default(), "never asked for");
}

#[test]
fn documents_from_before_captures_are_read() {
    for (text, name) in [
        (r#"{"order_id":"7","reserved":false,"state":{"is":"waiting"}}"#, "waiting"),
        (
            r#"{"order_id":"7","reserved":true,"placed":{"amount_minor":5,"currency":"GBP","token":"t"},
            "state":{"is":"authorized","reference":"r","authorize":{"key":"pay-7-authorize-1","payment_id":"7",
            "amount_minor":5,"currency":"GBP","token":"t"}}}"#,
            "authorized",
        ),
        (
            r#"{"order_id":"7","reserved":true,"cancelled":"2026-11-26T00:00:00Z","state":{"is":"voided"}}"#,
            "voided",
        ),
    ] {
        let payment: Payment = serde_json::from_str(text).unwrap();
        assert_eq!(payment.state.name(), name);
        let again = serde_json::to_string(&payment).unwrap();
        assert_eq!(serde_json::from_str::<Payment>(&again).unwrap(), payment);
    }
}
