use contracts::events::payment::DisputeStatus;
use contracts::order::{Customer, Line};
use contracts::{Currency, DisputeId, MessageId, Money, Quantity, RefundId, Sku};

use super::*;

fn notification() -> Notification {
    let notification_id = NotificationId::new("536365/order-placed/email").unwrap();
    let mut notification = Notification {
        order_id: Some(OrderId::new("536365").unwrap()),
        customer_id: None,
        milestone: Milestone::OrderPlaced,
        message: None,
        written_at: Timestamp::EPOCH,
        state: State::Sending { key: MailKey::new(&notification_id, 7), unknown: None },
        notification_id,
    };
    assert_eq!(notification.send(), ask(Question::Send));
    notification
}

fn key() -> MailKey {
    "mail-536365/order-placed/email-1".parse().unwrap()
}

fn now() -> Timestamp {
    Timestamp::from_micros(1_000_000)
}

fn reference(text: &str) -> Reference {
    Reference::try_from(text.to_owned()).unwrap()
}

fn accepted() -> Evidence {
    Evidence::Accepted { reference: reference("r1") }
}

fn unknown(why: Why) -> Evidence {
    Evidence::Unknown { why }
}

fn not_taken() -> Evidence {
    Evidence::NotTaken { code: "deferred".to_owned() }
}

fn refused(kind: RefusalKind) -> Evidence {
    Evidence::Refused { kind, code: "no".to_owned() }
}

fn ask(question: Question) -> Next {
    Next { ask: Some(question), ..Next::default() }
}

fn failed(reason: NotSentReason, code: &str) -> Next {
    Next { news: Some(News::Failed(reason, Some(code.to_owned()))), ..Next::default() }
}

#[test]
fn each_evidence_leads_where_it_must() {
    let last_send = SENDS - 1;
    let last_look = SENDS + LOOKS - 1;
    let sent = Next { news: Some(News::Sent(reference("r1"))), ..Next::default() };
    let bounced = Next { suppress: Some("no".to_owned()), ..failed(NotSentReason::BadAddress, "no") };
    for (evidence, asked, next, state) in [
        (accepted(), 0, sent.clone(), "sent"),
        (accepted(), last_look, sent, "sent"),
        (refused(RefusalKind::NoSuchAddress), 0, bounced, "failed"),
        (refused(RefusalKind::Unwanted), 0, failed(NotSentReason::Refused, "no"), "failed"),
        (not_taken(), 0, ask(Question::Send), "sending"),
        (not_taken(), last_send - 1, ask(Question::Send), "sending"),
        (not_taken(), last_send, failed(NotSentReason::Unreachable, "deferred"), "failed"),
        (Evidence::NotFound, 0, ask(Question::Send), "sending"),
        (Evidence::NotFound, last_send, failed(NotSentReason::Unreachable, "not_found"), "failed"),
        (unknown(Why::Timeout), 0, ask(Question::Send), "unknown"),
        (unknown(Why::Timeout), last_send - 1, ask(Question::Send), "unknown"),
        (unknown(Why::Reset), last_send, ask(Question::Look), "unknown"),
        (unknown(Why::KeyReused), 0, ask(Question::Look), "unknown"),
        (unknown(Why::ServerError), last_look - 1, ask(Question::Look), "unknown"),
        (
            unknown(Why::ServerError),
            last_look,
            failed(NotSentReason::Unreachable, "outcome_unknown"),
            "failed",
        ),
    ] {
        let mut notification = notification();
        let said = format!("{evidence:?} after {asked}");
        assert_eq!(notification.learn(&key(), evidence, asked, now()), next, "{said}");
        assert_eq!(notification.state.name(), state, "{said}");
        assert_eq!(notification.state.key(), Some(&key()), "{said}: the key stays");
    }
}

#[test]
fn unknown_ends_with_what_the_same_key_says() {
    for end in [accepted(), refused(RefusalKind::Unwanted)] {
        let mut notification = notification();
        notification.learn(&key(), unknown(Why::Timeout), 0, now());
        notification.learn(&key(), unknown(Why::InProgress), 1, now());
        assert!(notification.learn(&key(), end, 2, now()).news.is_some());
    }
}

#[test]
fn what_is_over_stays_over() {
    for end in [accepted(), refused(RefusalKind::NoSuchAddress)] {
        for late in [accepted(), unknown(Why::Timeout), not_taken(), Evidence::NotFound] {
            let mut notification = notification();
            notification.learn(&key(), end.clone(), 0, now());
            let before = notification.clone();
            assert_eq!(notification.learn(&key(), late.clone(), 1, now()), Next::default(), "{late:?}");
            assert_eq!(notification, before);
        }
    }
}

#[test]
fn an_answer_about_another_key_says_nothing() {
    let mut notification = notification();
    let other = "mail-536365/order-placed/email-2".parse().unwrap();
    assert_eq!(notification.learn(&other, accepted(), 0, now()), Next::default());
    assert_eq!(notification.state.name(), "sending");
}

#[test]
fn tries_come_at_once_and_then_ever_later() {
    let waits: Vec<u64> = (0..SENDS + 2).map(wait_before).collect();
    assert_eq!(waits, [0, 1, 5, 30, 120, 600, 3_600, 3_600]);
}

#[test]
fn receipts_go_whatever_was_chosen_and_nothing_goes_where_nobody_wants_it() {
    let all_off = Preferences { off: Topic::CUSTOMERS.into_iter().collect() };
    let gone = Suppression {
        masked: "a***@example.org".to_owned(),
        cause: SuppressionCause::Bounce,
        code: None,
        at: now(),
    };
    for (topic, goes) in [
        (Topic::Orders, true),
        (Topic::Payments, true),
        (Topic::Shipping, false),
        (Topic::Completion, false),
        (Topic::Stock, true),
    ] {
        assert_eq!(may_write(topic, &all_off, None).is_ok(), goes, "{topic:?}");
        assert!(may_write(topic, &Preferences::default(), None).is_ok(), "{topic:?}");
        let refused = may_write(topic, &Preferences::default(), Some(&gone));
        assert_eq!(refused, Err(NotSentReason::Suppressed), "{topic:?}");
    }
}

fn line(sku: &str, quantity: u32, unit_price_minor: i64) -> Line {
    Line { sku: Sku::new(sku).unwrap(), quantity: Quantity::new(quantity).unwrap(), unit_price_minor }
}

fn order() -> Order {
    Order {
        customer_id: CustomerId::new("c-1").unwrap(),
        customer: Customer { name: "Ada".into(), email: "ada@example.org".into(), locale: "en".into() },
        currency: Currency::GBP,
        lines: vec![line("a", 1, 100)],
        shipping_fee_minor: 0,
        discount_minor: 0,
        tax_minor: 0,
        total_minor: 100,
    }
}

fn story(facts: Facts) -> Story {
    Story { facts, at: now() }
}

fn dossier() -> Dossier {
    Dossier::of(OrderId::new("536365").unwrap(), now())
}

#[test]
fn what_comes_before_its_order_is_told_with_it() {
    let mut dossier = dossier();
    assert_eq!(dossier.hear(story(Facts::Completed)), Heard::Kept);
    assert_eq!(dossier.hear(story(Facts::Completed)), Heard::Kept, "a copy is kept once");
    assert_eq!(dossier.hear(story(Facts::Delivered)), Heard::Kept);
    assert_eq!(dossier.open(order()), [story(Facts::Completed), story(Facts::Delivered)]);
    assert_eq!(dossier.hear(story(Facts::Completed)), Heard::Tell(vec![story(Facts::Completed)]));
    let other = Order { total_minor: 5, ..order() };
    assert_eq!(dossier.open(other), []);
    assert_eq!(dossier.order, Some(order()), "the first who says it is right");
}

#[test]
fn a_dossier_keeps_no_more_than_can_happen_to_an_order() {
    let mut dossier = dossier();
    let refund = |n: usize| {
        let money = Money::new(1, Currency::GBP);
        story(Facts::Refunded { refund_id: RefundId::new(format!("r{n}")).unwrap(), money })
    };
    for n in 0..MAX_WAITING {
        assert_eq!(dossier.hear(refund(n)), Heard::Kept);
    }
    assert_eq!(dossier.hear(refund(MAX_WAITING)), Heard::Full);
}

#[test]
fn what_another_application_sends_is_brought_within_bounds() {
    let long = "x".repeat(300);
    let wild = Order {
        customer: Customer { name: long.clone(), email: long.clone(), locale: long },
        lines: vec![line("a", 1, 100), line("b", 2, 5), line("a", 2, 100)],
        ..order()
    };
    let tame = wild.clone().bounded();
    assert_eq!(tame.customer, Customer::default());
    assert_eq!(tame.lines, [line("a", 3, 100), line("b", 2, 5)]);
    let two_prices = Order { lines: vec![line("a", 1, 100), line("a", 1, 99)], ..wild.clone() };
    assert!(two_prices.bounded().lines.is_empty());
    let many = (0..81).map(|n| line(&n.to_string(), 1, 1)).collect();
    assert!(Order { lines: many, ..wild }.bounded().lines.is_empty());
}

#[test]
fn an_id_says_what_is_told_and_to_whom() {
    let order_id = OrderId::new("536365").unwrap();
    let told = |facts: &Facts| facts.told_about(&order_id).unwrap().to_string();
    assert_eq!(told(&Facts::Confirmed), "536365/order-confirmed/email", "as the frozen example has it");
    let refund = |id: &str, minor| Facts::Refunded {
        refund_id: RefundId::new(id).unwrap(),
        money: Money::new(minor, Currency::GBP),
    };
    assert_eq!(told(&refund("r1", 1)), told(&refund("r1", 2)), "one refund, one message");
    assert_ne!(told(&refund("r1", 1)), told(&refund("r2", 1)));
    let dispute = |status| Facts::Disputed {
        dispute_id: DisputeId::new("d1").unwrap(),
        status,
        money: Money::new(1, Currency::GBP),
    };
    assert_ne!(told(&dispute(DisputeStatus::Opened)), told(&dispute(DisputeStatus::Won)));
    let longest = OrderId::new("o".repeat(OrderId::MAX_BYTES)).unwrap();
    let longest_refund = refund(&"r".repeat(RefundId::MAX_BYTES), 1);
    assert!(longest_refund.told_about(&longest).unwrap().as_str().len() <= NotificationId::MAX_BYTES);
    let alarm = |event: &str, to: &str| Facts::Completed.told_to(MessageId::named(&[event]), to).unwrap();
    assert_eq!(alarm("e1", "ops@example.org"), alarm("e1", "ops@example.org"));
    assert_ne!(alarm("e1", "ops@example.org"), alarm("e2", "ops@example.org"));
    assert_ne!(alarm("e1", "ops@example.org"), alarm("e1", "boss@example.org"));
    assert!(!alarm("e1", "ops@example.org").as_str().contains("ops"), "an id is no address");
}
