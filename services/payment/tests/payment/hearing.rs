//! What the provider tells of its own accord meets what it is asked, through the running service.

use std::time::Duration;

use contracts::events::payment::{DisputeStatus, PaymentDisputed, PaymentRefunded};
use runtime::signature::{Secret, sign};
use serde_json::json;

use crate::shop::{Mishap, Refused as _, Shop, TOTAL, placed, reserved, secret, shipment_ready};

/// What waits to be told, without the names of it.
fn bodies(shop: &Shop) -> Vec<Vec<u8>> {
    shop.road.webhooks().into_iter().map(|(_, body)| body).collect()
}

#[test]
fn nothing_is_learnt_from_what_is_not_signed_or_no_webhook() {
    let shop = Shop::new();
    shop.road.lose(&[Mishap::LostAfter]);
    shop.publish("1", "o-1", &placed("o-1", "tok_ok"));
    shop.publish("1", "o-1", &reserved("o-1"));
    shop.wait(Duration::from_millis(500));
    let body = bodies(&shop).remove(0);
    let signature = sign(&secret(), &body);
    let another = sign(&Secret::new("somebody else's"), &body);
    let mut forged = body.clone();
    forged.push(b' ');
    let not_signed = (401, "not-signed".to_owned());
    for (body, signature) in [(&body, ""), (&body, another.as_str()), (&forged, signature.as_str())] {
        assert_eq!(shop.webhook(body, signature).problem(), not_signed);
    }
    assert_eq!(shop.status("o-1"), "unknown");
    for nonsense in [&b"{}"[..], b"", b"<html>", b"{\"simulated\":false,\"events\":[]}"] {
        let refused = shop.webhook(nonsense, &sign(&secret(), nonsense)).problem();
        assert_eq!(refused, (422, "invalid-webhook".to_owned()));
    }
    let long = vec![b' '; 100_000];
    assert_eq!(shop.webhook(&long, &sign(&secret(), &long)).problem(), (413, "body-too-large".to_owned()));
    assert_eq!(shop.post("/providers/other/webhooks").problem(), (404, "not-found".to_owned()));
    assert_eq!(shop.tell(&body), (1, 0), "the real one");
    assert_eq!(shop.status("o-1"), "authorized");
}

#[test]
fn webhooks_are_refused_until_a_secret_is_configured_and_two_may_be() {
    let shop = Shop::with(1, vec![]);
    shop.order("o-1", "tok_ok");
    let body = bodies(&shop).remove(0);
    assert_eq!(shop.webhook(&body, &sign(&secret(), &body)).problem(), (404, "not-found".to_owned()));
    let next = Secret::new("the next one");
    let shop = Shop::with(1, vec![secret(), next.clone()]);
    shop.order("o-1", "tok_ok");
    for secret in [secret(), next] {
        assert_eq!(shop.webhook(&body, &sign(&secret, &body)).status, 202);
    }
}

#[test]
fn one_webhook_tells_only_so_much_at_once() {
    let shop = Shop::new();
    shop.order("o-1", "tok_ok");
    let told: serde_json::Value = serde_json::from_slice(&bodies(&shop)[0]).unwrap();
    let many = json!({ "simulated": true, "events": vec![&told["events"][0]; 21] }).to_string();
    let refused = shop.webhook(many.as_bytes(), &sign(&secret(), many.as_bytes()));
    assert_eq!(refused.problem(), (422, "invalid-webhook".to_owned()));
    let as_many_as_can_be = json!({ "simulated": true, "events": vec![&told["events"][0]; 20] }).to_string();
    assert_eq!(shop.tell(as_many_as_can_be.as_bytes()), (20, 0));
}

#[test]
fn a_webhook_that_comes_before_the_reply_counts_and_the_reply_says_nothing_new() {
    let shop = Shop::new();
    shop.road.lose(&[Mishap::Late, Mishap::Late]);
    shop.publish("1", "o-1", &placed("o-1", "tok_ok"));
    shop.publish("1", "o-1", &reserved("o-1"));
    shop.wait(Duration::from_secs(1));
    assert_eq!((shop.told(), shop.status("o-1").as_str()), (vec![], "authorizing"));
    assert_eq!(shop.tell(&bodies(&shop)[0]), (1, 0));
    shop.wait(Duration::from_secs(1));
    assert_eq!((shop.told(), shop.status("o-1").as_str()), (vec!["authorized".to_owned()], "authorized"));
    shop.wait(Duration::from_secs(60));
    assert_eq!(shop.told(), [""; 0]);

    shop.publish("1", "o-1", &shipment_ready("o-1"));
    shop.wait(Duration::from_secs(1));
    let captured = bodies(&shop).pop().unwrap();
    assert_eq!((shop.tell(&captured), shop.status("o-1").as_str()), ((1, 0), "captured"));
    shop.wait(Duration::from_secs(60));
    assert_eq!(shop.told(), ["captured"]);
    shop.is_sound("o-1");
}

#[test]
fn the_same_webhook_twice_counts_once() {
    let shop = Shop::new();
    shop.road.lose(&[Mishap::LostAfter]);
    shop.publish("1", "o-1", &placed("o-1", "tok_ok"));
    shop.publish("1", "o-1", &reserved("o-1"));
    shop.wait(Duration::from_millis(500));
    let body = bodies(&shop).remove(0);
    for _ in 0..3 {
        shop.tell(&body);
    }
    shop.wait(Duration::from_secs(60));
    assert_eq!(shop.told(), ["authorized"]);
    shop.is_sound("o-1");
}

#[test]
fn webhooks_that_come_in_the_wrong_order_come_to_the_same_end() {
    let shop = Shop::new();
    // What stood when it was held, and what stands by now.
    shop.order("o-1", "tok_disputed");
    let held = bodies(&shop).remove(0);
    shop.ready("o-1");
    shop.give_back("o-1", (1, 100));
    shop.wait(Duration::from_secs(40));
    let mut bodies = bodies(&shop);
    bodies.reverse();
    bodies.push(held);
    for _ in 0..2 {
        for body in &bodies {
            shop.tell(body);
        }
    }
    shop.wait(Duration::from_secs(60));
    let mut told = shop.told();
    told.sort();
    assert_eq!(told, ["authorized", "captured", "disputed", "refunded"], "the decision was known first");
    assert_eq!(shop.shown("o-1")["dispute"]["status"], "won");
    shop.is_sound("o-1");
}

#[test]
fn a_capture_is_heard_of_before_the_hold_it_is_from() {
    let shop = Shop::new();
    // Both replies are lost; only the webhooks tell, the later one first.
    shop.order("o-1", "tok_ok");
    shop.road.lose(&[Mishap::LostAfter]);
    shop.publish("1", "o-1", &shipment_ready("o-1"));
    shop.wait(Duration::from_millis(500));
    assert_eq!(shop.status("o-1"), "unknown");
    let mut bodies = bodies(&shop);
    bodies.reverse();
    assert!(bodies.len() >= 2);
    for body in &bodies {
        assert_eq!(shop.tell(body), (1, 0));
    }
    assert_eq!(shop.status("o-1"), "captured");
    shop.wait(Duration::from_secs(60));
    assert_eq!(shop.told(), ["authorized", "captured"]);
    shop.is_sound("o-1");
}

#[test]
fn what_is_told_of_a_payment_that_is_not_known_yet_waits_for_it() {
    let there = Shop::new();
    there.order("o-1", "tok_ok");
    let body = bodies(&there).remove(0);

    let shop = Shop::new();
    shop.publish("1", "o-1", &reserved("o-1"));
    shop.settle();
    assert_eq!(shop.tell(&body), (0, 1));
    assert_eq!(shop.tell(&body), (0, 1));
    shop.publish("1", "o-1", &placed("o-1", "tok_ok"));
    shop.wait(Duration::from_secs(1_200));
    assert_eq!(shop.told(), ["authorized"]);
    shop.is_sound("o-1");
    let history = shop.shown("o-1")["history"].to_string();
    assert!(history.contains(r#""kind":"told""#), "it counted later: {history}");
}

#[test]
fn what_is_told_of_nobody_is_a_dead_letter_after_an_hour() {
    let there = Shop::new();
    there.order("o-1", "tok_ok");
    let shop = Shop::new();
    assert_eq!(shop.tell(&bodies(&there)[0]), (0, 1));
    assert_eq!(shop.get("/payments/o-1").problem(), (404, "not-found".to_owned()));
    shop.wait(Duration::from_secs(2 * 3_600));
    assert_eq!(shop.dead_letters(), ["waited payment/banyan.internal.payment.hear-later.v1"]);
}

#[test]
fn a_refund_waits_for_an_open_dispute_and_goes_once_it_is_won() {
    let shop = Shop::new();
    shop.taken("o-1", "tok_disputed");
    shop.wait(Duration::from_secs(6));
    shop.deliver();
    let opened = shop.heard_of::<PaymentDisputed>();
    assert_eq!((opened.len(), opened[0].status, opened[0].amount_minor), (1, DisputeStatus::Opened, TOTAL));
    shop.give_back("o-1", (1, 736));
    assert_eq!(shop.shown("o-1")["refunds"][0]["status"], "disputed");
    assert!(!shop.road.calls().iter().any(|call| call.contains("refund")), "{:?}", shop.road.calls());
    shop.wait(Duration::from_secs(30));
    shop.deliver();
    assert_eq!(shop.told(), ["disputed", "refunded"]);
    assert_eq!(shop.road.books("o-1").refunded_minor, 736);
    shop.is_sound("o-1");
}

#[test]
fn a_refund_that_meets_a_dispute_nobody_had_heard_of_waits_for_it_too() {
    for (token, told, status) in [
        ("tok_disputed", vec!["disputed", "disputed", "refunded"], "refunded"),
        ("tok_disputed_lost", vec!["disputed", "disputed"], "covered"),
    ] {
        let shop = Shop::new();
        shop.taken("o-1", token);
        shop.wait(Duration::from_secs(6));
        shop.give_back("o-1", (1, 736));
        assert_eq!(shop.shown("o-1")["refunds"][0]["status"], "disputed", "{token}");
        shop.deliver();
        shop.wait(Duration::from_secs(30));
        shop.deliver();
        assert_eq!(shop.told(), told);
        assert_eq!(shop.shown("o-1")["refunds"][0]["status"], status);
        shop.is_sound("o-1");
    }
}

#[test]
fn a_refund_after_a_dispute_that_was_lost_is_covered_by_it() {
    let shop = Shop::new();
    shop.taken("o-1", "tok_disputed_lost");
    shop.wait(Duration::from_secs(40));
    // Nobody has told of the dispute yet: the provider says so when it is asked.
    shop.give_back("o-1", (1, TOTAL));
    assert_eq!(shop.shown("o-1")["refunds"][0]["status"], "covered");
    assert_eq!(shop.heard_of::<PaymentRefunded>(), []);
    let books = shop.road.books("o-1");
    assert_eq!((books.refunded_minor, books.charged_back_minor), (0, TOTAL), "the customer has it once");
    shop.is_sound("o-1");
}

#[test]
fn the_customers_action_is_heard_of_by_webhook() {
    let shop = Shop::new();
    shop.order("o-1", "tok_3ds");
    shop.wait(Duration::from_secs(120));
    shop.road.act(shop.shown("o-1")["action_url"].as_str().unwrap());
    for body in bodies(&shop) {
        shop.tell(&body);
    }
    assert_eq!(shop.status("o-1"), "authorized");
    shop.wait(Duration::from_secs(120));
    assert_eq!(shop.told(), ["action-required", "action-completed", "authorized"]);
    shop.is_sound("o-1");
}
