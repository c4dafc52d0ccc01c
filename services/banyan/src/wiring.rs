//! The only place that names all services, and the peers that they ask.

use std::collections::BTreeMap;
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
    /// What the payment provider signs its webhooks with.
    pub provider_secrets: Vec<Secret>,
}

/// Every service, asking for what it needs through `peers`.
#[must_use]
pub fn services(peers: Peers, options: Options) -> Vec<Service> {
    let Options { deadline, pace, carrier_secrets, provider_secrets } = options;
    let mut orders = orders::Config::default();
    orders.deadline = deadline.unwrap_or(orders.deadline);
    let mut shipping = shipping::Config {
        carrier: SIMULATED,
        webhook_secrets: carrier_secrets,
        ..shipping::Config::default()
    };
    shipping.pace = pace.unwrap_or(shipping.pace);
    let payment = payment::Config { provider: SIMULATED, webhook_secrets: provider_secrets };
    vec![
        orders::service(orders),
        inventory::service(inventory::Config::default()),
        payment::service(peers.gateway, payment),
        shipping::service(peers.carrier, shipping),
        notification::service(peers.mailbox, notification::Config::default()),
    ]
}

/// The part of the topology between these services.
#[must_use]
pub fn wiring() -> Wiring {
    let topology = Topology::embedded();
    let here = |service: &String| SERVICES.contains(&service.as_str());
    let subscribers = topology
        .events()
        .map(|(kind, flow)| (kind.clone(), flow.subscribers.iter().filter(|s| here(s)).cloned().collect()))
        .collect::<BTreeMap<_, _>>();
    Wiring { queues: SERVICES.iter().map(|&name| name.to_owned()).collect(), subscribers }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

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
            for kind in subscribed.difference(&handled) {
                differences.push(format!(
                    "{} subscribes to {kind} and does not handle it: add `.on(..)` in its lib.rs, or take it off \
                     the subscribers in contracts/topology.json",
                    service.name()
                ));
            }
            for kind in handled.difference(&subscribed) {
                differences.push(format!(
                    "{} handles {kind} and does not subscribe to it: add it to the subscribers in \
                     contracts/topology.json",
                    service.name()
                ));
            }
        }
        assert_eq!(differences, Vec::<String>::new());
    }
}
