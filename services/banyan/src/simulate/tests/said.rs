//! Who publishes what: as contracts/topology.json says it, and as worlds show it.

use std::collections::BTreeSet;

use contracts::events::order::OrderStalled;
use contracts::events::payment::PaymentAuthorizationExpired;
use contracts::events::shipment::ShipmentStopRefused;
use contracts::events::stock::StockShort;
use contracts::{EventData as _, Topology};

use crate::wiring::SERVICES;

/// What too few worlds come to, as service and type, with what leads to it. Each is published in a test of its service.
const SELDOM: [(&str, &str); 4] = [
    // A count that finds less than was promised.
    ("inventory", StockShort::TYPE),
    // An order that waits for days.
    ("orders", OrderStalled::TYPE),
    // A hold of money that runs out while its order still waits to be sent.
    ("payment", PaymentAuthorizationExpired::TYPE),
    // A cancel that comes after the hand-over, and before that was heard of.
    ("shipping", ShipmentStopRefused::TYPE),
];

/// Who publishes what, of our services, as the topology says it.
fn named() -> BTreeSet<(String, String)> {
    let mut named = BTreeSet::new();
    for (kind, flow) in Topology::embedded().events() {
        let ours = flow.publishers.iter().filter(|publisher| SERVICES.contains(&publisher.as_str()));
        named.extend(ours.map(|publisher| (publisher.clone(), kind.as_str().to_owned())));
    }
    named
}

/// Where `said` by our services is something else than the topology names, but for [`SELDOM`].
pub(super) fn differences(said: &BTreeSet<(String, String)>) -> Vec<String> {
    let named = named();
    let is_seldom = |(service, kind): &(String, String)| SELDOM.contains(&(service.as_str(), kind.as_str()));
    let never = named.difference(said).filter(|silent| !is_seldom(silent)).map(|(service, kind)| {
        format!(
            "{service} is a publisher of {kind} in contracts/topology.json, and no world has seen it publish one: emit it. \
             If it does, let a buyer or a peer below services/banyan/src/simulate do what leads to it, or add it to SELDOM \
             in simulate/tests/said.rs"
        )
    });
    let unnamed = said.difference(&named).map(|(service, kind)| {
        format!("{service} published {kind}: add it to the publishers in contracts/topology.json")
    });
    never.chain(unnamed).collect()
}

#[test]
fn who_says_nothing_and_who_says_too_much_is_named() {
    let silent = differences(&BTreeSet::new());
    assert!(silent.iter().any(|line| line.starts_with("shipping is a publisher of")), "{silent:?}");
    let stranger = ("payment".to_owned(), "shop.banyan.stock.low.v1".to_owned());
    let told = differences(&BTreeSet::from([stranger]));
    assert!(told.contains(
        &"payment published shop.banyan.stock.low.v1: add it to the publishers in contracts/topology.json".to_owned()
    ));
    let named = named();
    let is_named =
        |(service, kind): &(&str, &str)| named.contains(&((*service).to_owned(), (*kind).to_owned()));
    assert!(
        SELDOM.iter().all(is_named),
        "what nobody publishes any more is not seldom: take it off the list"
    );
}
