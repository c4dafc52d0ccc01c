//! Following one order: to its end, as a tree, and in what payment, shipping and notification have of it.

use serde_json::{Value, json};

use crate::shop::{block_on, until};
use crate::support::{Dev, json_of, stderr};

fn place(dev: &Dev, token: &str) -> String {
    dev.ok(&["stock", "adjust", "85123A", "--location", "main", "--delta", "10", "--reason", "received"]);
    let placed = dev.ok(&["order", "place", "--customer", "c-1", "--line", "85123A:2:255", "--token", token]);
    placed["order_id"].as_str().unwrap().to_owned()
}

fn names(entries: &Value) -> Vec<&str> {
    entries.as_array().unwrap().iter().filter_map(|entry| entry["type"].as_str()).collect()
}

#[test]
fn an_order_is_followed_to_its_end_and_the_end_says_why() {
    let dev = Dev::start();
    let id = place(&dev, "tok_declined");
    let watched = dev.ok(&["order", "watch", &id, "--timeout", "60"]);
    let sentence = "cancelled: payment_declined, no money was taken";
    assert_eq!((&watched["end"]["ended"], &watched["end"]["sentence"]), (&json!(true), &json!(sentence)));
    let seen = names(&watched["entries"]);
    assert_eq!(seen.first(), Some(&"shop.banyan.order.placed.v2"));
    for name in ["payment.declined", "order.cancelled"] {
        assert!(seen.contains(&format!("shop.banyan.{name}.v1").as_str()), "{name} is not in {seen:?}");
    }

    let drawn = dev.run(&["order", "timeline", &id]);
    let drawn = String::from_utf8_lossy(&drawn.stdout).into_owned();
    assert!(drawn.contains("└╴") && !drawn.contains('\x1b'), "{drawn}");
    assert_eq!(drawn.trim_end().lines().last(), Some(sentence));
    let flat = dev.run(&["order", "timeline", &id, "--flat"]);
    assert!(!String::from_utf8_lossy(&flat.stdout).contains('╴'));

    assert_eq!(dev.ok(&["payments", "show", &id])["status"], "declined");
    let listed = dev.ok(&["payments", "list", "--status", "declined"]);
    assert_eq!(listed["payments"][0]["order_id"], json!(id));
    let mut mails = Value::Null;
    block_on(until("something is written to the customer", async || {
        mails = dev.ok(&["mail", "list", "--order", &id]);
        mails["notifications"][0].is_object()
    }));
    let mail = mails["notifications"][0]["notification_id"].as_str().unwrap();
    assert_eq!(dev.ok(&["mail", "show", mail])["notification_id"], json!(mail));
    assert!(dev.ok(&["shipments", "list", "--status", "trouble"])["shipments"].is_array());
}

#[test]
fn an_order_that_is_not_at_its_end_in_time_is_told_as_it_is_with_4() {
    let dev = Dev::start();
    // The provider asks the customer, who does not answer.
    let id = place(&dev, "tok_3ds");
    let told = dev.run(&["order", "watch", &id, "--timeout", "0", "--json"]);
    assert_eq!(told.status.code(), Some(4), "{}", stderr(&told));
    assert_eq!(json_of(&told)["end"]["ended"], json!(false));
    let told = dev.run(&["order", "watch", &id, "--timeout", "0"]);
    let said = stderr(&told);
    assert_eq!(told.status.code(), Some(4));
    assert!(said.starts_with("banyan: ") && said.contains("order timeline"), "{said}");

    let unknown = dev.run(&["order", "watch", "nowhere"]);
    assert_eq!(unknown.status.code(), Some(1));
    assert!(stderr(&unknown).contains("not-found"), "{}", stderr(&unknown));
}
