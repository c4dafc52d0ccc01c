//! The only place that names services and adapters together.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bus::Wiring;
use contracts::Topology;
use payment::gateway::Gateway;
use runtime::Service;

/// The services that this version has.
pub const SERVICES: [&str; 3] = ["orders", "inventory", "payment"];

/// The name under which payments say who moved the money.
pub const PROVIDER: &str = "simulated";

/// Every service, asking for payments through `gateway`; `deadline` is how long orders have until they are confirmed,
/// where it is not the default.
#[must_use]
pub fn services(gateway: Arc<dyn Gateway>, deadline: Option<Duration>) -> Vec<Service> {
    let mut config = orders::Config::default();
    config.deadline = deadline.unwrap_or(config.deadline);
    vec![
        orders::service(config),
        inventory::service(inventory::Config::default()),
        payment::service(gateway, PROVIDER),
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

    struct Nobody;

    impl Gateway for Nobody {
        fn execute<'a>(
            &'a self,
            _: &'a payment::gateway::Operation,
        ) -> futures_util::future::BoxFuture<
            'a,
            Result<payment::gateway::Evidence, payment::gateway::Unavailable>,
        > {
            Box::pin(async { Err(payment::gateway::Unavailable::Unreachable) })
        }

        fn query<'a>(
            &'a self,
            _: &'a payment::gateway::ProviderKey,
        ) -> futures_util::future::BoxFuture<
            'a,
            Result<payment::gateway::Evidence, payment::gateway::Unavailable>,
        > {
            Box::pin(async { Err(payment::gateway::Unavailable::Unreachable) })
        }

        fn told(&self, _: &[u8]) -> Option<Vec<payment::gateway::Told>> {
            None
        }
    }

    /// What the topology says of these services and no handler does yet: all of it joins with shipping.
    fn not_yet(service: &str) -> BTreeSet<&'static str> {
        match service {
            "orders" => orders::NOT_YET.iter().map(|(kind, _)| *kind).collect(),
            "inventory" => BTreeSet::from([
                "shop.banyan.return.received.v1",
                "shop.banyan.shipment.dispatched.v1",
                "shop.banyan.shipment.failed.v1",
            ]),
            "payment" => BTreeSet::from(["shop.banyan.order.refund-due.v1", "shop.banyan.shipment.ready.v1"]),
            _ => BTreeSet::new(),
        }
    }

    #[test]
    fn handlers_and_topology_agree() {
        let mut differences = Vec::new();
        for service in services(Arc::new(Nobody), None) {
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
