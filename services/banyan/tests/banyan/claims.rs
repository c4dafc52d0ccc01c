//! Events that are too large for a message, and events that come without their data.

use std::path::{Path, PathBuf};

use contracts::DataRef;
use reqwest::Method;
use serde_json::{Value, json};

use crate::shop::{self, answered, block_on, folder};
use crate::support::{Dev, banyan, stderr};

fn data(n: u32, note: &str) -> Value {
    json!({
        "order_id": format!("shop-{n}"), "customer_id": "c-1", "currency": "GBP", "total_minor": 255,
        "lines": [{ "sku": "85123A", "quantity": 1, "unit_price_minor": 255 }],
        "payment_method": { "token": "tok_ok" }, "placed_at": "2026-11-22T20:00:00Z", "note_of_a_newer_minor": note,
    })
}

fn event(n: u32, what: Value) -> Value {
    let mut event = json!({
        "specversion": "1.0", "id": format!("e-{n}"), "source": "/my-shop", "type": "shop.banyan.order.placed.v1",
        "subject": format!("shop-{n}"), "time": "2026-11-22T20:00:00Z",
    });
    event.as_object_mut().unwrap().extend(what.as_object().unwrap().clone());
    event
}

/// Every file that holds data which went apart.
fn kept(data: &Path) -> Vec<PathBuf> {
    let folders = |path: &Path| std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path());
    folders(&data.join("blobs")).flat_map(|shard| folders(&shard).collect::<Vec<_>>()).collect()
}

fn publish(dev: &Dev, event: &Value) {
    let published = dev.piped(&["events", "publish"], &event.to_string());
    assert_eq!(published.status.code(), Some(0), "{}", stderr(&published));
}

fn ends(dev: &Dev, id: &str) {
    let watched = dev.run(&["order", "watch", id, "--timeout", "60"]);
    assert_eq!(watched.status.code(), Some(0), "{}", stderr(&watched));
}

#[test]
fn an_event_that_is_too_large_goes_apart_from_its_data_and_nobody_notices() {
    let dev = Dev::start();
    dev.ok(&["stock", "adjust", "85123A", "--location", "main", "--delta", "10", "--reason", "received"]);
    let long = data(1, &"x".repeat(300_000));
    publish(&dev, &event(1, json!({ "data": long })));
    ends(&dev, "shop-1");
    let files = kept(dev.data.path());
    assert_eq!(files.len(), 1, "{files:?}");
    let name = DataRef::of(&std::fs::read(&files[0]).unwrap());
    assert_eq!(name, DataRef::of(long.to_string().as_bytes()));

    // Whoever knows the name need not send the data again.
    let mut other = data(2, "");
    other["note_of_a_newer_minor"] = "y".repeat(300_000).into();
    publish(&dev, &event(2, json!({ "data": other })));
    let again = event(3, json!({ "dataref": DataRef::of(other.to_string().as_bytes()).to_string() }));
    publish(&dev, &again);
    ends(&dev, "shop-2");
    assert_eq!(dev.ok(&["audit"])["violations"], json!([]));
}

#[test]
fn large_data_lies_sealed_where_a_key_file_is_named_and_is_read_by_who_has_it() {
    let key = tempfile::tempdir().unwrap();
    let path = key.path().join("shop.key");
    let sealing = ["--keys", "file", "--key-file", path.to_str().unwrap(), "dev"];
    let dev = Dev::of(tempfile::tempdir().unwrap(), banyan(&sealing));
    dev.ok(&["stock", "adjust", "85123A", "--location", "main", "--delta", "10", "--reason", "received"]);
    let address = "1 High Street, ".repeat(20_000);
    publish(&dev, &event(1, json!({ "data": data(1, &address) })));
    ends(&dev, "shop-1");
    let files = kept(dev.data.path());
    assert_eq!(files.len(), 1, "{files:?}");
    let lying = std::fs::read(&files[0]).unwrap();
    assert!(lying.len() > address.len());
    assert!(!lying.windows(11).any(|bytes| bytes == b"High Street"), "it can be read");
    assert_eq!(dev.ok(&["audit"])["violations"], json!([]));

    let other = tempfile::tempdir().unwrap();
    std::fs::write(other.path().join("wrong.key"), "secret").unwrap();
    let wrong = other.path().join("wrong.key");
    let args = ["--keys", "file", "--key-file", wrong.to_str().unwrap(), "--port", "0", "dev"];
    let refused = banyan(&args).current_dir(other.path()).output().unwrap();
    assert_eq!(refused.status.code(), Some(1));
    assert!(stderr(&refused).contains("wrong.key"), "{}", stderr(&refused));
}

#[test]
fn an_event_that_says_its_data_lies_elsewhere_is_refused_with_what_to_do() {
    let folder = folder();
    let dev = shop::Dev::start(&folder.path().join("data"));
    let absent = DataRef::of(b"nobody put this").to_string();
    let elsewhere = "https://elsewhere.example/1";
    for (what, slug, pointer) in [
        (json!({ "dataref": elsewhere }), "foreign-dataref", "/dataref"),
        (json!({ "dataref": elsewhere, "data": data(1, "") }), "foreign-dataref", "/dataref"),
        (json!({ "dataref": absent }), "data-not-found", "/dataref"),
        (json!({ "dataref": absent, "data": data(1, "") }), "invalid-event", "/dataref"),
        (json!({}), "invalid-event", "/data"),
    ] {
        let request = dev.shop().request(Method::POST, "/events").json(&event(1, what));
        let answer = block_on(answered(request)).unwrap();
        let problem = answer.json();
        assert_eq!(
            (answer.status.as_u16(), &problem["type"]),
            (422, &json!(format!("urn:banyan:problem:{slug}")))
        );
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
    }
}
