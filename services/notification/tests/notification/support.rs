//! A shop's desk: two nodes of the service in a simulated world, in which time jumps, and a mailbox in process.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::future::Future;
use std::path::Path;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, header};
use bus::{Address as To, Outgoing, Wiring};
use bytes::Bytes;
use contracts::{Envelope, EventData, MessageId, Timestamp, catalogue};
use http_body_util::BodyExt;
use notification::Config;
use notification::simulated::Letter;
use runtime::{Clock, Entropy, Env, Findings, Node, Policy, Ports, Quirks, Spawn};
use serde_json::Value;
use store::Boxed;
use store::sim::{JumpingTime, Link, Manners, Rates, Setup, SimTime, World};
use tower::ServiceExt;

use super::mailbox::Office;

/// The queue that hears everything the service says.
const EAR: &str = "ear";

/// Whom stock is reported to.
pub(crate) const OPERATOR: &str = "ops@example.org";

struct Time(JumpingTime);

impl Clock for Time {
    fn now(&self) -> Timestamp {
        self.0.now()
    }

    fn sleep(&self, duration: Duration) -> Boxed<'static, ()> {
        self.0.sleep(duration)
    }
}

struct Count(AtomicU64);

impl Entropy for Count {
    fn next_u64(&self) -> u64 {
        // SplitMix64's step and last shift: spread enough for nonces.
        let n = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
        (n ^ (n >> 31)).wrapping_mul(0x94d0_49bb_1331_11eb)
    }
}

/// Tasks that [`Desk::run`] polls beside the test.
#[derive(Clone, Default)]
struct Tasks(Arc<Mutex<Vec<Boxed<'static, ()>>>>);

impl Spawn for Tasks {
    fn spawn(&self, _name: Cow<'static, str>, task: Boxed<'static, ()>) {
        self.0.lock().unwrap().push(task);
    }
}

pub(crate) struct Desk {
    time: JumpingTime,
    tasks: Tasks,
    world: Arc<World>,
    link: Link,
    pub(crate) office: Arc<Office>,
    /// Two, so that messages of one order can be handled at once.
    nodes: Vec<Node>,
}

/// What came back over HTTP.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Value,
}

impl Desk {
    pub(crate) fn new() -> Self {
        Self::with(1, Some(OPERATOR))
    }

    /// In the world of `seed`, with or without an operator.
    pub(crate) fn with(seed: u64, operator: Option<&str>) -> Self {
        let time = JumpingTime::starting_at(Timestamp::from_micros(1_795_377_600_000_000));
        let setup = Setup { seed, rates: Rates::NONE, fused: false, manners: Manners::SqsStandard };
        let world = World::new(Arc::new(time.clone()), &setup);
        let tasks = Tasks::default();
        let office = Arc::new(Office::new(time.clone(), seed));
        let nodes = [1, 2].map(|nth| {
            let link = world.link();
            let env = Env {
                clock: Arc::new(Time(time.clone())),
                spawn: Arc::new(tasks.clone()),
                entropy: Arc::new(Count(AtomicU64::new(nth))),
            };
            let bus = bus::sim::SimBus::handle(&world, &link);
            let ports = Ports { store: world.store(&link), bus, env, quirks: Quirks::default() };
            let config = Config { operator: operator.map(str::to_owned), ..Config::default() };
            let services = vec![notification::service(office.clone(), config)];
            time.run(Node::start(services, ports, Policy::default(), wiring())).unwrap().unwrap()
        });
        let link = world.link();
        Self { time, tasks, world, link, office, nodes: nodes.into() }
    }

    /// From now on what goes wrong goes wrong this often.
    pub(crate) fn disturb(&self, rates: Rates) {
        self.world.set_rates(rates);
    }

    /// Lets all trouble end, and everything that is under way arrive.
    pub(crate) fn calm(&self) {
        self.world.calm();
        self.wait(Duration::from_secs(1_800));
    }

    /// Runs `main` with the service beside it.
    pub(crate) fn run<F: Future>(&self, main: F) -> F::Output {
        let mut main = pin!(main);
        let beside = std::future::poll_fn(|cx| {
            let mut tasks = std::mem::take(&mut *self.tasks.0.lock().unwrap());
            tasks.retain_mut(|task| task.as_mut().poll(cx).is_pending());
            let mut spawned = self.tasks.0.lock().unwrap();
            if !spawned.is_empty() {
                cx.waker().wake_by_ref();
            }
            tasks.append(&mut spawned);
            *spawned = tasks;
            drop(spawned);
            main.as_mut().poll(cx)
        });
        self.time.run(beside).expect("everything waits for nothing")
    }

    /// Lets time pass.
    pub(crate) fn wait(&self, how_long: Duration) {
        self.run(self.time.sleep(how_long));
    }

    /// Lets everything that is under way arrive.
    pub(crate) fn settle(&self) {
        self.wait(Duration::from_secs(5));
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
        self.world.publish(&self.link, &[Outgoing { id, address, lane, attempt: 0, body }]);
    }

    /// What the service has said since it was last asked, oldest first.
    pub(crate) fn heard(&self) -> Vec<Envelope> {
        let mut heard = vec![];
        while self.waiting(EAR) > 0 {
            let taken = self.run(self.world.receive(&self.link, EAR, 1_000)).unwrap();
            self.world.settle(&self.link, taken.iter().map(|taken| (EAR, taken.seq, true)));
            heard.extend(taken.iter().map(|taken| Envelope::decode(&taken.body).unwrap()));
        }
        heard
    }

    /// What it has said of one kind.
    pub(crate) fn heard_of<T: EventData>(&self) -> Vec<T> {
        let of_kind = self.heard().into_iter().filter(|event| event.kind.as_str() == T::TYPE);
        of_kind.map(|event| event.read::<T>().unwrap().data).collect()
    }

    fn waiting(&self, queue: &str) -> u64 {
        let states = self.world.inspect(&self.link).unwrap();
        states.into_iter().filter(|(name, _, _)| &**name == queue).map(|(_, waiting, _)| waiting).sum()
    }

    /// Reason and handler of each dead letter.
    pub(crate) fn dead_letters(&self) -> Vec<String> {
        let mut query = store::Query::new("notification.due", runtime::due::DEAD, runtime::due::DEAD);
        query.limit = 100;
        let rows = self.world.with_model(|model| model.query(&query, self.time.now())).rows;
        let row = |row: store::Row| runtime::due::Due::decode(&row.id, &row.item).unwrap().trouble.unwrap();
        rows.into_iter().map(row).map(|trouble| format!("{} {}", trouble.reason, trouble.handler)).collect()
    }

    /// The service's own findings, compared with the mailbox's ledger: no letter without a message that says so, no
    /// message that was sent without its letter.
    pub(crate) fn audit(&self) -> Findings {
        let mut findings = self.run(self.nodes[0].audit()).unwrap().remove(0).1;
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

    pub(crate) fn get(&self, path: &str) -> Reply {
        self.send(Request::get(path).body(Body::empty()).unwrap())
    }

    pub(crate) fn delete(&self, path: &str) -> Reply {
        self.send(Request::delete(path).body(Body::empty()).unwrap())
    }

    pub(crate) fn post(&self, path: &str, key: &str, body: &Value) -> Reply {
        self.send(with_json(Request::post(path), key, body))
    }

    pub(crate) fn put(&self, path: &str, key: &str, body: &Value) -> Reply {
        self.send(with_json(Request::put(path), key, body))
    }

    pub(crate) fn send(&self, request: Request<Body>) -> Reply {
        let routes: Router = self.nodes[0].routes();
        self.run(async move {
            let response = routes.oneshot(request).await.unwrap();
            let status = response.status().as_u16();
            let headers = response.headers().iter();
            let headers = headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()));
            let headers = headers.collect();
            let bytes = response.into_body().collect().await.unwrap().to_bytes();
            Reply { status, headers, body: serde_json::from_slice(&bytes).unwrap_or(Value::Null) }
        })
    }
}

impl Reply {
    /// The slug of a problem and its wrong fields.
    pub(crate) fn problem(&self) -> (u16, &str, Vec<&str>) {
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
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../contracts/examples");
    serde_json::from_slice(&std::fs::read(folder.join(format!("{name}.v1.json"))).unwrap()).unwrap()
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
    wiring.queues.extend(["notification".to_owned(), EAR.to_owned()]);
    for kind in contracts::Topology::embedded().subscriptions("notification") {
        wiring.subscribers.entry(kind.clone()).or_default().insert("notification".to_owned());
    }
    for event in catalogue().iter().filter(|event| event.name.starts_with("notification.")) {
        wiring.subscribers.entry(event.kind.parse().unwrap()).or_default().insert(EAR.to_owned());
    }
    wiring
}
