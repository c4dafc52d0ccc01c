//! Looking into queues of a running banyan: nothing that waits is taken by it.

use std::collections::BTreeMap;
use std::sync::Arc;

use bus::{Address, Bus, Embedded, Outgoing, Published, Wiring};
use bytes::Bytes;
use contracts::MessageId;
use serde_json::{Value, json};
use store::sqlite::{Config, Engine};

use crate::shop::block_on;
use crate::support::{Dev, json_of, stderr};

/// A queue of a service that this build does not run: what waits there stays.
const NOBODYS: &str = "warehouse";

fn message(n: u32) -> Outgoing {
    let body = json!({
        "specversion": "1.0", "id": format!("e-{n}"), "source": "/my-shop", "type": "shop.banyan.toy.sold.v1",
        "subject": format!("toy-{n}"), "time": "2026-11-22T20:00:00Z", "correlationid": "o-1",
        "data": { "customer": { "name": "Ada Lovelace" }, "note": "paid with 4111 1111 1111 1111" },
    });
    Outgoing {
        id: MessageId::named(&["peeked", &n.to_string()]),
        address: Address::Queue(NOBODYS.to_owned()),
        lane: "lane".to_owned(),
        attempt: 1,
        body: Bytes::from(body.to_string()),
    }
}

fn fill(file: &std::path::Path) {
    let bus = Embedded::new(Arc::new(Engine::open(Config::file(file)).unwrap()));
    let wiring = Wiring { queues: [NOBODYS.to_owned()].into(), ..Wiring::default() };
    let published = block_on(async {
        bus.declare(wiring).await.unwrap();
        bus.publish((0..30).map(message).collect()).await
    });
    assert!(published.iter().all(|answer| *answer == Published::Confirmed));
}

fn waiting(dev: &Dev) -> BTreeMap<String, Value> {
    let listed = dev.ok(&["queues", "list"]);
    let queues = listed["queues"].as_array().unwrap().iter();
    queues.map(|queue| (queue["queue"].as_str().unwrap().to_owned(), queue.clone())).collect()
}

#[test]
fn a_look_into_a_queue_takes_nothing_and_shows_nobody() {
    let data = tempfile::tempdir().unwrap();
    fill(&data.path().join("banyan.db"));
    let dev = Dev::on(data);
    let before = waiting(&dev).remove(NOBODYS).unwrap();
    assert_eq!((&before["waiting"], &before["dead_letters"]), (&json!(30), &json!(0)), "{before}");
    assert_eq!(before["next_since"], "2026-11-22T20:00:00.000000Z");

    for _ in 0..5 {
        let seen = dev.ok(&["queues", "peek", NOBODYS, "--limit", "7"]);
        let messages = seen["messages"].as_array().unwrap();
        assert_eq!(messages.len(), 7);
        for (n, message) in messages.iter().enumerate() {
            let want = (json!(format!("e-{n}")), json!(1), json!(true));
            // It was there when this process began: it may have been in another one's hands.
            let got = (message["id"].clone(), message["attempt"].clone(), message["redelivered"].clone());
            assert_eq!(got, want);
            assert_eq!(message["message"]["data"]["customer"], "redacted");
            assert_eq!(message["message"]["data"]["note"], "paid with **** **** **** ****");
        }
    }
    assert_eq!(waiting(&dev)[NOBODYS], before);
    assert_eq!(dev.ok(&["queues", "peek", NOBODYS, "--type", "toy.lost"])["messages"], json!([]));

    let shown = dev.run(&["queues", "peek", NOBODYS, "--limit", "1"]);
    let (table, next) = (String::from_utf8_lossy(&shown.stdout).into_owned(), stderr(&shown));
    assert!(table.contains("toy.sold.v1") && table.contains("toy-0"), "{table}");
    assert!(next.contains("order timeline o-1"), "{next}");

    let unknown = dev.run(&["queues", "peek", "nowhere", "--json"]);
    assert_eq!(unknown.status.code(), Some(1));
    assert!(stderr(&unknown).contains("not-found") && unknown.stdout.is_empty(), "{}", stderr(&unknown));
    assert_eq!(json_of(&dev.run(&["queues", "peek", "orders", "--json"]))["messages"], json!([]));
}
