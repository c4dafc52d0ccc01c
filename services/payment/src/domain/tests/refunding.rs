//! Giving money back.

use super::*;

fn id(text: &str) -> RefundId {
    RefundId::new(text).unwrap()
}

fn due(payment: &mut Payment, name: &str, amount_minor: i64) -> Next {
    payment.refund(id(name), pounds(amount_minor)).unwrap()
}

#[test]
fn each_refund_has_a_key_and_an_end_of_its_own() {
    let mut payment = taken();
    let one = now(&due(&mut payment, "r1", 500));
    let two = now(&due(&mut payment, "r2", 1_030));
    assert_eq!((one.as_str(), two.as_str()), ("pay-r1-refund-1", "pay-r2-refund-1"));
    assert_eq!(again(&payment.learn(&one, timeout())), one);
    let next = payment.learn(&two, refunded(1_030));
    assert_eq!(next.news, [News::Refunded(id("r2"), pounds(1_030), reference("ref_1"), 1_030)]);
    let next = payment.learn(&one, refunded(500));
    assert_eq!(next.news, [News::Refunded(id("r1"), pounds(500), reference("ref_1"), 1_530)]);
    assert_eq!(payment.learn(&one, refunded(500)), Next::default());
    assert!(!payment.is_asking());
}

#[test]
fn the_same_name_never_moves_money_twice() {
    let mut payment = taken();
    now(&due(&mut payment, "r1", 500));
    assert_eq!(due(&mut payment, "r1", 500), Next::default());
    assert_eq!(
        (due(&mut payment, "r1", 400), payment.trouble),
        (Next::default(), Some(Trouble::RefundContradicts))
    );
}

#[test]
fn no_more_is_given_back_than_was_taken() {
    let mut payment = taken();
    now(&due(&mut payment, "r1", 1_000));
    assert_eq!(due(&mut payment, "r2", 531), Next::default());
    assert_eq!(payment.refunds[&id("r2")].state.name(), "refused");
    assert_eq!(payment.trouble, Some(Trouble::RefundContradicts));
    now(&due(&mut payment, "r3", 530));
    let euros = Money { amount_minor: 1, currency: Currency::EUR };
    assert_eq!(payment.refund(id("r4"), euros).unwrap(), Next::default());
    assert_eq!(payment.reserved_for_refunds_minor(), 1_530);
}

#[test]
fn a_refund_waits_until_it_is_known_that_the_money_was_taken() {
    let mut payment = capturing();
    assert_eq!(due(&mut payment, "r1", 500), Next::default());
    assert_eq!(payment.refunds[&id("r1")].state.name(), "waiting");
    let next = payment.learn(&key(CAPTURE), captured(1_530));
    assert_eq!(now(&next), key("pay-r1-refund-1"));
}

#[test]
fn a_refund_that_is_refused_is_for_a_person_and_one_that_went_through_after_all_is_told() {
    let mut payment = taken();
    let one = now(&due(&mut payment, "r1", 500));
    assert_eq!(payment.learn(&one, Evidence::Refused { code: "too-late".into() }), Next::default());
    assert_eq!(payment.trouble, Some(Trouble::RefundRefused));
    assert!(matches!(payment.hear(&one, refunded(500)).news[..], [News::Refunded(..)]));
    let two = now(&due(&mut payment, "r2", 500));
    assert_eq!(payment.learn(&two, refunded(5_000)), Next::default(), "another amount");
    assert_eq!(payment.refunded_minor(), 500);
}

#[test]
fn a_payment_has_a_bounded_number_of_refunds() {
    let mut payment = taken();
    for n in 0..MAX_REFUNDS {
        due(&mut payment, &format!("r{n}"), 1);
    }
    assert!(payment.refund(id("one-more"), pounds(1)).is_err());
    assert_eq!(due(&mut payment, "r0", 1), Next::default(), "known ones are");
}
