//! Events in, letters out: each milestone once, in any order of arrival.

use contracts::Topology;
use contracts::events::notification::{NotSentReason, NotificationFailed, NotificationSent};
use serde_json::{Value, json};

use crate::support::{Desk, OPERATOR, frozen, is_alarm, milestones, order_with, retold};

fn ids(desk: &Desk, query: &str) -> Vec<String> {
    let body = desk.get(&format!("/notifications?{query}&limit=100")).body;
    let rows = body["notifications"].as_array().unwrap();
    let mut ids: Vec<String> =
        rows.iter().map(|row| row["notification_id"].as_str().unwrap().to_owned()).collect();
    ids.sort();
    ids
}

#[test]
fn every_event_that_the_topology_gives_to_the_service_is_handled() {
    let mailbox = std::sync::Arc::new(crate::mailbox::Office::new(
        store::sim::JumpingTime::starting_at(contracts::Timestamp::EPOCH),
        1,
    ));
    let service = notification::service(mailbox, notification::Config::default());
    let mut handled = service.handled_events().to_vec();
    handled.sort_unstable();
    let mut given: Vec<&str> =
        Topology::embedded().subscriptions("notification").map(|kind| kind.as_str()).collect();
    given.sort_unstable();
    assert_eq!(handled, given);
}

#[test]
fn each_milestone_is_one_letter_and_is_told() {
    let desk = Desk::new();
    let milestones = milestones();
    assert!(milestones.len() > 10, "{milestones:?}");
    for name in &milestones {
        desk.tell(name);
        let sent = desk.heard_of::<NotificationSent>();
        assert_eq!(sent.len(), 1, "{name}");
        assert_eq!(sent[0].template.replacen('-', ".", 1), (*name).to_owned());
        assert_eq!(sent[0].order_id.is_none(), is_alarm(name), "{name}");
        assert_eq!(sent[0].customer_id.is_none(), is_alarm(name), "{name}");
        assert!(sent[0].provider_reference.is_some());
    }
    let letters = desk.office.letters();
    assert_eq!(letters.len(), milestones.len());
    let to = |address: &str| letters.iter().filter(|letter| letter.to.expose() == address).count();
    let alarms = milestones.iter().filter(|name| is_alarm(name)).count();
    assert_eq!((to("ada@example.org"), to(OPERATOR)), (milestones.len() - alarms, alarms));
    assert_eq!(desk.audit().violations, Vec::<String>::new());
    assert_eq!(desk.dead_letters(), Vec::<String>::new());
}

#[test]
fn an_event_says_what_the_frozen_example_says() {
    let desk = Desk::new();
    desk.tell("order.placed");
    desk.heard();
    desk.tell("order.confirmed");
    let sent = desk.heard().remove(0);
    let example = frozen("notification.sent");
    assert_eq!(sent.subject, example["subject"].as_str().unwrap());
    let said = serde_json::to_value(&sent).unwrap();
    // What it was caused by is the answer of the mailbox, whose id is of no example.
    for field in ["source", "type", "correlationid", "partitionkey", "sequence"] {
        assert_eq!(said[field], example[field], "{field}");
    }
    for field in ["notification_id", "order_id", "customer_id", "channel", "template"] {
        assert_eq!(said["data"][field], example["data"][field], "{field}");
    }
}

#[test]
fn a_copy_and_a_second_event_that_tells_the_same_write_nothing() {
    let desk = Desk::new();
    let milestones = milestones();
    for name in &milestones {
        let event = frozen(name);
        desk.publish(&event);
        desk.publish(&event);
        desk.settle();
        // A shortage that is found again is an alarm of its own.
        if !is_alarm(name) {
            desk.tell_of(&retold(&event, name));
        }
    }
    assert_eq!(desk.office.letters().len(), milestones.len());
    assert_eq!(desk.heard_of::<NotificationSent>().len(), milestones.len());
}

#[test]
fn two_refunds_of_one_order_are_two_letters() {
    let desk = Desk::new();
    desk.tell("order.placed");
    let first = frozen("payment.refunded");
    let mut second = retold(&first, "second");
    second["data"]["refund_id"] = json!("536365-r2");
    desk.tell_of(&first);
    desk.tell_of(&second);
    assert_eq!(ids(&desk, "order_id=536365").len(), 3);
}

/// What is left of it all, whatever came first.
fn left(desk: &Desk) -> (Vec<String>, Vec<(String, String)>) {
    (ids(desk, "order_id=536365"), desk.delivered())
}

#[test]
fn in_whatever_order_events_come_the_same_letters_are_written() {
    let names = ["order.placed", "order.confirmed", "shipment.dispatched", "payment.refunded"];
    let expected = {
        let desk = Desk::new();
        names.iter().for_each(|name| desk.tell(name));
        left(&desk)
    };
    assert_eq!(expected.0.len(), names.len());
    for order in permutations(names.len()) {
        let desk = Desk::new();
        order.iter().for_each(|&at| desk.tell(names[at]));
        assert_eq!(left(&desk), expected, "{order:?}");
        assert_eq!(desk.audit().violations, Vec::<String>::new());
    }
}

fn permutations(n: usize) -> Vec<Vec<usize>> {
    if n == 0 {
        return vec![vec![]];
    }
    let shorter = permutations(n - 1);
    let with_last = |order: &Vec<usize>, at: usize| {
        let mut order = order.clone();
        order.insert(at, n - 1);
        order
    };
    shorter.iter().flat_map(|order| (0..n).map(move |at| with_last(order, at))).collect()
}

#[test]
fn what_waits_for_its_order_is_not_sent_before() {
    let desk = Desk::new();
    desk.tell("order.cancelled");
    assert_eq!((desk.office.letters().len(), desk.heard().len()), (0, 0));
    desk.tell("order.placed");
    assert_eq!(ids(&desk, "order_id=536365"), ["536365/order-cancelled/email", "536365/order-placed/email"]);
}

#[test]
fn whoever_left_no_address_or_none_that_works_is_not_written_to() {
    for (email, reason) in [("", NotSentReason::NoAddress), ("ada at home", NotSentReason::BadAddress)] {
        let desk = Desk::new();
        desk.tell_of(&order_with("/data/customer/email", email));
        let failed = desk.heard_of::<NotificationFailed>();
        assert_eq!(failed.len(), 1, "{email:?}");
        assert_eq!((failed[0].reason, failed[0].provider_code.clone()), (reason, None));
        assert_eq!(desk.office.asked(), 0);
        assert_eq!(desk.audit().violations, Vec::<String>::new());
    }
}

#[test]
fn another_applications_order_that_does_not_add_up_gets_no_receipt_but_its_cancel() {
    let desk = Desk::new();
    let mut wrong = order_with("/data/total_minor", 1);
    wrong["source"] = json!("/legacy/shop");
    desk.tell_of(&wrong);
    assert_eq!(desk.office.letters().len(), 0);
    desk.tell("order.cancelled");
    assert_eq!(ids(&desk, "order_id=536365"), ["536365/order-cancelled/email"]);
}

#[test]
fn nobody_is_told_of_stock_where_no_operator_is_named() {
    let desk = Desk::with(1, None);
    desk.tell("stock.low");
    desk.tell("stock.short");
    assert_eq!((desk.office.asked(), desk.heard().len()), (0, 0));
}

#[test]
fn the_letter_speaks_the_customers_language() {
    for (locale, subject) in [
        ("de-AT", "Ihre Bestellung 536365"),
        ("fr", "Votre commande 536365"),
        ("sv-SE", "Your order 536365"),
        ("", "Your order 536365"),
    ] {
        let desk = Desk::new();
        desk.tell_of(&order_with("/data/customer/locale", locale));
        assert_eq!(desk.delivered(), [("ada@example.org".to_owned(), subject.to_owned())], "{locale:?}");
    }
}

#[test]
fn a_body_that_is_nothing_its_type_promises_is_put_away() {
    let desk = Desk::new();
    let mut event = frozen("order.placed");
    event["data"] = Value::from(1);
    desk.tell_of(&event);
    assert_eq!(desk.dead_letters().len(), 1, "{:?}", desk.dead_letters());
    assert_eq!(desk.office.asked(), 0);
}
