//! Every handler by the one table, with the frozen examples of the wire.

use std::sync::Arc;

use contracts::Topology;
use payment::Config;
use testkit::Life;
use testkit::table::{Before, Example, Make, Subject, prove};

use crate::shop::{Road, frozen};

fn after(before: &[&str], event: &str) -> Example {
    let before = before.iter().map(|name| Before::Message(frozen(name))).collect();
    Example { before, event: frozen(event) }
}

fn subject() -> Subject {
    let make: Make = Arc::new(|life: &Life| {
        let clock = life.clone();
        payment::service(Road::new(move || clock.world_now()), Config::default())
    });
    let mut wiring = bus::Wiring::default();
    wiring.queues.insert("payment".to_owned());
    for kind in Topology::embedded().subscriptions("payment") {
        wiring.subscribers.entry(kind.clone()).or_default().insert("payment".to_owned());
    }
    Subject { name: "payment", wiring, make }
}

const PLACED: &str = "order.placed";
const RESERVED: &str = "stock.reserved";
const READY: &str = "shipment.ready";
const CANCELLED: &str = "order.cancelled";
const DUE: &str = "order.refund-due";

#[test]
fn every_handler_stands_the_table() {
    let examples = [
        after(&[], PLACED),
        after(&[], "order.placed.v2"),
        after(&[RESERVED], PLACED),
        after(&[RESERVED, READY], PLACED),
        after(&[CANCELLED, RESERVED], PLACED),
        after(&[], RESERVED),
        after(&[PLACED], RESERVED),
        after(&[], READY),
        after(&[PLACED, RESERVED], READY),
        after(&[PLACED, RESERVED, CANCELLED], READY),
        after(&[], CANCELLED),
        after(&[PLACED], CANCELLED),
        after(&[PLACED, RESERVED], CANCELLED),
        after(&[PLACED, RESERVED, READY], CANCELLED),
        after(&[], DUE),
        after(&[PLACED, RESERVED], DUE),
        after(&[PLACED, RESERVED, READY], DUE),
    ];
    assert_eq!(prove(&subject(), &examples), Vec::<String>::new());
}

#[test]
fn the_service_handles_what_the_topology_gives_it() {
    let service = payment::service(Road::new(|| contracts::Timestamp::EPOCH), Config::default());
    let mut handled: Vec<&str> = service.handled_events().to_vec();
    handled.sort_unstable();
    let topology = Topology::embedded();
    let mut given: Vec<&str> = topology.subscriptions("payment").map(|kind| kind.as_str()).collect();
    given.sort_unstable();
    assert_eq!(handled, given);
}
