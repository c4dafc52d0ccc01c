//! Holds that run out.

use super::*;

const END: Timestamp = Timestamp::EPOCH;

fn held_until(attempt: u32) -> Evidence {
    Evidence::Authorized {
        reference: reference(&format!("auth_{attempt}")),
        amount_minor: 1_530,
        currency: Currency::GBP,
        expires_at: Some(END),
    }
}

fn first() -> ProviderKey {
    key("pay-536365-authorize-1")
}

fn second() -> ProviderKey {
    key("pay-536365-authorize-2")
}

fn held() -> Payment {
    let (mut payment, key) = asked();
    let next = payment.learn(&key, held_until(1));
    assert_eq!(next.expiry, Some((END, key)));
    payment
}

/// The first hold has run out, and the second is asked for.
fn renewing() -> Payment {
    let mut payment = held();
    let next = payment.run_out(&first(), END);
    let keys: Vec<ProviderKey> = next.asks.iter().map(|ask| ask.question().key().clone()).collect();
    assert_eq!(keys, [void_key(), second()]);
    assert!(next.news.is_empty());
    payment
}

#[test]
fn a_hold_that_runs_out_is_held_again_in_silence() {
    let mut payment = renewing();
    assert_eq!(payment.run_out(&first(), END), Next::default(), "once");
    assert_eq!(again(&payment.learn(&second(), timeout())), second());
    let next = payment.learn(&second(), held_until(2));
    assert!(next.news.is_empty(), "{next:?}");
    assert_eq!(next.expiry, Some((END, second())));
    assert_eq!(payment.hear(&first(), held_until(1)), Next::default(), "it is let go already");
    let next = payment.ready(NOW);
    assert_eq!(now(&next), key(CAPTURE));
    assert_eq!(payment.captures[0].reference, reference("auth_2"));
}

#[test]
fn a_clock_that_is_early_looks_again() {
    let mut payment = held();
    let State::Authorized { expires_at, .. } = &mut payment.state else { panic!() };
    let later = Timestamp::from_micros(5);
    *expires_at = Some(later);
    assert_eq!(payment.run_out(&first(), END).expiry, Some((later, first())));
}

#[test]
fn what_is_not_held_again_is_told_to_whoever_waits_for_it() {
    let mut nobody_waits = renewing();
    let next = nobody_waits.learn(&second(), declined());
    assert_eq!(next.news, [News::Expired(reference("auth_1"))]);
    let next = nobody_waits.ready(NOW);
    let failed = |next: &Next| {
        matches!(next.news[..], [News::CaptureFailed(CaptureFailure::AuthorizationExpired, ..)])
    };
    assert!(failed(&next), "{next:?}");
    let mut parcel_waits = renewing();
    parcel_waits.ready(NOW);
    let next = parcel_waits.learn(&second(), declined());
    assert!(failed(&next), "{next:?}");
    let action =
        Evidence::ActionRequired { reference: reference("auth_2"), action_url: "x".into(), expires_at: None };
    let mut nobody_acts = renewing();
    let next = nobody_acts.learn(&second(), action);
    assert_eq!(next.news, [News::Expired(reference("auth_1"))]);
    assert_eq!(now(&next), key("pay-536365-void-2"));
}

#[test]
fn a_cancel_during_the_renewal_lets_everything_go() {
    let mut payment = renewing();
    assert_eq!(payment.cancel(NOW), Next::default(), "the answer is on its way");
    let next = payment.learn(&second(), held_until(2));
    assert_eq!(now(&next), key("pay-536365-void-2"));
    payment.learn(&void_key(), Evidence::Voided);
    let next = payment.learn(&key("pay-536365-void-2"), Evidence::Voided);
    assert!(matches!(next.news[..], [News::Voided(Some(_))]));
    assert!(!payment.is_asking());
}

#[test]
fn a_capture_that_comes_too_late_is_made_from_the_next_hold_and_not_for_ever() {
    let mut payment = held();
    payment.ready(NOW);
    for attempt in 1..=3 {
        let capture = key(&format!("pay-536365-capture-{attempt}"));
        let next = payment.learn(&capture, Evidence::Expired);
        if attempt == 3 {
            assert!(matches!(next.news[..], [News::CaptureFailed(CaptureFailure::AuthorizationExpired, ..)]));
            assert_eq!(payment.state.name(), "expired");
            break;
        }
        let authorize = key(&format!("pay-536365-authorize-{}", attempt + 1));
        assert_eq!(next.asks.last().unwrap().question().key(), &authorize);
        let next = payment.learn(&authorize, held_until(attempt + 1));
        assert_eq!(now(&next), key(&format!("pay-536365-capture-{}", attempt + 1)));
    }
    assert_eq!(payment.ready(NOW), Next::default());
}

#[test]
fn a_payment_is_not_held_for_ever() {
    let mut payment = held();
    for attempt in 1..HOLDS {
        payment.run_out(&key(&format!("pay-536365-authorize-{attempt}")), END);
        let again = key(&format!("pay-536365-authorize-{}", attempt + 1));
        payment.learn(&again, held_until(attempt + 1));
    }
    let next = payment.run_out(&key(&format!("pay-536365-authorize-{HOLDS}")), END);
    assert_eq!(next.news, [News::Expired(reference("auth_6"))]);
    assert!(payment.strays.iter().all(|stray| stray.why == Release::RanOut));
}
