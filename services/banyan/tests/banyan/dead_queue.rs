//! What a broker gave up by itself, as its operator finds it: among the dead letters.

use std::sync::Arc;

use bus::{Address, Bus, Outgoing, Published, Wiring};
use bytes::Bytes;
use contracts::MessageId;
use serde_json::json;

use crate::brokers::{AWS, BROKER, aws_account, on};
use crate::shop::block_on;
use crate::support::Dev;

/// A shop of its own beside those of other tests on the same peers.
const SHOP: &str = "given_up";

#[test]
fn what_the_broker_gave_up_is_found_among_the_dead_letters_and_can_be_redriven() {
    for (ground, bus) in [(BROKER, "rabbitmq"), (AWS, "aws")] {
        let Some(mut command) = on(ground, bus, &["dev"]) else { continue };
        block_on(give_up(bus, vec![event("e-1").into(), Bytes::from_static(b"\xff no event")]));
        let dev = Dev::of(tempfile::tempdir().unwrap(), {
            command.env("BANYAN_PREFIX", SHOP);
            command
        });
        let reasons = |dev: &Dev| {
            let letters = dev.ok(&["dlq", "list", "--service", "orders"])["dead_letters"].clone();
            let letters = letters.as_array().unwrap().iter();
            let mut reasons: Vec<String> =
                letters.map(|letter| letter["reason"].as_str().unwrap().to_owned()).collect();
            reasons.sort();
            reasons
        };
        until(|| reasons(&dev) == ["given_up", "undecodable"], || format!("{bus}: {:?}", reasons(&dev)));
        let done = dev.ok(&["dlq", "redrive", "--reason", "given_up"]);
        assert_eq!(done["ids"].as_array().unwrap().len(), 1, "{bus}: {done}");
        let status = || dev.run(&["order", "get", "shop-1"]);
        until(|| status().status.success(), || format!("{bus}: {:?}", status()));
        assert_eq!(reasons(&dev), ["undecodable"], "{bus}");
    }
}

fn event(id: &str) -> String {
    let data = json!({
        "order_id": "shop-1", "customer_id": "c-1", "currency": "GBP", "total_minor": 255,
        "lines": [{ "sku": "85123A", "quantity": 1, "unit_price_minor": 255 }],
        "payment_method": { "token": "tok_ok" }, "placed_at": "2026-11-22T20:00:00Z",
    });
    json!({
        "specversion": "1.0", "id": id, "source": "/my-shop", "type": "shop.banyan.order.placed.v1",
        "subject": "shop-1", "time": "2026-11-22T20:00:00Z", "data": data,
    })
    .to_string()
}

/// Puts messages where the broker puts what it gives up of `orders`.
async fn give_up(kind: &str, bodies: Vec<Bytes>) {
    let bus = bus(kind).await;
    bus.declare(Wiring { queues: ["orders".to_owned()].into(), ..Wiring::default() }).await.unwrap();
    let queue = format!("orders{}", bus.caps().dead_suffix.unwrap());
    let outgoing = |body: Bytes| Outgoing {
        id: MessageId::named(&["given up"]),
        address: Address::Queue(queue.clone()),
        lane: String::new(),
        attempt: 0,
        body,
    };
    let published = bus.publish(bodies.into_iter().map(outgoing).collect()).await;
    assert!(published.iter().all(|answer| *answer == Published::Confirmed), "{published:?}");
}

#[expect(clippy::disallowed_methods, reason = "where the peers are, is told to the tests by the environment")]
async fn bus(kind: &str) -> Arc<dyn Bus> {
    let (world, peer) = (Arc::new(runtime::real::env()), |name: &str| std::env::var(name).unwrap());
    if kind == "rabbitmq" {
        let mut settings = bus::rabbitmq::Settings::parse(&peer("BANYAN_TEST_RABBITMQ")).unwrap();
        settings.prefix = format!("{SHOP}.");
        SHOP.clone_into(&mut settings.exchange);
        return Arc::new(bus::rabbitmq::RabbitMq::connect(settings, world));
    }
    let account = aws_account(&peer("BANYAN_TEST_AWS")).await;
    let settings = bus::aws::Settings { prefix: format!("{SHOP}-"), ..bus::aws::Settings::default() };
    Arc::new(bus::aws::SnsSqs::new(&account, settings, world))
}

/// Asks again and again, each time by a program of its own, which is pause enough.
fn until(is_so: impl Fn() -> bool, last: impl Fn() -> String) {
    assert!((0..600).any(|_| is_so()), "it never came to it: {}", last());
}
