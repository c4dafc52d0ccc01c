//! Over HTTP: what was written, what customers chose, whom not to write to.

use axum::body::Body;
use axum::http::Request;
use contracts::events::notification::{NotSentReason, NotificationFailed};
use serde_json::{Value, json};

use crate::support::{Desk, Refused as _, order_with, retold};

const VISA: &str = "4242 4242 4242 4242";

fn ids(body: &Value) -> Vec<&str> {
    let rows = body["notifications"].as_array().unwrap();
    rows.iter().map(|row| row["notification_id"].as_str().unwrap()).collect()
}

#[test]
fn messages_are_listed_newest_first_page_by_page_without_anybodys_address() {
    let desk = Desk::new();
    for name in ["order.placed", "order.confirmed", "shipment.dispatched"] {
        desk.tell(name);
    }
    let all =
        ["536365/shipment-dispatched/email", "536365/order-confirmed/email", "536365/order-placed/email"];
    for query in ["order_id=536365", "customer_id=c-17850"] {
        let listed = desk.get(&format!("/notifications?{query}")).body;
        assert_eq!((ids(&listed).as_slice(), &listed["next_cursor"]), (&all[..], &Value::Null));
        assert!(!listed.to_string().contains("ada@"), "{listed}");
        assert_eq!(listed["notifications"][0]["to"], "a***@example.org");
        assert_eq!(listed["notifications"][0]["status"], "sent");
    }
    let mut seen = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = desk.get(&format!("/notifications?order_id=536365&limit=1{cursor}")).body;
        seen.extend(ids(&page).into_iter().map(str::to_owned));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(seen, all);
    assert_eq!(ids(&desk.get("/notifications?order_id=nobody").body), [""; 0]);
}

#[test]
fn what_failed_is_found_by_its_status_and_what_was_sent_by_its_order() {
    let desk = Desk::new();
    desk.tell_of(&order_with("/data/customer/email", ""));
    let failed = desk.get("/notifications?status=failed").body;
    assert_eq!(failed["notifications"][0]["reason"], "no_address");
    assert_eq!(ids(&desk.get("/notifications?status=unknown").body), [""; 0]);
}

#[test]
fn a_query_that_makes_no_sense_is_refused() {
    let desk = Desk::new();
    for query in [
        "",
        "?status=sent",
        "?order_id=1&customer_id=2",
        "?order_id=1&limit=0",
        "?order_id=1&limit=101",
        "?order_id=1&limit=x",
        "?order_id=1&cursor=xyz",
    ] {
        let refused = desk.get(&format!("/notifications{query}"));
        assert_eq!(refused.problem(), (400, "invalid-query", vec![]), "{query}");
        assert_eq!(refused.body["instance"], "/notifications");
    }
}

#[test]
fn one_message_is_shown_with_what_was_written() {
    let desk = Desk::new();
    desk.tell("order.placed");
    for path in ["536365/order-placed/email", "536365%2Forder-placed%2Femail"] {
        let shown = desk.get(&format!("/notifications/{path}"));
        assert_eq!(shown.status, 200, "{path}");
        assert_eq!(shown.body["subject"], "Your order 536365");
        assert!(shown.body["text"].as_str().unwrap().contains("Total: £62.59"), "{}", shown.body["text"]);
        assert!(shown.body["html"].as_str().unwrap().starts_with("<!DOCTYPE html>"));
        assert!(shown.body["provider_reference"].as_str().unwrap().starts_with("sim_mail_"));
    }
    let missing = desk.get("/notifications/nothing/of/this");
    assert_eq!(missing.problem(), (404, "not-found", vec![]));
}

#[test]
fn customers_choose_topics_and_receipts_always_go() {
    let desk = Desk::new();
    let path = "/customers/c-17850/preferences";
    let all = json!({ "orders": true, "payments": true, "shipping": true, "completion": true });
    assert_eq!(desk.get(path).body, json!({ "customer_id": "c-17850", "topics": all }));
    let wish = json!({ "topics": { "shipping": false, "completion": true, "orders": true } });
    let set = desk.put(path, "k1", &wish);
    assert_eq!((set.status, &set.body["topics"]["shipping"]), (200, &json!(false)));
    assert_eq!(desk.get(path).body, set.body);
    for name in ["order.placed", "shipment.dispatched", "order.completed"] {
        desk.tell(name);
    }
    let subjects: Vec<String> = desk.delivered().into_iter().map(|(_, subject)| subject).collect();
    assert_eq!(subjects, ["Your order 536365", "Your order 536365 is complete"]);
    let failed = desk.heard_of::<NotificationFailed>();
    assert_eq!((failed.len(), failed[0].reason), (1, NotSentReason::Suppressed));
    desk.put(path, "k2", &json!({ "topics": {} }));
    desk.tell("shipment.delivered");
    assert_eq!(desk.delivered().len(), 3);
}

#[test]
fn wishes_that_make_no_sense_are_refused_by_field() {
    let desk = Desk::new();
    for (wish, pointer) in [
        (json!({}), "/topics"),
        (json!([]), "/topics"),
        (json!({ "topics": { "orders": false } }), "/topics/orders"),
        (json!({ "topics": { "payments": false } }), "/topics/payments"),
        (json!({ "topics": { "stock": false } }), "/topics/stock"),
        (json!({ "topics": { "a/b": true } }), "/topics/a~1b"),
        (json!({ "topics": { "shipping": "no" } }), "/topics/shipping"),
    ] {
        let refused = desk.put("/customers/c-1/preferences", "k", &wish);
        assert_eq!(refused.problem(), (422, "invalid-preferences", vec![pointer]), "{wish}");
    }
    let nobody = desk.get("/customers/not%20an%20id/preferences");
    assert_eq!(nobody.status, 422);
}

#[test]
fn an_address_can_be_left_alone_and_written_to_again() {
    let desk = Desk::new();
    let body = json!({ "email": "Ada@Example.org", "reason": "complaint", "note": "said so on the phone" });
    let added = desk.post("/suppressions", "k1", &body);
    assert_eq!(added.status, 201);
    let path = added.headers["location"].clone();
    assert_eq!(desk.get(&path).body, added.body);
    assert!(!added.body.to_string().contains("da@") && !path.contains('@'), "{}", added.body);
    let again = json!({ "email": "ada@example.org", "reason": "by_hand" });
    let again = desk.post("/suppressions", "k2", &again);
    assert_eq!((again.status, &again.body["reason"]), (200, &json!("complaint")), "the first reason stays");
    desk.tell("order.placed");
    assert_eq!(desk.heard_of::<NotificationFailed>()[0].reason, NotSentReason::Suppressed);
    assert_eq!(desk.office.asked(), 0, "receipts too");
    assert_eq!(desk.delete(&path).status, 200);
    assert_eq!(desk.delete(&path).problem(), (404, "not-found", vec![]));
    desk.tell("order.confirmed");
    assert_eq!(desk.delivered().len(), 1);
}

#[test]
fn suppressions_that_make_no_sense_are_refused_by_field() {
    let desk = Desk::new();
    let long = "x".repeat(257);
    for (body, pointers) in [
        (json!({}), vec!["/email", "/reason"]),
        (json!({ "email": "ada", "reason": "bounce" }), vec!["/email"]),
        (json!({ "email": "ada@example.org", "reason": "whim" }), vec!["/reason"]),
        (json!({ "email": "ada@example.org", "reason": "bounce", "note": long }), vec!["/note"]),
    ] {
        let refused = desk.post("/suppressions", "k", &body);
        assert_eq!(refused.problem(), (422, "invalid-suppression", pointers), "{body}");
    }
}

#[test]
fn suppressions_are_listed_page_by_page() {
    let desk = Desk::new();
    for n in 0..3 {
        let body = json!({ "email": format!("{n}@example.org"), "reason": "by_hand" });
        assert_eq!(desk.post("/suppressions", &format!("k{n}"), &body).status, 201);
        desk.settle();
    }
    let first = desk.get("/suppressions?limit=2").body;
    let shown = |body: &Value| {
        let rows = body["suppressions"].as_array().unwrap().iter();
        rows.map(|row| row["email"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(shown(&first), ["2***@example.org", "1***@example.org"]);
    let cursor = first["next_cursor"].as_str().unwrap();
    let last = desk.get(&format!("/suppressions?limit=2&cursor={cursor}")).body;
    assert_eq!((shown(&last), &last["next_cursor"]), (vec!["0***@example.org".to_owned()], &Value::Null));
}

#[test]
fn a_write_is_done_once_for_its_key() {
    let desk = Desk::new();
    let body = json!({ "email": "ada@example.org", "reason": "bounce" });
    let first = desk.post("/suppressions", "k", &body);
    let second = desk.post("/suppressions", "k", &body);
    assert_eq!((second.status, &second.body), (201, &first.body));
    assert_eq!(second.headers["idempotency-replayed"], "true");
    let other = desk.post("/suppressions", "k", &json!({ "email": "bob@example.org", "reason": "bounce" }));
    assert_eq!(other.problem(), (422, "idempotency-key-reused", vec![]));
}

#[test]
fn card_numbers_and_bodies_of_another_kind_are_refused() {
    let desk = Desk::new();
    let note = json!({ "email": "ada@example.org", "reason": "bounce", "note": VISA });
    assert_eq!(desk.post("/suppressions", "k", &note).problem(), (422, "card-number-refused", vec!["/note"]));
    let in_key = desk.put("/customers/c-1/preferences", "4242424242424242", &json!({ "topics": {} }));
    assert_eq!(in_key.problem(), (422, "card-number-refused", vec![""]));
    let raw = |media: Option<&str>, body: String| {
        let request = Request::post("/suppressions");
        let request = match media {
            Some(media) => request.header("content-type", media),
            None => request,
        };
        let reply = desk.send(request.body(Body::from(body)).unwrap());
        let (status, slug, _) = reply.problem();
        (status, slug.to_owned())
    };
    let json = Some("application/json");
    assert_eq!(raw(None, "{}".into()), (415, "unsupported-media-type".into()));
    assert_eq!(raw(json, "{".into()), (400, "malformed-json".into()));
    assert_eq!(raw(json, "x".repeat(16 * 1024 + 1)), (413, "body-too-large".into()));
    assert_eq!(desk.get("/suppressions").body["suppressions"], json!([]));
}

#[test]
fn the_description_of_the_routes_names_schemas_that_are_there() {
    let described = notification::openapi();
    let schemas = described["components"]["schemas"].as_object().unwrap();
    let text = described.to_string();
    let named = text.split("#/components/schemas/").skip(1).map(|rest| rest.split('"').next().unwrap());
    // Problem is everybody's, and described once by the binary.
    let missing: Vec<&str> =
        named.filter(|name| *name != "Problem" && !schemas.contains_key(*name)).collect();
    assert_eq!(missing, [""; 0]);
    assert_eq!(described["paths"].as_object().unwrap().len(), 5);
}

#[test]
fn an_event_is_not_told_twice_because_its_dossier_changed_hands() {
    let desk = Desk::new();
    let placed = order_with("/data/customer/email", "ada@example.org");
    desk.tell_of(&placed);
    desk.tell_of(&retold(&order_with("/data/customer/email", "eve@example.org"), "again"));
    let to: Vec<String> = desk.delivered().into_iter().map(|(to, _)| to).collect();
    assert_eq!(to, ["ada@example.org"], "the first who says who it is for is right");
}
