//! A shop's desk: two nodes of the service in a simulated world, in which time jumps, and a mailbox in process.

use std::collections::BTreeSet;
use std::ops::Deref;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, header};
use bus::{Address as To, Outgoing, Wiring};
use bytes::Bytes;
use contracts::{Envelope, MessageId, Timestamp, Topology, catalogue};
use notification::Config;
use notification::simulated::Letter;
use runtime::Findings;
use serde_json::Value;
use store::sim::JumpingTime;
use testkit::Pair;
use testkit::pair::Response;

use super::mailbox::Office;

/// Whom stock is reported to.
pub(crate) const OPERATOR: &str = "ops@example.org";

pub(crate) struct Desk {
    pub(crate) office: Arc<Office>,
    pair: Pair,
}

impl Deref for Desk {
    type Target = Pair;

    fn deref(&self) -> &Pair {
        &self.pair
    }
}

impl Desk {
    pub(crate) fn new() -> Self {
        Self::with(1, Some(OPERATOR))
    }

    /// In the world of `seed`, with or without an operator.
    pub(crate) fn with(seed: u64, operator: Option<&str>) -> Self {
        let time = JumpingTime::starting_at(Timestamp::from_micros(1_795_377_600_000_000));
        let office = Arc::new(Office::new(time.clone(), seed));
        let service = || {
            let config = Config { operator: operator.map(str::to_owned), ..Config::default() };
            notification::service(office.clone(), config)
        };
        let pair = Pair::start("notification", time, seed, &wiring(), service);
        Self { office, pair }
    }

    /// Lets all trouble end, and everything that is under way arrive.
    pub(crate) fn calm(&self) {
        // The slowest message is on its way for three hours.
        self.calm_for(Duration::from_secs(4 * 3_600));
    }

    /// Publishes the frozen example of `name`, and lets it be handled.
    pub(crate) fn tell(&self, name: &str) {
        self.tell_of(&frozen(name));
    }

    /// Publishes `event`, and lets it be handled.
    pub(crate) fn tell_of(&self, event: &Value) {
        self.publish(event);
        self.settle();
    }

    /// Publishes `event`, and does not wait.
    pub(crate) fn publish(&self, event: &Value) {
        let body = Bytes::from(serde_json::to_vec(event).unwrap());
        let decoded = Envelope::decode(&body).unwrap();
        let (id, address) = (decoded.message_id(), To::Topic(decoded.kind.clone()));
        let lane = event["partitionkey"].as_str().unwrap().to_owned();
        self.send_out(Outgoing { id, address, lane, attempt: 0, body });
    }

    /// The service's own findings, compared with the mailbox's ledger: no letter without a message that says so, no
    /// message that was sent without its letter.
    pub(crate) fn audit(&self) -> Findings {
        let mut findings = self.findings();
        let facts = findings.facts.remove("mails").unwrap_or_default();
        let outcomes = self.office.outcomes();
        for (key, mail) in &outcomes {
            let known = facts.get(key).map(|fact| fact["reference"].as_str());
            if known != Some(mail.as_deref()) {
                findings.violations.push(format!("{key}: {known:?} here, {mail:?} at the mailbox"));
            }
        }
        let sent = facts.iter().filter(|(_, fact)| fact["state"] == "sent");
        for (key, _) in sent.filter(|(key, _)| !outcomes.contains_key(*key)) {
            findings.violations.push(format!("{key}: sent here, unknown to the mailbox"));
        }
        findings
    }

    /// Subjects of what was delivered, by whom it was delivered to.
    pub(crate) fn delivered(&self) -> Vec<(String, String)> {
        let told = |letter: Letter| (letter.to.expose().to_owned(), letter.subject);
        let mut delivered: Vec<_> = self.office.letters().into_iter().map(told).collect();
        delivered.sort();
        delivered
    }

    pub(crate) fn delete(&self, path: &str) -> Response {
        self.send(Request::delete(path).body(Body::empty()).unwrap())
    }

    pub(crate) fn post(&self, path: &str, key: &str, body: &Value) -> Response {
        self.send(with_json(Request::post(path), key, body))
    }

    pub(crate) fn put(&self, path: &str, key: &str, body: &Value) -> Response {
        self.send(with_json(Request::put(path), key, body))
    }
}

/// What is wrong, where something is.
pub(crate) trait Refused {
    /// Status, slug of a problem and its wrong fields.
    fn problem(&self) -> (u16, &str, Vec<&str>);
}

impl Refused for Response {
    fn problem(&self) -> (u16, &str, Vec<&str>) {
        let slug = self.body["type"].as_str().unwrap_or_default().rsplit(':').next().unwrap();
        let errors = self.body["errors"].as_array().into_iter().flatten();
        (self.status, slug, errors.map(|error| error["pointer"].as_str().unwrap()).collect())
    }
}

fn with_json(request: axum::http::request::Builder, key: &str, body: &Value) -> Request<Body> {
    let request = request.header(header::CONTENT_TYPE, "application/json").header("idempotency-key", key);
    request.body(Body::from(body.to_string())).unwrap()
}

/// A frozen example by the name of its event.
pub(crate) fn frozen(name: &str) -> Value {
    let file = if name.ends_with(".v2") { format!("{name}.json") } else { format!("{name}.v1.json") };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../contracts/examples");
    serde_json::from_slice(&std::fs::read(folder.join(file)).unwrap()).unwrap()
}

/// Everything that is worth a message: what the service hears, each fact once, in the order of the catalogue, in which an
/// order is placed first.
pub(crate) fn milestones() -> Vec<&'static str> {
    let given: BTreeSet<&str> =
        Topology::embedded().subscriptions("notification").map(|kind| kind.as_str()).collect();
    let mut names: Vec<&str> =
        catalogue().iter().filter(|event| given.contains(event.kind)).map(|event| event.name).collect();
    // Another major of one fact stands beside it.
    names.dedup();
    names
}

/// Those of them that an order's customer is told of.
pub(crate) fn told_to_customers() -> Vec<&'static str> {
    milestones().into_iter().filter(|name| !is_alarm(name)).collect()
}

/// Whether operators are told of it, and nobody else.
pub(crate) fn is_alarm(name: &str) -> bool {
    name.starts_with("stock.")
}

/// The same event as if another message had brought it.
pub(crate) fn retold(event: &Value, name: &str) -> Value {
    let mut event = event.clone();
    event["id"] = MessageId::named(&[name]).to_string().into();
    event
}

/// The frozen order, with something in its place.
pub(crate) fn order_with(pointer: &str, value: impl Into<Value>) -> Value {
    let mut event = frozen("order.placed");
    *event.pointer_mut(pointer).unwrap() = value.into();
    event
}

/// The service's own subscriptions, and everything it says to the ear.
pub(crate) fn wiring() -> Wiring {
    let mut wiring = Wiring::default();
    wiring.queues.extend(["notification".to_owned(), Pair::EAR.to_owned()]);
    for kind in Topology::embedded().subscriptions("notification") {
        wiring.subscribers.entry(kind.clone()).or_default().insert("notification".to_owned());
    }
    for event in catalogue().iter().filter(|event| event.name.starts_with("notification.")) {
        wiring.subscribers.entry(event.kind.parse().unwrap()).or_default().insert(Pair::EAR.to_owned());
    }
    wiring
}
