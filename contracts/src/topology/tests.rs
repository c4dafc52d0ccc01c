use std::collections::BTreeSet;

use super::*;
use crate::events::catalogue;

fn kind(name: &str) -> EventType {
    format!("shop.banyan.{name}.v1").parse().unwrap()
}

#[test]
fn the_topology_and_the_catalogue_name_the_same_events() {
    let routed: BTreeSet<&str> = Topology::embedded().events().map(|(kind, _)| kind.as_str()).collect();
    let known: BTreeSet<&str> = catalogue().iter().map(|event| event.kind).collect();
    assert_eq!(routed, known);
    for event in catalogue() {
        assert_eq!(
            Topology::embedded().is_state(&event.kind.parse().unwrap()),
            event.is_state,
            "{}",
            event.name
        );
    }
}

#[test]
fn everyone_who_is_named_is_a_party_and_only_services_have_queues() {
    let topology = Topology::embedded();
    let services: BTreeSet<&str> = topology.services().collect();
    let parties: BTreeSet<&str> = topology.parties().map(|(name, _)| name).collect();
    for (kind, flow) in topology.events() {
        assert!(!flow.publishers.is_empty(), "nobody publishes {kind}");
        assert!(!flow.subscribers.is_empty() || !flow.readers.is_empty(), "nobody wants {kind}");
        for name in flow.publishers.iter().chain(&flow.readers) {
            assert!(parties.contains(name.as_str()), "{name} in {kind}");
        }
        for name in &flow.subscribers {
            assert!(services.contains(name.as_str()), "{name} in {kind} has no queue");
            assert!(!flow.readers.contains(name), "{name} is named twice in {kind}");
        }
    }
}

#[test]
fn every_party_takes_part() {
    for (name, _) in Topology::embedded().parties() {
        let takes_part = |(_, flow): (&EventType, &Flow)| {
            flow.publishers.iter().chain(&flow.subscribers).chain(&flow.readers).any(|party| party == name)
        };
        assert!(Topology::embedded().events().any(takes_part), "{name} neither publishes nor reads anything");
    }
}

#[test]
fn an_order_reaches_those_who_act_on_it() {
    let topology = Topology::embedded();
    assert_eq!(topology.subscribers(&kind("stock.reserved")), ["orders", "payment"]);
    assert_eq!(topology.subscribers(&kind("order.refund-due")), ["payment"]);
    assert_eq!(topology.publishers(&kind("order.confirmed")), ["orders"]);
    assert!(topology.subscriptions("inventory").any(|k| *k == kind("order.placed")));
    assert!(topology.subscribers(&kind("order.vanished")).is_empty());
}

#[test]
fn nothing_is_queued_for_services_that_do_not_run() {
    let part = Topology::embedded().restricted_to(&["orders", "inventory", "payment"]).unwrap();
    assert_eq!(part.services().collect::<Vec<_>>(), ["inventory", "orders", "payment"]);
    assert_eq!(part.subscribers(&kind("order.confirmed")), ["inventory"]);
    assert!(part.events().flat_map(|(_, flow)| &flow.subscribers).all(|s| s != "shipping"));
    assert_eq!(part.events().count(), catalogue().len(), "what nobody consumes may still be published");
    let error = Topology::embedded().restricted_to(&["orders", "inventroy"]).unwrap_err();
    assert!(error.to_string().contains("inventroy"), "{error}");
    assert!(Topology::embedded().restricted_to(&["storefront"]).is_err(), "has no queue");
}

#[test]
fn whoever_has_a_major_in_its_queue_has_all_older_ones_there_too() {
    for event in catalogue() {
        let newer = Topology::embedded().flow(&event.kind.parse().unwrap()).unwrap();
        for older in event.older() {
            let older = Topology::embedded().flow(&older.kind.parse().unwrap()).unwrap();
            assert_eq!(older.subscribers, newer.subscribers, "{}", event.kind);
            assert_eq!(older.publishers, newer.publishers, "{}", event.kind);
        }
    }
}
