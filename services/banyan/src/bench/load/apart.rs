//! The same work where store and bus are apart.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use anyhow::Result;
use bus::{Bus, Wiring};
use contracts::{Event, EventType};
use runtime::{Env, Fail, Handler, Node, Policy, Ports, Quirks, Service, Uow};
use store::Store;
use store::blobs::Memory;

use super::Asked;

/// What a message costs at least: a service that leaves its record and nothing else.
#[cfg(all(feature = "postgres", feature = "rabbitmq"))]
pub(in crate::bench) const SINK: &str = "sink";

#[cfg(all(feature = "postgres", feature = "rabbitmq"))]
struct Sink;

#[cfg(all(feature = "postgres", feature = "rabbitmq"))]
impl Handler for Sink {
    type Event = Asked;

    async fn handle(&self, _: &Event<Asked>, _: &mut Uow) -> Result<(), Fail> {
        Ok(())
    }
}

/// One service hears everything.
#[cfg(all(feature = "postgres", feature = "rabbitmq"))]
pub(in crate::bench) fn one_hop() -> Wiring {
    let queues = BTreeSet::from([SINK.to_owned()]);
    Wiring { queues: queues.clone(), subscribers: BTreeMap::from([(EventType::of::<Asked>(), queues)]) }
}

/// That service on `bus`, with a store in memory.
///
/// # Errors
/// The bus does not take the declaration.
#[cfg(all(feature = "postgres", feature = "rabbitmq"))]
pub(in crate::bench) async fn sink(bus: Arc<dyn Bus>, env: &Env) -> Result<Node> {
    let store = Arc::new(crate::bench::ground::Memory::default());
    node(vec![Service::new(SINK).on(Sink)], one_hop(), (store, bus), (env, Policy::default())).await
}

/// `services` on `ports`.
///
/// # Errors
/// The bus does not take the declaration.
pub(in crate::bench) async fn node(
    services: Vec<Service>,
    wiring: Wiring,
    (store, bus): (Arc<dyn Store>, Arc<dyn Bus>),
    (env, policy): (&Env, Policy),
) -> Result<Node> {
    let (blobs, env) = (Arc::new(Memory::default()), env.clone());
    let ports = Ports { store, bus, blobs, env, quirks: Quirks::default() };
    Ok(Node::start(services, ports, policy, wiring).await?)
}
