//! What must hold in every world at rest, whatever the services do.

use std::collections::{BTreeMap, BTreeSet};

use contracts::{MessageId, Timestamp};
use runtime::due::Due;
use store::sim::World as Backend;
use store::{Address, Key};

use crate::scenario::Settled;
use crate::watch::{Log, Promise, Said, is_sweep, name_of};
use crate::world::World;

/// Rows of one page.
const PAGE: usize = 1_000;

/// Everything that must hold and does not.
pub(crate) fn all(world: &mut World) -> Vec<String> {
    let mut violations = Vec::new();
    let audits = audits(world, &mut violations);
    let services: Vec<String> = world.scenario().wiring().queues.into_iter().collect();
    let house = world.house().clone();
    let dead = dead_letters(&house.backend, &services);
    violations.extend(world.stuck_work());
    violations.extend(left_behind(&house.backend, &services));
    let (sent, said) = {
        let log = house.watch.log();
        let (sent, swept) = certain(&house.backend, &log);
        let poison: BTreeSet<MessageId> = log.poison.iter().map(|body| name_of(body)).collect();
        violations.extend(
            dead.iter().filter(|(_, row)| !poison.contains(&row.id)).map(|(s, row)| given_up(s, row)),
        );
        let all = sent.iter().chain(&swept).chain(&log.promised);
        violations.extend(unhandled(
            &house.backend,
            &log,
            &world.scenario().wiring(),
            (all.collect(), &dead),
        ));
        let said = said(&house.backend, &log);
        (sent.into_iter().map(|promise| (promise.id, promise.address)).collect(), said)
    };
    let settled = Settled { audits, dead, sent, now: house.time.now(), backend: &house.backend };
    violations.extend(world.scenario().check(&settled));
    let ends = world.scenario().ends(&settled);
    world.ended(ends, said);
    violations.sort();
    violations.dedup();
    violations
}

fn audits(world: &mut World, violations: &mut Vec<String>) -> BTreeMap<&'static str, runtime::Findings> {
    let mut audits = BTreeMap::new();
    for node in auditors(world) {
        match world.complete(async move { node.audit().await }) {
            Some(Ok(found)) => audits.extend(found),
            other => violations.push(format!("an audit failed: {:?}", other.map(|r| r.err()))),
        }
    }
    for (service, findings) in &audits {
        violations.extend(findings.violations.iter().map(|violation| format!("{service}: {violation}")));
    }
    audits
}

/// Nodes that together run every service: each service looks at all that it keeps, wherever it asks.
fn auditors(world: &World) -> Vec<std::sync::Arc<runtime::Node>> {
    let mut known: BTreeSet<&str> = BTreeSet::new();
    let open = world.house().open();
    let fresh = open.iter().flatten().filter(|open| {
        let before = known.len();
        known.extend(&open.services);
        known.len() > before
    });
    fresh.map(|open| open.node.clone()).collect()
}

/// Nothing stays in a queue, nothing stays pending.
fn left_behind(backend: &Backend, services: &[String]) -> Vec<String> {
    let mut left = Vec::new();
    if backend.backlog() > 0 {
        left.push(format!("{} messages or late units are left", backend.backlog()));
    }
    for service in services {
        for kind in ["record", "request"] {
            let collection = format!("{service}.{kind}");
            backend.with_model(|model| {
                model.each_record(&collection, |id, record| {
                    let pending = record.pending.len();
                    if pending > 0 {
                        left.push(format!("{collection} {id} has {pending} messages pending"));
                    }
                });
            });
        }
    }
    left
}

fn dead_letters(backend: &Backend, services: &[String]) -> Vec<(String, Due)> {
    let mut dead = Vec::new();
    for service in services {
        each(backend, &runtime::due::collection(service), |id, item| {
            if let Ok(row) = Due::decode(id, item)
                && row.due.is_none()
            {
                dead.push((service.clone(), row));
            }
        });
    }
    dead
}

fn given_up(service: &str, row: &Due) -> String {
    let why = row.trouble.as_ref().map(|t| format!("{}: {}", t.reason, t.chain.join(": ")));
    format!("{service} gave up {}: {}", crate::watch::brief(&row.outgoing().body), why.unwrap_or_default())
}

/// What committed units of work sent: by handlers and callers, and by sweeps of the due table.
fn certain(backend: &Backend, log: &Log) -> (BTreeSet<Promise>, BTreeSet<Promise>) {
    let mut certain = (BTreeSet::new(), BTreeSet::new());
    for said in committed(backend, log) {
        let to = if is_sweep(&said.record) { &mut certain.1 } else { &mut certain.0 };
        to.extend(said.outgoing.iter().cloned());
    }
    certain
}

/// Units of work that sent something, and were applied.
fn committed<'l>(backend: &'l Backend, log: &'l Log) -> impl Iterator<Item = &'l Said> {
    log.said.iter().filter(|said| !said.outgoing.is_empty()).filter(|said| {
        // What has expired was there: only the clock knows of expiry.
        let nonce = backend.with_model(|model| model.record(&said.record).map(|record| record.nonce));
        nonce == Some(said.nonce)
    })
}

/// The types of all events that were published, with the service that did: the first part of its records' collection.
fn said(backend: &Backend, log: &Log) -> BTreeSet<(String, String)> {
    let mut kinds = BTreeSet::new();
    for said in committed(backend, log).filter(|said| !is_sweep(&said.record)) {
        let service = said.record.collection.split('.').next().unwrap_or_default();
        for promise in &said.outgoing {
            if let Address::Topic(kind) = &promise.address {
                kinds.insert((service.to_owned(), kind.as_str().to_owned()));
            }
        }
    }
    kinds
}

/// Every message that was certainly sent was handled by everyone who subscribes, or is a dead letter there.
fn unhandled(
    backend: &Backend,
    log: &Log,
    wiring: &bus::Wiring,
    (sent, dead): (BTreeSet<&Promise>, &[(String, Due)]),
) -> BTreeSet<String> {
    let dead: BTreeSet<(&str, String)> =
        dead.iter().map(|(service, row)| (service.as_str(), row.id.to_string())).collect();
    let mut missing = BTreeSet::new();
    for promise in sent {
        for queue in readers(promise, log, wiring) {
            let key = Key::new(format!("{queue}.record"), promise.id.to_string());
            if !backend.with_model(|model| model.holds_item(&key))
                && !dead.contains(&(queue.as_str(), promise.id.to_string()))
            {
                missing.insert(format!("{queue} never handled {} ({:?})", promise.id, promise.address));
            }
        }
    }
    missing
}

fn readers<'w>(promise: &'w Promise, log: &Log, wiring: &'w bus::Wiring) -> Vec<&'w String> {
    match &promise.address {
        Address::Queue(queue) => vec![queue],
        Address::Topic(kind) => {
            let reacts = |queue: &&String| {
                log.handled.get(queue.as_str()).is_some_and(|handled| handled.contains(kind.as_str()))
            };
            wiring.subscribers.get(kind).into_iter().flatten().filter(reacts).collect()
        }
    }
}

/// Shows every item of a collection, expired or not.
pub(crate) fn each(backend: &Backend, collection: &str, mut visit: impl FnMut(&str, &store::Item)) {
    let picture = backend.with_model(|model| model.snapshot(Timestamp::EPOCH));
    let mut after: Option<String> = None;
    loop {
        let rows = picture.page(collection, after.as_deref(), PAGE);
        let Some(last) = rows.last() else { return };
        after = Some(last.id.clone());
        for row in &rows {
            visit(&row.id, &row.item);
        }
    }
}
