//! What the customer contests.

use contracts::DisputeId;
use contracts::events::payment::DisputeStatus::{self, Lost, Opened, Won};

use super::*;

fn dispute(status: DisputeStatus, at: i64) -> Dispute {
    Dispute {
        dispute_id: DisputeId::new("d1").unwrap(),
        status,
        money: pounds(1_530),
        code: None,
        evidence_due_at: None,
        at: Timestamp::from_micros(at),
    }
}

fn r1() -> RefundId {
    RefundId::new("r1").unwrap()
}

fn state(payment: &Payment) -> &'static str {
    payment.refunds[&r1()].state.name()
}

#[test]
fn a_decision_is_never_taken_back_by_an_older_word() {
    for (told, statuses) in [
        (vec![(Opened, 1), (Won, 2), (Opened, 1)], vec![Opened, Won]),
        (vec![(Won, 2), (Opened, 1), (Opened, 3), (Won, 2)], vec![Won]),
        (vec![(Lost, 5), (Won, 2)], vec![Lost]),
        (vec![(Opened, 1), (Lost, 5), (Won, 9)], vec![Opened, Lost, Won]),
    ] {
        let mut payment = taken();
        let news = told.iter().flat_map(|(status, at)| payment.contest(dispute(*status, *at)).news);
        let said = news.map(|news| match news {
            News::Disputed(dispute) => dispute.status,
            other => panic!("{other:?}"),
        });
        assert_eq!(said.collect::<Vec<_>>(), statuses, "{told:?}");
        assert_eq!(payment.captured_minor(), 1_530, "an overlay");
    }
}

#[test]
fn a_refund_that_is_refused_while_the_payment_is_contested_waits_for_the_decision() {
    let mut payment = taken();
    let one = now(&payment.refund(r1(), pounds(500)).unwrap());
    payment.contest(dispute(Opened, 1));
    assert_eq!(payment.learn(&one, Evidence::Disputed), Next::default());
    assert_eq!(state(&payment), "disputed");
    let mut lost = payment.clone();
    assert_eq!(now(&payment.contest(dispute(Won, 2))), key("pay-r1-refund-2"));
    assert!(lost.contest(dispute(Lost, 2)).asks.is_empty());
    assert_eq!(state(&lost), "covered");
    assert_eq!(now(&lost.contest(dispute(Won, 3))), key("pay-r1-refund-2"), "decided the other way");
}

#[test]
fn a_decision_that_is_heard_before_the_refusal_counts() {
    let asked = || {
        let mut payment = taken();
        let one = now(&payment.refund(r1(), pounds(500)).unwrap());
        (payment, one)
    };
    let (mut payment, one) = asked();
    payment.contest(dispute(Won, 2));
    assert_eq!(again(&payment.learn(&one, Evidence::Disputed)), key("pay-r1-refund-2"), "not at once");
    assert!(matches!(payment.learn(&key("pay-r1-refund-2"), refunded(500)).news[..], [News::Refunded(..)]));
    let (mut payment, one) = asked();
    payment.contest(dispute(Lost, 2));
    assert_eq!(payment.learn(&one, Evidence::Disputed), Next::default());
    assert_eq!(state(&payment), "covered");
    let (mut payment, one) = asked();
    assert_eq!(payment.learn(&one, Evidence::Refused { code: "charged_back".into() }), Next::default());
    assert_eq!((state(&payment), payment.trouble), ("covered", None));
}

#[test]
fn a_refund_that_falls_due_during_a_dispute_or_after_one_is_not_sent_in_vain() {
    let mut payment = taken();
    payment.contest(dispute(Opened, 1));
    assert!(payment.refund(r1(), pounds(500)).unwrap().asks.is_empty());
    assert_eq!(now(&payment.contest(dispute(Won, 2))), key("pay-r1-refund-1"));
    let mut payment = taken();
    payment.contest(dispute(Lost, 1));
    assert!(payment.refund(r1(), pounds(500)).unwrap().asks.is_empty());
    assert_eq!(state(&payment), "covered");
}

#[test]
fn a_payment_has_a_bounded_number_of_disputes() {
    let mut payment = taken();
    for n in 0..=MAX_DISPUTES {
        let dispute_id = DisputeId::new(format!("d{n}")).unwrap();
        payment.contest(Dispute { dispute_id, ..dispute(Opened, 1) });
    }
    assert_eq!((payment.disputes.len(), payment.trouble), (MAX_DISPUTES, Some(Trouble::TooManyDisputes)));
}
