//! What services do with any bus and any store, once each, with things that concern nobody.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use bus::{Bus, Difference, Outgoing, Published, Settle, Wiring};
use bytes::Bytes;
use contracts::{EventType, MessageId};
use futures_util::future::join_all;
use runtime::Env;
use store::{Address, Blob, Blobs, Change, Entry, Key, Nonce, Outage, Outcome, Query, Store, Unit, Version};

use super::Check;
use crate::backends::{Backends, Wishes, blobs as large};
use crate::config::{BlobsKind, Config, KeysKind};

/// What an event is called that the doctor publishes: of a noun that there is, so that it takes the way of the others.
const VERB: &str = "checked-by-doctor";
/// How long it listens to a dead queue. What is refused is refused at once.
const LISTEN: Duration = Duration::from_secs(3);
/// What it leaves behind when it dies in the middle is forgotten after this.
const KEPT: Duration = Duration::from_secs(3600);

/// What those who were asked say is not there, and who did not answer.
#[derive(Default)]
pub(super) struct Lacking {
    found: Vec<Difference>,
    silent: Vec<Check>,
}

impl Lacking {
    /// Takes the answer of one of them; whether it was one.
    pub(super) fn answer(&mut self, name: &'static str, told: Result<Vec<Difference>>, fix: &str) -> bool {
        match told {
            Ok(found) => self.found.extend(found),
            Err(error) => {
                self.silent.push(Check::wrong(name, format!("{error:#}"), fix));
                return false;
            }
        }
        true
    }

    /// Whether all answered, and nothing is lacking.
    pub(super) fn is_none(&self) -> bool {
        self.found.is_empty() && self.silent.is_empty()
    }

    /// Whether everything is there, as it should be.
    pub(super) fn checks(self, bus: &str) -> Vec<Check> {
        if self.is_none() {
            return vec![Check::ok(
                "topology",
                "queues, dead queues, subscriptions, tables and buckets are there",
            )];
        }
        let fix = format!("banyan topology apply --bus {bus}, by somebody who may");
        let wrong =
            |one: &Difference| Check::wrong("topology", format!("{} {}", one.what, one.how), fix.clone());
        let lacking = self.found.iter().map(wrong);
        self.silent.into_iter().chain(lacking).collect()
    }
}

/// Publishes to every topic what nobody hears, and looks into every dead queue.
pub(super) async fn bus(bus: &dyn Bus, wiring: &Wiring, env: &Env, fix: &str) -> Vec<Check> {
    if let Err(outage) = bus.declare(wiring.clone()).await {
        return vec![Check::wrong("declare", outage.to_string(), fix)];
    }
    let mut checks = vec![Check::ok("declare", "what services declare when they start is taken")];
    let batch: Vec<Outgoing> = unheard(wiring).into_iter().map(|kind| event(kind, env)).collect();
    let topics = batch.len();
    let answers = bus.publish(batch).await;
    let failed = answers.into_iter().find(|answer| *answer != Published::Confirmed);
    checks.push(match failed {
        None => Check::ok("publish", format!("{topics} kinds of events can be published")),
        Some(Published::Refused(why)) => Check::wrong("publish", why, fix),
        Some(_) => Check::wrong("publish", "a message was not confirmed", fix),
    });
    let looks = wiring.queues.iter().map(|queue| look(bus, queue, env));
    let failed = join_all(looks).await.into_iter().find_map(Result::err);
    checks.push(match failed {
        None => Check::ok("receive", "every service's dead queue can be received from"),
        Some(why) => Check::wrong("receive", why, fix),
    });
    checks
}

/// A type for each noun, which no wiring has.
fn unheard(wiring: &Wiring) -> BTreeSet<EventType> {
    let heard = wiring.subscribers.iter().filter(|(_, queues)| !queues.is_empty());
    let kinds = heard.filter_map(|(kind, _)| {
        let (noun, _) = kind.family().rsplit_once('.')?;
        format!("{noun}.{VERB}.v1").parse().ok()
    });
    kinds.collect()
}

fn event(kind: EventType, env: &Env) -> Outgoing {
    let id = MessageId::named(&["doctor", kind.as_str(), &env.nonce().0.to_string()]);
    let body = Bytes::from(serde_json::json!({ "specversion": "1.0", "type": kind }).to_string());
    Outgoing { id, address: Address::Topic(kind), lane: "doctor".to_owned(), attempt: 0, body }
}

/// Looks into a dead queue; what lies there is given back.
async fn look(bus: &dyn Bus, queue: &str, env: &Env) -> Result<(), String> {
    let dead = format!("{queue}{}", bus.caps().dead_suffix.unwrap_or_default());
    let taken = tokio::select! {
        biased;
        taken = bus.receive(Arc::from(dead), 1) => taken.map_err(|outage| outage.to_string())?,
        // Nothing lies there, and nobody minds that it is asked.
        () = env.clock.sleep(LISTEN) => vec![],
    };
    bus.settle(taken.into_iter().map(|one| (one.token, Settle::Release)).collect()).await;
    Ok(())
}

/// Store and bus alone: large data is a matter of its own.
pub(super) async fn store_and_bus(config: &Config, env: &Env) -> Result<Backends> {
    let mut config = config.clone();
    (config.chosen.large.blobs, config.chosen.large.keys) = (BlobsKind::Folder, KeysKind::None);
    Backends::open(&config, Wishes { memory: true, ..Wishes::default() }, env).await
}

/// What to do when large data cannot be kept where `config` says.
pub(super) fn fix_of_blobs(config: &Config) -> &'static str {
    match config.chosen.large.blobs {
        BlobsKind::Folder => {
            "make --data yours to write, put the key file where --key-file says, or keep large data elsewhere with --blobs s3"
        }
        BlobsKind::S3 => {
            "allow the action that it names, on the bucket and the key, in a policy of this role; see docs/backends.md"
        }
    }
}

/// Keeps, reads and renews large data, where services do: always the same, which lies there once and expires.
pub(super) async fn blobs(config: &Config, env: &Env) -> Check {
    match kept_and_read(config, env).await {
        Ok(()) => Check::ok("blobs", "large data can be kept, read and renewed"),
        Err(why) => Check::wrong("blobs", why, fix_of_blobs(config)),
    }
}

async fn kept_and_read(config: &Config, env: &Env) -> Result<(), String> {
    let named = |doing: &'static str| move |outage: Outage| format!("{doing}: {outage}");
    let blob = |content: Bytes| Blob::new(content).map_err(|error| error.to_string());
    let kept = blob(Bytes::from_static(b"what banyan doctor keeps and reads"))?;
    let here = opened(config, env).await?;
    here.put(kept.clone(), env.now()).await.map_err(named("keep"))?;
    // By another than who kept it, as among services: who sealed something has the key at hand.
    let there = opened(config, env).await?;
    let read = there.get(kept.name()).await.map_err(named("read"))?;
    if read.as_ref() != Some(kept.content()) {
        return Err("read: what was kept is not there, or is something else".to_owned());
    }
    if !there.renew(kept.name(), env.now()).await.map_err(named("renew"))? {
        return Err("renew: what was kept is not there".to_owned());
    }
    let never = blob(Bytes::from(format!("what banyan doctor never keeps: {:016x}", env.nonce().0)))?.name();
    match there.get(never).await.map_err(named("see that something is missing"))? {
        None => Ok(()),
        Some(_) => Err("see that something is missing: what was never kept is there".to_owned()),
    }
}

async fn opened(config: &Config, env: &Env) -> Result<Arc<dyn Blobs>, String> {
    let writer = format!("doctor-{:016x}", env.nonce().0);
    let wishes = Wishes { looks: true, writer: &writer, ..Wishes::default() };
    large::open(config, wishes, env).await.map_err(|error| format!("{error:#}"))
}

/// Writes, reads, finds and removes an item and a counter.
pub(super) async fn store(store: &dyn Store, env: &Env, fix: &str) -> Vec<Check> {
    match all_of_it(store, env).await {
        Ok(()) => vec![Check::ok("store", "items can be written, read, found and removed")],
        Err(why) => vec![Check::wrong("store", why, fix)],
    }
}

async fn all_of_it(store: &dyn Store, env: &Env) -> Result<(), String> {
    let (now, id) = (env.now(), format!("{:016x}", env.nonce().0));
    let key = |name: &str| Key::new("doctor.check", format!("{id}-{name}"));
    let nonce = env.nonce();
    let unit = |nonce: Nonce, changes| Unit { now, nonce, record: None, changes, settles: None };
    let put = Change::Put {
        key: key("item"),
        version: Version::ABSENT,
        body: Bytes::from_static(b"{}"),
        entries: vec![Entry::new("check", id.clone(), now.sortable())],
        expires: Some(now.plus(KEPT)),
    };
    let step = Change::Step { key: key("counter"), add: vec![("n".to_owned(), 1)], guards: vec![] };
    let check = Change::Check { key: key("nothing"), version: Version::ABSENT };
    commit(store, "write", unit(nonce, vec![put, step, check])).await?;
    let keys = vec![key("item"), key("counter")];
    let read = store.read(keys, now).await.map_err(|outage| format!("read: {outage}"))?;
    let versions: Vec<Version> = read.into_iter().flatten().map(|item| item.version).collect();
    let [item, counter] = versions[..] else {
        return Err("read: what was written is not there".to_owned());
    };
    let page = store.query(Query::new("doctor.check", "check", id.clone()), now).await;
    let page = page.map_err(|outage| format!("find: {outage}"))?;
    let gone = vec![
        Change::Delete { key: key("item"), version: item },
        Change::Delete { key: key("counter"), version: counter },
    ];
    commit(store, "remove", unit(env.nonce(), gone)).await?;
    // An index may lag behind; then nothing is wrong with the right to look into it.
    if page.rows.len() > 1 { Err("find: the index has what was never written".to_owned()) } else { Ok(()) }
}

async fn commit(store: &dyn Store, doing: &str, unit: Unit) -> Result<(), String> {
    match store.commit(unit).await {
        Ok(Outcome::Committed) => Ok(()),
        Ok(other) => Err(format!("{doing}: {other:?}")),
        Err(outage) => Err(format!("{doing}: {outage}")),
    }
}
