//! Many dead letters are redriven while the process is killed: each is handled once.

use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use contracts::{MessageId, Timestamp};
use runtime::due::{self, Due, Trouble};
use serde_json::{Value, json};
use store::{Address, Change, Key, Nonce, Outcome, Store, Unit, Version};

use crate::brokers::{ALONE, AWS, BROKER, Ground, aws_account, broker_stays, on};
use crate::shop::{Shop, block_on};
use crate::support::Dev;

/// A shop of its own beside those of other tests on the same peers.
const SHOP: &str = "redriven";
/// The letters share so many SKUs: with one they would all wait for each other's counter.
const SKUS: usize = 20;
/// Rows of one unit of work while the table is filled.
const FILLED: usize = 40;
/// Longer than SQS takes to give back what a dead process had.
const PATIENCE: Duration = Duration::from_secs(600);

/// `make prove` says how many: 100,000.
#[expect(clippy::disallowed_methods, reason = "how long a test may take, is told to it by the environment")]
fn letters() -> usize {
    std::env::var("BANYAN_TEST_LETTERS").map_or(500, |many| many.parse().unwrap())
}

#[test]
fn dead_letters_are_handled_once_each_through_a_kill() {
    through_a_kill(ALONE, "embedded", letters(), letters() / 10);
}

#[test]
fn on_rabbitmq_and_postgresql_dead_letters_are_handled_once_each_through_a_kill() {
    let _stays = broker_stays();
    through_a_kill(BROKER, "rabbitmq", letters(), letters() / 10);
}

/// Fewer: an emulator is slow.
#[test]
fn on_sns_sqs_and_dynamodb_dead_letters_are_handled_once_each_through_a_kill() {
    through_a_kill(AWS, "aws", 120, 10);
}

/// Each letter is an order that reserves one piece in `inventory`, which counts what is reserved.
fn through_a_kill(ground: Ground, bus: &str, letters: usize, rate: usize) {
    let (data, config) = (tempfile::tempdir().unwrap(), [("BANYAN_PREFIX", SHOP)]);
    let command = || {
        let mut command = on(ground, bus, &["dev"])?;
        command.envs(config);
        Some(command)
    };
    let Some(first) = command() else { return };
    // Makes the store, and takes in what is to be reserved.
    let dev = Dev::of(data, first);
    for sku in 0..SKUS {
        let (sku, delta) = (format!("sku-{sku}"), letters.to_string());
        dev.ok(&["stock", "adjust", &sku, "--location", "main", "--delta", &delta, "--reason", "received"]);
    }
    let data = dev.stopped();
    fill(bus, data.path(), letters);

    let dev = Dev::of(data, command().unwrap());
    assert_eq!(reserved(&dev), 0);
    let begun = runtime::real::now();
    let mut redrive = dev.command(&["dlq", "redrive", "--service", "inventory", "--rate", &rate.to_string()]);
    let mut redrive = redrive.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let middle = until(&dev, "a quarter is handled", |dev| Some(reserved(dev)).filter(|n| *n >= letters / 4));
    assert!(middle < letters, "all were handled before the kill");
    let data = dev.killed();
    redrive.wait().unwrap();

    // What was sent back before the kill is handled without anybody's doing; the others are sent back now.
    let dev = Dev::of(data, command().unwrap());
    let asked = runtime::real::now();
    // Whose answer is lost, as it takes longer than anybody waits, asks again: what was sent back is dead no more.
    until(&dev, "all are sent back", |dev| {
        dev.run(&["dlq", "redrive", "--service", "inventory", "--rate", &rate.to_string()]);
        (dev.ok(&["dlq", "list", "--limit", "1"])["dead_letters"] == json!([])).then_some(())
    });
    let asking = runtime::real::now().since(asked);
    until(&dev, "all are handled", |dev| (is_at_rest(dev) && reserved(dev) >= letters).then_some(()));
    let took = runtime::real::now().since(begun);
    assert_eq!(reserved(&dev), letters);
    assert_eq!(dev.ok(&["dlq", "list"])["dead_letters"], json!([]));
    eprintln!(
        "{bus}: {letters} dead letters in {} ms with the kill at {middle}; the rest was sent back in {} ms",
        took.as_millis(),
        asking.as_millis()
    );
}

fn reserved(dev: &Dev) -> usize {
    let shop = Shop::at(dev.url.clone());
    block_on(async {
        let mut reserved = 0;
        for sku in 0..SKUS {
            let stock = shop.get(&format!("/stock/sku-{sku}")).await.json();
            reserved += stock["reserved"].as_u64().and_then(|n| usize::try_from(n).ok()).unwrap();
        }
        reserved
    })
}

fn is_at_rest(dev: &Dev) -> bool {
    let listed = dev.ok(&["queues", "list"]);
    let is_empty = |queue: &Value| queue["waiting"] == 0 && queue["in_flight"] == 0;
    listed["queues"].as_array().unwrap().iter().all(is_empty)
}

/// Asks again and again, less and less often: who is asked has something else to do.
fn until<T>(dev: &Dev, what: &str, is_so: impl Fn(&Dev) -> Option<T>) -> T {
    let clock = runtime::real::env().clock;
    let (begun, mut pause) = (clock.now(), Duration::from_millis(10));
    loop {
        if let Some(found) = is_so(dev) {
            return found;
        }
        assert!(clock.now().since(begun) < PATIENCE, "not within {PATIENCE:?}: {what}");
        // Only within a runtime is there something to sleep on.
        block_on(async { clock.sleep(pause).await });
        pause = (pause * 2).min(Duration::from_millis(320));
    }
}

fn fill(bus: &str, data: &std::path::Path, letters: usize) {
    let now = runtime::real::now();
    let rows: Vec<Due> = (0..letters).map(|nth| letter(nth, now)).collect();
    block_on(async {
        let store = store(bus, data).await;
        for (nth, rows) in rows.chunks(FILLED).enumerate() {
            let changes = rows.iter().map(put).collect();
            let nonce = Nonce(u64::try_from(nth).unwrap() + 1);
            let unit = Unit { now, nonce, record: None, changes, settles: None };
            assert_eq!(store.commit(unit).await.unwrap(), Outcome::Committed);
        }
    });
}

fn put(row: &Due) -> Change {
    Change::Put {
        key: Key::new(due::collection("inventory"), row.id.to_string()),
        version: Version::ABSENT,
        body: row.encode(),
        entries: row.entries(),
        expires: None,
    }
}

/// An order of another application that `inventory` gave up, for a reason that is gone now.
fn letter(nth: usize, now: Timestamp) -> Due {
    let (order, event) = (format!("order-{nth}"), format!("e-{nth}"));
    let body = json!({
        "specversion": "1.0", "id": event, "source": "/my-shop", "type": "shop.banyan.order.placed.v1",
        "subject": order, "time": "2026-11-22T20:00:00Z", "partitionkey": order,
        "data": {
            "order_id": order, "customer_id": "c-1", "currency": "GBP", "total_minor": 255,
            "lines": [{ "sku": format!("sku-{}", nth % SKUS), "quantity": 1, "unit_price_minor": 255 }],
            "payment_method": { "token": "tok_ok" }, "placed_at": "2026-11-22T20:00:00Z",
        },
    });
    let trouble = Trouble {
        reason: "exhausted".into(),
        chain: vec!["the shelf was locked".to_owned()],
        handler: "inventory/shop.banyan.order.placed.v1".to_owned(),
        contract: None,
        masked: None,
        cut: None,
    };
    Due {
        id: MessageId::of("/my-shop", &event),
        address: Address::Queue("inventory".to_owned()),
        lane: order,
        body: body.to_string(),
        due: None,
        attempts: 9,
        first_seen: now,
        last_failed: Some(now),
        waits_for: None,
        trouble: Some(trouble),
    }
}

/// The store of the shop, which nobody else has open.
#[expect(clippy::disallowed_methods, reason = "where the peers are, is told to the tests by the environment")]
async fn store(bus: &str, data: &std::path::Path) -> Arc<dyn Store> {
    let peer = |name: &str| std::env::var(name).unwrap();
    match bus {
        "rabbitmq" => {
            let mut settings = store::postgres::Settings::parse(&peer("BANYAN_TEST_POSTGRES")).unwrap();
            SHOP.clone_into(&mut settings.schema);
            Arc::new(store::postgres::Postgres::open(settings).await.unwrap())
        }
        "aws" => {
            let account = aws_account(&peer("BANYAN_TEST_AWS")).await;
            let settings = store::dynamodb::Settings { table: SHOP.to_owned(), ..Default::default() };
            Arc::new(Box::pin(store::dynamodb::DynamoDb::open(&account, settings)).await.unwrap())
        }
        _ => {
            let file = store::sqlite::Config::file(data.join("banyan.db"));
            Arc::new(store::sqlite::Engine::open(file).unwrap())
        }
    }
}
