//! What is refused: each bad request gets a problem document that says what is wrong and where, and nothing of it
//! is kept.

use std::path::Path;

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::shop::{Dev, Shop, answered, block_on, folder, order};

/// A test number of an issuer, in three spellings.
const CARD: &str = "4242424242424242";
const CARD_WITH_BLANKS: &str = "4242 4242 4242 4242";
/// Another one, for the SKU, where such numbers are just articles.
const ARTICLE: &str = "4111111111111111";

/// A request, and the status, the type and the pointer of its refusal; no pointer where no field is to blame.
struct Case {
    name: &'static str,
    request: RequestBuilder,
    status: u16,
    slug: &'static str,
    pointer: Option<&'static str>,
}

fn case(name: &'static str, request: RequestBuilder, status: u16, slug: &'static str) -> Case {
    Case { name, request, status, slug, pointer: None }
}

impl Case {
    fn at(self, pointer: &'static str) -> Self {
        Self { pointer: Some(pointer), ..self }
    }
}

fn post(shop: &Shop, path: &str, media: &str, body: impl Into<reqwest::Body>) -> RequestBuilder {
    shop.request(Method::POST, path).header("content-type", media).body(body)
}

/// An order with one value changed or added.
fn with(pointer: &str, value: Value) -> Value {
    let mut order = order("c-1", "85123A", 1);
    let (parent, field) = pointer.rsplit_once('/').unwrap();
    order.pointer_mut(parent).unwrap()[field] = value;
    order
}

fn bad_orders(shop: &Shop) -> Vec<Case> {
    let post_order = |body: Value| shop.request(Method::POST, "/orders").json(&body);
    let invalid =
        |name, at: &'static str, value| case(name, post_order(with(at, value)), 422, "invalid-order").at(at);
    let malformed = post(shop, "/orders", "application/json", "{\"customer_id\":");
    let empty = post(shop, "/orders", "application/json", "");
    let shape = post(shop, "/orders", "application/json", "[1]");
    vec![
        case("malformed JSON", malformed, 400, "malformed-json"),
        case("no body", empty, 400, "malformed-json"),
        case("another shape", shape, 422, "invalid-order"),
        {
            let sent = with("/lines", json!([{ "sku": "85123A", "quantity": 0, "unit_price_minor": 1 }]));
            case("quantity 0", post_order(sent), 422, "invalid-order").at("/lines/0/quantity")
        },
        {
            let sent = with("/lines", json!([{ "sku": "A", "quantity": 100_001, "unit_price_minor": 1 }]));
            case("a huge quantity", post_order(sent), 422, "invalid-order").at("/lines/0/quantity")
        },
        {
            let sent = with("/lines", json!([{ "sku": "A", "quantity": 1, "unit_price_minor": -1 }]));
            case("a negative price", post_order(sent), 422, "invalid-order").at("/lines/0/unit_price_minor")
        },
        invalid("no lines", "/lines", json!([])),
        invalid("a negative fee", "/shipping_fee_minor", json!(-1)),
        invalid("a total that does not add up", "/total_minor", json!(256)),
        invalid("a country in words", "/ship_to/country", json!("England")),
        invalid("a text that never ends", "/ship_to/line1", json!("x".repeat(10_000))),
        case("an unknown currency", post_order(with("/currency", json!("XXQ"))), 422, "unknown-currency")
            .at("/currency"),
    ]
}

fn card_numbers(shop: &Shop) -> Vec<Case> {
    let refused = |name, at: &'static str, value| {
        let request = shop.request(Method::POST, "/orders").json(&with(at, value));
        case(name, request, 422, "card-number-refused").at(at)
    };
    let key = shop.request(Method::POST, "/orders").header("idempotency-key", CARD);
    let event = |data: Value| {
        let mut event = example("order.placed");
        event["data"]["note"] = data;
        post(shop, "/events", "application/cloudevents+json", event.to_string())
    };
    vec![
        refused("a card as the buyer's name", "/customer/name", json!(CARD)),
        refused(
            "a card with blanks, in a text",
            "/ship_to/line1",
            json!(format!("pay {CARD_WITH_BLANKS} now")),
        ),
        refused("a card in an unknown field", "/note", json!(CARD)),
        refused("a card as a number", "/note", json!(4_242_424_242_424_242_u64)),
        case(
            "a card deep in an unknown field",
            shop.request(Method::POST, "/orders").json(&with("/extra", json!({ "a": [{ "b": CARD }] }))),
            422,
            "card-number-refused",
        )
        .at("/extra/a/0/b"),
        refused("a card as the token", "/payment_method/token", json!(CARD)),
        case("a card as the key", key.json(&order("c-1", "85123A", 1)), 422, "card-number-refused"),
        {
            let body = json!({ "location": "main", "delta": 1, "reason": CARD });
            case(
                "a card as the reason",
                shop.request(Method::POST, "/stock/A/adjust").json(&body),
                422,
                "card-number-refused",
            )
            .at("/reason")
        },
        case("a card in an event", event(json!(CARD)), 422, "card-number-refused").at("/data/note"),
    ]
}

fn bad_events(shop: &Shop) -> Vec<Case> {
    let publish = |event: &Value| post(shop, "/events", "application/cloudevents+json", event.to_string());
    let changed = |name: &str, value: Value| {
        let mut event = example("order.placed");
        event[name] = value;
        publish(&event)
    };
    let unknown = changed("type", json!("shop.banyan.order.exploded.v1"));
    let future = changed("type", json!("shop.banyan.order.placed.v99"));
    let total = {
        let mut event = example("order.placed");
        event["data"]["total_minor"] = json!(1);
        publish(&event)
    };
    let malformed = post(shop, "/events", "application/cloudevents+json", "{");
    let text = post(shop, "/events", "text/plain", example("order.placed").to_string());
    let batch = json!([example("order.placed"), { "type": "nonsense" }]);
    let batch = post(shop, "/events", "application/cloudevents-batch+json", batch.to_string());
    vec![
        case("malformed event", malformed, 400, "malformed-json"),
        case("an unknown type", unknown, 422, "unknown-event-type").at("/type"),
        case("a future major version", future, 422, "unsupported-major-version").at("/type"),
        case("our own source", changed("source", json!("/banyan/orders")), 422, "invalid-event")
            .at("/source"),
        case("no id", changed("id", json!("")), 422, "invalid-event").at("/id"),
        case("a type that others publish", publish(&example("payment.authorized")), 403, "not-publishable")
            .at("/type"),
        case("an order that does not add up", total, 422, "invalid-order").at("/data/total_minor"),
        case("an event as text", text, 415, "unsupported-media-type"),
        case("one bad event of a batch", batch, 422, "invalid-event"),
    ]
}

fn bad_requests(shop: &Shop) -> Vec<Case> {
    let sent = || shop.request(Method::POST, "/orders").json(&order("c-1", "85123A", 1));
    let big = format!("{{\"note\":\"{}\"}}", "x".repeat(10 * 1024 * 1024));
    let big_event = post(shop, "/events", "application/cloudevents+json", big.clone());
    let stock = |body: Value| shop.request(Method::POST, "/stock/85123A/adjust").json(&body);
    let (long, get) = ("k".repeat(256), |path| shop.request(Method::GET, path));
    let bad_key = "invalid-idempotency-key";
    vec![
        case("ten megabytes", post(shop, "/orders", "application/json", big), 413, "body-too-large"),
        case("an event of ten megabytes", big_event, 413, "body-too-large"),
        case("an order as text", post(shop, "/orders", "text/plain", "{}"), 415, "unsupported-media-type"),
        case("a key that is too long", sent().header("idempotency-key", long), 400, bad_key),
        case("a key with a blank", sent().header("idempotency-key", "a b"), 400, bad_key),
        case("an empty key", sent().header("idempotency-key", ""), 400, bad_key),
        case("a page of another site", sent().header("origin", "http://evil.example"), 403, "foreign-origin"),
        case("another host", sent().header("host", "evil.example"), 403, "foreign-origin"),
        case("a path that is not there", get("/nowhere"), 404, "not-found"),
        case("an order that is not there", get("/orders/nobody"), 404, "not-found"),
        case(
            "a method that is not taken",
            shop.request(Method::DELETE, "/orders"),
            405,
            "method-not-allowed",
        ),
        case("an unknown status", get("/orders?status=lost"), 400, "invalid-query"),
        case("stock without a place", stock(json!({ "delta": 1, "reason": "x" })), 422, "invalid-adjustment")
            .at("/location"),
    ]
}

/// A frozen example of an event, as another application would send it.
fn example(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../contracts/examples/{name}.v1.json"));
    let mut event: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    event["source"] = json!("/shop/legacy");
    event
}

/// What is wrong with the refusal; nothing when it is as it must be.
async fn judge(case: Case) -> Option<String> {
    let Case { name, request, status, slug, pointer } = case;
    let Some(answer) = answered(request).await else { return Some(format!("{name}: no answer")) };
    let wrong = |what: &str| Some(format!("{name}: {what}: {} {}", answer.status, answer.text));
    if answer.header("content-type") != "application/problem+json" {
        return wrong("not a problem document");
    }
    let problem = answer.json();
    if (answer.status.as_u16(), &problem["status"]) != (status, &json!(status)) {
        return wrong("another status");
    }
    if problem["type"] != format!("urn:banyan:problem:{slug}") {
        return wrong("another type");
    }
    let errors = problem["errors"].as_array().cloned().unwrap_or_default();
    if pointer.is_some_and(|pointer| !errors.iter().any(|error| error["pointer"] == pointer)) {
        return wrong("the field is not named");
    }
    answer.text.contains("4242424242424242").then(|| format!("{name}: the refusal repeats the card"))
}

#[test]
fn each_bad_request_is_refused_with_the_field_named_and_nothing_of_it_is_kept() {
    let folder = folder();
    let data = folder.path().join("data");
    let mut dev = Dev::start(&data);
    let shop = dev.shop();
    block_on(async {
        let mut wrong = Vec::new();
        let cases = [bad_orders(&shop), card_numbers(&shop), bad_events(&shop), bad_requests(&shop)];
        for case in cases.into_iter().flatten() {
            wrong.extend(judge(case).await);
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        assert_eq!(shop.orders(None).await, Vec::<Value>::new(), "what was refused was not kept");
        accepted_and_cancelled(&shop).await;
        shop.is_sound().await;
    });
    dev.kill();
    for file in [
        "data/banyan.db",
        "data/banyan.db-wal",
        "data/peers/provider.db",
        "data/peers/provider.db-wal",
        "data.log",
    ] {
        let bytes = std::fs::read(folder.path().join(file)).unwrap_or_default();
        for spelling in [CARD, CARD_WITH_BLANKS] {
            let is_there = bytes.windows(spelling.len()).any(|window| window == spelling.as_bytes());
            assert!(!is_there, "{file} has {spelling}");
        }
    }
    let file = std::fs::read(data.join("banyan.db-wal")).unwrap();
    assert!(
        file.windows(ARTICLE.len()).any(|window| window == ARTICLE.as_bytes()),
        "the search finds things"
    );
}

/// An unknown SKU is for inventory to judge, and one that looks like a card is an article.
async fn accepted_and_cancelled(shop: &Shop) {
    for (key, sku) in [("a", "NO-SUCH-SKU"), ("b", ARTICLE)] {
        let placed = shop.place(key, &order("c-2", sku, 1)).await.unwrap();
        assert_eq!(placed.status, 201, "{placed:?}");
        shop.settle().await;
        let order = shop.get(&format!("/orders/{}", placed.order_id())).await.json();
        assert_eq!((&order["status"], &order["cancel_reason"]), (&json!("cancelled"), &json!("unknown_sku")));
    }
}
