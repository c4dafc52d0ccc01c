//! The stock over HTTP.

use axum::body::Body;
use axum::http::Request;
use contracts::events::stock::StockLevelChanged;
use serde_json::{Value, json};

use crate::events::placed;
use crate::support::Warehouse;

fn adjustment(location: &str, delta: i64, reason: &str) -> Value {
    json!({ "location": location, "delta": delta, "reason": reason })
}

#[test]
fn a_receipt_makes_a_sku_known_and_is_done_once_per_key() {
    let warehouse = Warehouse::new();
    assert_eq!(warehouse.get("/stock/a").problem().1, "not-found");
    let first = warehouse.post("/stock/a/adjust", "k", &adjustment("main", 7, "received"));
    let again = warehouse.post("/stock/a/adjust", "k", &adjustment("main", 7, "received"));
    assert_eq!((first.status, &first.body), (200, &again.body));
    assert_eq!(again.headers["idempotency-replayed"], "true");
    assert_eq!(
        warehouse.get("/stock/a").body,
        json!({
            "sku": "a", "on_hand": 7, "available": 7, "reserved": 0, "allocated": 0, "quarantine": 0, "low_stock": 5,
            "locations": [{
                "location": "main", "on_hand": 7, "available": 7, "reserved": 0, "allocated": 0, "quarantine": 0,
            }],
        })
    );
    let reused = warehouse.post("/stock/a/adjust", "k", &adjustment("main", 8, "received"));
    assert_eq!(reused.problem().1, "idempotency-key-reused");
    warehouse.settle();
    assert_eq!(warehouse.heard_of::<StockLevelChanged>().len(), 1);
}

#[test]
fn an_adjustment_takes_neither_what_is_not_there_nor_what_is_promised() {
    let warehouse = Warehouse::stocked(&[("a@main", 7)]);
    warehouse.tell("p", "o-1", &placed("o-1", &[("a", 4)], None));
    let refused =
        |delta| warehouse.post("/stock/a/adjust", "k", &adjustment("main", delta, "damaged")).problem();
    let at = |message: &str| vec![("/delta".to_owned(), message.to_owned())];
    assert_eq!(refused(-8), (422, "negative-stock".to_owned(), at("7 of a at main on hand")));
    assert_eq!(refused(-4), (409, "stock-promised".to_owned(), at("3 of a at main available, 4 promised")));
    assert_eq!(warehouse.post("/stock/a/adjust", "k", &adjustment("main", -3, "damaged")).status, 200);
    assert_eq!(warehouse.levels("a"), [4, 0, 4, 0]);
    assert_eq!(warehouse.audit().violations, [""; 0]);
}

#[test]
fn a_batch_is_done_as_a_whole_or_not_at_all() {
    let warehouse = Warehouse::new();
    let batch: Vec<Value> = (0..45)
        .map(|n| json!({ "sku": format!("s{n}"), "location": "main", "delta": 1, "reason": "received" }))
        .collect();
    let reply = warehouse.post("/stock/adjust", "k1", &json!({ "adjustments": batch }));
    assert_eq!((reply.status, &reply.body["adjusted"]), (200, &json!(45)));
    assert_eq!(warehouse.levels("s44"), [1, 1, 0, 0]);
    let mut one_bad = batch.clone();
    one_bad[7]["delta"] = json!(-2);
    let (status, slug, errors) =
        warehouse.post("/stock/adjust", "k2", &json!({ "adjustments": one_bad })).problem();
    assert_eq!((status, &*slug, &*errors[0].0), (422, "negative-stock", "/adjustments/7/delta"));
    assert_eq!(warehouse.levels("s44"), [1, 1, 0, 0]);
    let too_many = [batch.clone(), batch].concat();
    let (_, slug, errors) =
        warehouse.post("/stock/adjust", "k3", &json!({ "adjustments": too_many })).problem();
    assert_eq!((&*slug, &*errors[0].0), ("invalid-adjustment", "/adjustments"));
}

#[test]
fn every_wrong_field_is_named_by_its_pointer() {
    let warehouse = Warehouse::new();
    let body = json!({ "location": "a@b", "delta": 0 });
    let (status, slug, errors) = warehouse.post("/stock/a/adjust", "k", &body).problem();
    assert_eq!((status, &*slug), (422, "invalid-adjustment"));
    let told: Vec<String> = errors.iter().map(|(pointer, message)| format!("{pointer} {message}")).collect();
    assert_eq!(
        told,
        [
            r#"/location location must be 1 to 32 characters of A-Z a-z 0-9 . _ : / + -, got "a@b""#,
            "/delta must not be 0",
            "/reason is missing",
        ]
    );
}

#[test]
fn a_body_must_be_json_and_not_too_large() {
    let warehouse = Warehouse::new();
    let post = |kind: &str, body: Vec<u8>| {
        let request = Request::post("/stock/a/adjust").header("content-type", kind).body(Body::from(body));
        let (status, slug, _) = warehouse.send(request.unwrap()).problem();
        (status, slug)
    };
    assert_eq!(post("application/json", b"{".to_vec()), (400, "malformed-json".to_owned()));
    assert_eq!(post("text/plain", b"{}".to_vec()), (415, "unsupported-media-type".to_owned()));
    assert_eq!(post("application/json", vec![b' '; 1024 * 1024 + 1]), (413, "body-too-large".to_owned()));
    assert_eq!(post("application/json", b"[]".to_vec()).0, 422);
}

#[test]
fn a_card_number_is_refused_wherever_it_stands_and_kept_nowhere() {
    const NUMBER: &str = "4111111111111111";
    let warehouse = Warehouse::stocked(&[("a@main", 7)]);
    let hold = |field: &str| {
        let mut hold = json!({ "lines": [{ "sku": "a", "quantity": 1 }] });
        hold[field] = json!(NUMBER);
        ("/holds", format!("/{field}"), hold)
    };
    let batch = json!({ "adjustments": [adjustment("main", 1, "ok"), adjustment("main", 1, "pay 4111-1111-1111-1111")] });
    let cases = [
        ("/stock/a/adjust", "/reason".to_owned(), adjustment("main", 1, NUMBER)),
        ("/stock/a/adjust", "/location".to_owned(), adjustment(NUMBER, 1, "received")),
        ("/stock/a/adjust", "/note".to_owned(), json!({ "note": 4_111_111_111_111_111_u64 })),
        ("/stock/adjust", "/adjustments/1/reason".to_owned(), batch),
        hold("cart_id"),
        hold("hold_id"),
        hold("unknown"),
    ];
    for (path, pointer, body) in cases {
        let (status, slug, errors) = warehouse.post(path, "k", &body).problem();
        assert_eq!((status, &*slug, &*errors[0].0), (422, "card-number-refused", &*pointer), "{path} {body}");
    }
    let locations = json!({ "locations": ["main", NUMBER] });
    assert_eq!(warehouse.put("/stock/a", "k", &locations).problem().2[0].0, "/locations/1");
    let key = warehouse.post("/stock/a/adjust", NUMBER, &adjustment("main", 1, "received"));
    assert_eq!(key.problem().1, "card-number-refused");
    assert!(key.body["hint"].as_str().unwrap().contains("Idempotency-Key"), "{}", key.body);
    assert_eq!(warehouse.levels("a"), [7, 7, 0, 0]);
    let article = warehouse.post(&format!("/stock/{NUMBER}/adjust"), "k", &adjustment("main", 1, "received"));
    assert_eq!(article.status, 200, "an article may have any number");
}

#[test]
fn a_card_says_which_location_is_preferred() {
    let warehouse = Warehouse::stocked(&[("a@main", 5), ("a@east", 5)]);
    let left_out = warehouse.put("/stock/a", "k1", &json!({ "locations": ["east"] }));
    assert_eq!(left_out.problem().1, "location-left-out");
    let reply = warehouse.put("/stock/a", "k2", &json!({ "locations": ["east", "main"], "low_stock": 0 }));
    assert_eq!(reply.status, 200);
    warehouse.tell("p", "o-1", &placed("o-1", &[("a", 2)], None));
    let locations = warehouse.get("/stock/a").body["locations"].clone();
    let available: Vec<(&str, i64)> = locations
        .as_array()
        .unwrap()
        .iter()
        .map(|at| (at["location"].as_str().unwrap(), at["available"].as_i64().unwrap()))
        .collect();
    assert_eq!(available, [("east", 3), ("main", 5)]);
}

#[test]
fn a_sku_may_have_a_blank_or_a_slash() {
    let warehouse = Warehouse::new();
    assert_eq!(
        warehouse.post("/stock/gift%2F00%201/adjust", "k", &adjustment("main", 7, "received")).status,
        200
    );
    assert_eq!(warehouse.get("/stock/gift%2F00%201").body["sku"], "gift/00 1");
}
