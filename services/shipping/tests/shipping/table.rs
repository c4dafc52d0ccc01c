//! Every handler by the one table, with the frozen examples of the wire.

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use contracts::Topology;
use shipping::Config;
use testkit::Life;
use testkit::table::{Before, Example, Make, Subject, prove};

use crate::support::Road;

fn frozen(name: &str) -> Bytes {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../contracts/examples");
    std::fs::read(examples.join(format!("{name}.v1.json"))).unwrap().into()
}

fn after(before: &[&str], event: &str) -> Example {
    let before = before.iter().map(|name| Before::Message(frozen(name))).collect();
    Example { before, event: frozen(event) }
}

fn subject() -> Subject {
    let make: Make = Arc::new(|life: &Life| {
        let clock = life.clone();
        shipping::service(Road::new(move || clock.world_now()), Config::default())
    });
    let mut wiring = bus::Wiring::default();
    wiring.queues.insert("shipping".to_owned());
    for kind in Topology::embedded().subscriptions("shipping") {
        wiring.subscribers.entry(kind.clone()).or_default().insert("shipping".to_owned());
    }
    Subject { name: "shipping", wiring, make }
}

#[test]
fn every_handler_stands_the_table() {
    let examples = [
        after(&[], "order.confirmed"),
        after(&["order.cancel-requested"], "order.confirmed"),
        after(&["order.confirmed"], "payment.captured"),
        after(&[], "payment.captured"),
        after(&[], "order.cancel-requested"),
        after(&["order.confirmed"], "order.cancel-requested"),
        after(&["order.confirmed", "payment.captured"], "order.cancel-requested"),
        after(&["order.confirmed"], "return.requested"),
    ];
    assert_eq!(prove(&subject(), &examples), Vec::<String>::new());
}

#[test]
fn the_service_handles_what_the_topology_gives_it() {
    let service = shipping::service(Road::new(|| contracts::Timestamp::EPOCH), Config::default());
    let mut handled: Vec<&str> = service.handled_events().to_vec();
    handled.sort_unstable();
    let topology = Topology::embedded();
    let mut given: Vec<&str> = topology.subscriptions("shipping").map(|kind| kind.as_str()).collect();
    given.sort_unstable();
    assert_eq!(handled, given);
}
