//! What can be asked of payments over HTTP.

use std::collections::BTreeSet;
use std::time::Duration;

use payment::domain::State;

use crate::shop::{Mishap, Refused as _, Shop, TOTAL};

#[test]
fn a_payment_shows_how_it_stands_and_never_what_pays() {
    let shop = Shop::new();
    assert_eq!(shop.get("/payments/o-1").problem(), (404, "not-found".to_owned()));
    shop.order("o-1", "tok_the_customers_own");
    let shown = shop.shown("o-1");
    assert_eq!((&shown["status"], &shown["amount_minor"]), (&"authorized".into(), &TOTAL.into()));
    assert_eq!((&shown["authorized_minor"], &shown["currency"]), (&TOTAL.into(), &"GBP".into()));
    assert!(shown["expires_at"].is_string() && shown["provider_reference"].is_string(), "{shown}");
    assert!(!shown.to_string().contains("tok_"), "{shown}");
    shop.ready("o-1");
    shop.give_back("o-1", (1, 736));
    let shown = shop.shown("o-1");
    assert_eq!((&shown["captured_minor"], &shown["refunded_minor"]), (&TOTAL.into(), &736.into()));
    assert_eq!(shown["refunds"][0]["refund_id"], "o-1-1");
    let words: Vec<&str> =
        shown["history"].as_array().unwrap().iter().map(|entry| entry["words"].as_str().unwrap()).collect();
    assert_eq!((words.len(), words[0]), (6, "hold 62.59 GBP"), "{words:?}");
}

#[test]
fn payments_are_listed_newest_first_page_by_page_and_by_status() {
    let shop = Shop::new();
    for n in 0..7 {
        shop.order(&format!("o-{n}"), if n == 5 { "tok_declined" } else { "tok_ok" });
    }
    shop.ready("o-3");
    shop.give_back("o-3", (1, TOTAL + 1));
    let ids = |body: &serde_json::Value| -> Vec<String> {
        let page = body["payments"].as_array().unwrap();
        page.iter().map(|payment| payment["order_id"].as_str().unwrap().to_owned()).collect()
    };
    let (mut all, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = shop.get(&format!("/payments?limit=3{cursor}")).body;
        all.extend(ids(&page));
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(all, ["o-6", "o-5", "o-4", "o-3", "o-2", "o-1", "o-0"]);
    for (status, listed) in [
        ("authorized", &["o-6", "o-4", "o-2", "o-1", "o-0"][..]),
        ("captured", &["o-3"]),
        ("declined", &["o-5"]),
        ("trouble", &["o-3"]),
        ("voided", &[]),
    ] {
        assert_eq!(ids(&shop.get(&format!("/payments?status={status}")).body), listed, "{status}");
    }
    for bad in ["limit=0", "limit=101", "limit=x", "status=nonsense"] {
        let refused = shop.get(&format!("/payments?{bad}")).problem();
        assert_eq!(refused, (400, "invalid-query".to_owned()), "{bad}");
    }
}

#[test]
fn an_unknown_hold_shows_as_unknown_until_it_is_known() {
    let shop = Shop::new();
    shop.road.lose(&[Mishap::LostAfter; 3]);
    shop.order("o-1", "tok_ok");
    assert_eq!(shop.status("o-1"), "unknown");
    assert_eq!(shop.get("/payments?status=unknown").body["payments"][0]["order_id"], "o-1");
    shop.wait(Duration::from_secs(60));
    assert_eq!(shop.status("o-1"), "authorized");
}

#[test]
fn every_status_that_is_listed_has_a_name_of_its_own() {
    assert_eq!(BTreeSet::from(State::NAMES).len(), State::NAMES.len());
}

#[test]
fn the_description_names_every_route() {
    let described = payment::openapi();
    let paths: Vec<&String> = described["paths"].as_object().unwrap().keys().collect();
    assert_eq!(paths.len(), 4, "{paths:?}");
}

/// Longer than a question is asked.
const TWO_DAYS: Duration = Duration::from_secs(2 * 86_400);

#[test]
fn what_was_given_up_is_listed_and_can_be_asked_again() {
    let shop = Shop::new();
    assert_eq!(shop.post("/payments/o-1/ask").problem(), (404, "not-found".to_owned()));
    shop.road.lose(&[Mishap::LostAfter; 40]);
    shop.order("o-1", "tok_ok");
    assert_eq!(shop.post("/payments/o-1/ask").problem(), (409, "not-given-up".to_owned()));
    shop.wait(TWO_DAYS);
    let listed = shop.get("/payments?status=trouble").body;
    assert_eq!(listed["payments"][0]["trouble"], "unanswered", "{listed}");
    assert_eq!((shop.told(), shop.dead_letters()), (vec![], vec![]));
    shop.road.forget_mishaps();
    let before = shop.road.calls().len();
    let asked = shop.post("/payments/o-1/ask");
    assert_eq!((asked.status, &asked.body["payment_id"]), (202, &"o-1".into()));
    assert_eq!(shop.get("/payments?status=trouble").body["payments"], serde_json::json!([]));
    shop.settle();
    assert_eq!(shop.told(), ["authorized"]);
    assert_eq!(shop.road.calls()[before..], ["GET /v1/operations/pay-o-1-authorize-1"], "it looks first");
    assert_eq!(shop.post("/payments/o-1/ask").problem(), (409, "not-given-up".to_owned()));
    shop.is_sound("o-1");
}

#[test]
fn a_refund_that_was_refused_is_asked_for_under_the_next_key_by_a_person_and_once_per_idempotency_key() {
    let shop = Shop::new();
    shop.taken("o-1", "tok_ok");
    shop.road.lose(&[Mishap::Refused]);
    shop.give_back("o-1", (1, 736));
    assert_eq!(shop.shown("o-1")["trouble"], "refund_refused");
    assert_eq!(shop.told(), [""; 0]);
    for _ in 0..2 {
        assert_eq!(shop.post_as("/payments/o-1/ask", "once").status, 202);
        shop.settle();
    }
    assert_eq!(shop.told(), ["refunded"]);
    assert_eq!(shop.road.calls().pop().unwrap(), "pay-o-1-1-refund-2");
    assert_eq!(shop.shown("o-1").get("trouble"), None);
    shop.is_sound("o-1");
}

#[test]
fn what_cannot_be_asked_for_is_not() {
    let shop = Shop::new();
    shop.taken("o-1", "tok_ok");
    shop.give_back("o-1", (1, TOTAL + 1));
    assert_eq!(shop.shown("o-1")["trouble"], "refund_contradicts");
    assert_eq!(shop.post("/payments/o-1/ask").problem(), (409, "not-given-up".to_owned()));
    assert_eq!(shop.shown("o-1")["trouble"], "refund_contradicts");
}
