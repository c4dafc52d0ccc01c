//! The only place that names services and adapters together.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use bus::Wiring;
use contracts::Topology;
use notification::mailbox::Mailbox;
use payment::gateway::Gateway;
use runtime::Service;
use runtime::signature::Secret;
use shipping::carrier::Carrier;

/// The services that this version has.
pub const SERVICES: [&str; 5] = ["orders", "inventory", "payment", "shipping", "notification"];

/// The name under which payments say who moved the money, shipments who carried them, and peers tell what happens.
pub const SIMULATED: &str = "simulated";

/// The ways to whoever does what the services only ask for.
#[derive(Clone)]
pub struct Peers {
    /// Moves money.
    pub gateway: Arc<dyn Gateway>,
    /// Moves parcels.
    pub carrier: Arc<dyn Carrier>,
    /// Delivers mail.
    pub mailbox: Arc<dyn Mailbox>,
}

/// What a deployment may choose; the defaults are those of the services.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// How long orders have until they are confirmed.
    pub deadline: Option<Duration>,
    /// How often parcels are asked about.
    pub pace: Option<shipping::Pace>,
    /// What the carrier signs its webhooks with.
    pub carrier_secrets: Vec<Secret>,
}

/// Every service, asking for what it needs through `peers`.
#[must_use]
pub fn services(peers: Peers, options: Options) -> Vec<Service> {
    let Options { deadline, pace, carrier_secrets } = options;
    let mut orders = orders::Config::default();
    orders.deadline = deadline.unwrap_or(orders.deadline);
    let mut shipping = shipping::Config {
        carrier: SIMULATED,
        webhook_secrets: carrier_secrets,
        ..shipping::Config::default()
    };
    shipping.pace = pace.unwrap_or(shipping.pace);
    vec![
        orders::service(orders),
        inventory::service(inventory::Config::default()),
        payment::service(peers.gateway, SIMULATED),
        shipping::service(peers.carrier, shipping),
        notification::service(peers.mailbox, notification::Config::default()),
    ]
}

/// The part of the topology between these services, as far as they handle it.
#[must_use]
pub fn wiring() -> Wiring {
    let topology = Topology::embedded();
    let here = |kind: &str, service: &String| {
        SERVICES.contains(&service.as_str()) && !not_yet(service).contains(kind)
    };
    let subscribers = topology
        .events()
        .map(|(kind, flow)| {
            let subscribers = flow.subscribers.iter().filter(|service| here(kind.as_str(), service));
            (kind.clone(), subscribers.cloned().collect())
        })
        .collect::<BTreeMap<_, _>>();
    Wiring { queues: SERVICES.iter().map(|&name| name.to_owned()).collect(), subscribers }
}

/// What the topology says of these services and no handler does yet: all of it joins with shipping.
fn not_yet(service: &str) -> BTreeSet<&'static str> {
    match service {
        "payment" => BTreeSet::from(["shop.banyan.order.refund-due.v1", "shop.banyan.shipment.ready.v1"]),
        _ => BTreeSet::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peer::Addresses;

    #[test]
    fn handlers_and_topology_agree() {
        let nobody = || "http://127.0.0.1:1".to_owned();
        let nobody = Addresses { provider: nobody(), carrier: nobody(), mailbox: nobody() };
        let mut differences = Vec::new();
        for service in services(nobody.reach().unwrap(), Options::default()) {
            let handled: BTreeSet<&str> = service.handled_events().iter().copied().collect();
            let subscribed: BTreeSet<&str> =
                Topology::embedded().subscriptions(service.name()).map(|kind| kind.as_str()).collect();
            let later = not_yet(service.name());
            for kind in subscribed.difference(&handled).filter(|kind| !later.contains(*kind)) {
                differences.push(format!("{} subscribes to {kind} and does not handle it", service.name()));
            }
            for kind in handled.difference(&subscribed) {
                differences.push(format!("{} handles {kind} and does not subscribe to it", service.name()));
            }
            for kind in later.intersection(&handled) {
                differences
                    .push(format!("{} handles {kind}: take it off the list `not_yet`", service.name()));
            }
        }
        assert_eq!(differences, Vec::<String>::new());
    }
}
