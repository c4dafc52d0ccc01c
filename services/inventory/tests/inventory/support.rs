//! A warehouse: two nodes of the service in a simulated world, in which time jumps.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, header};
use bus::{Address, Outgoing, Wiring};
use bytes::Bytes;
use contracts::event::Draft;
use contracts::{Envelope, EventData, EventType, MessageId, Timestamp, TraceParent, catalogue};
use http_body_util::BodyExt;
use inventory::Config;
use runtime::{Bug, Clock, Entropy, Env, Findings, Node, Policy, Ports, Quirks, Spawn, Validation};
use serde_json::Value;
use store::Boxed;
use store::sim::{JumpingTime, Link, Manners, Rates, Setup, SimTime, World};
use tower::ServiceExt;

/// The queue that hears everything the service says.
const EAR: &str = "ear";

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

/// Tasks that [`Warehouse::run`] polls beside the test.
#[derive(Clone, Default)]
struct Tasks(Arc<Mutex<Vec<Boxed<'static, ()>>>>);

impl Spawn for Tasks {
    fn spawn(&self, _name: Cow<'static, str>, task: Boxed<'static, ()>) {
        self.0.lock().unwrap().push(task);
    }
}

pub(crate) struct Warehouse {
    time: JumpingTime,
    tasks: Tasks,
    world: Arc<World>,
    link: Link,
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

impl Warehouse {
    pub(crate) fn new() -> Self {
        Self::with(1, None)
    }

    /// In the world of `seed`, perhaps with a planted bug.
    pub(crate) fn with(seed: u64, bug: Option<Bug>) -> Self {
        let time = JumpingTime::starting_at(Timestamp::from_micros(1_700_000_000_000_000));
        let setup = Setup { seed, rates: Rates::NONE, fused: false, manners: Manners::SqsStandard };
        let world = World::new(Arc::new(time.clone()), &setup);
        let tasks = Tasks::default();
        let nodes = [1, 2].map(|nth| {
            let link = world.link();
            let env = Env {
                clock: Arc::new(Time(time.clone())),
                spawn: Arc::new(tasks.clone()),
                entropy: Arc::new(Count(AtomicU64::new(nth))),
            };
            let bus = bus::sim::SimBus::handle(&world, &link);
            let ports = Ports {
                store: world.store(&link),
                bus,
                blobs: world.blobs(&link),
                env,
                quirks: Quirks::with(bug),
            };
            let services = vec![inventory::service(Config::default())];
            let policy = Policy { validation: Validation::ALL, ..Policy::default() };
            time.run(Node::start(services, ports, policy, wiring())).unwrap().unwrap()
        });
        let link = world.link();
        Self { time, tasks, world, link, nodes: nodes.into() }
    }

    /// From now on what goes wrong goes wrong this often.
    pub(crate) fn disturb(&self, rates: Rates) {
        self.world.set_rates(rates);
    }

    /// Keeps all indexes as they are, or lets them catch up.
    pub(crate) fn hold_indexes(&self, hold: bool) {
        self.world.hold_indexes(hold);
    }

    /// Lets all trouble end, and everything that is under way arrive.
    pub(crate) fn calm(&self) {
        self.world.calm();
        self.wait(Duration::from_secs(1_200));
    }

    /// A warehouse with this stock: `"a@main"` and how much.
    pub(crate) fn stocked(stock: &[(&str, i64)]) -> Self {
        let warehouse = Self::new();
        warehouse.receive(stock);
        warehouse
    }

    /// Receives stock, and forgets what was said about it.
    pub(crate) fn receive(&self, stock: &[(&str, i64)]) {
        let adjustments: Vec<Value> = stock
            .iter()
            .map(|(place, delta)| {
                let (sku, location) = place.split_once('@').unwrap();
                serde_json::json!({ "sku": sku, "location": location, "delta": delta, "reason": "received" })
            })
            .collect();
        let reply = self.post("/stock/adjust", "stocked", &serde_json::json!({ "adjustments": adjustments }));
        assert_eq!(reply.status, 200, "{reply:?}");
        self.settle();
        self.heard();
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

    pub(crate) fn now(&self) -> Timestamp {
        self.time.now()
    }

    /// Publishes an event of `orders`, and lets it be handled.
    pub(crate) fn tell<T: EventData>(&self, name: &str, order_id: &str, data: &T) {
        self.publish(name, order_id, data);
        self.settle();
    }

    /// Publishes an event of `orders`, and does not wait.
    pub(crate) fn publish<T: EventData>(&self, name: &str, order_id: &str, data: &T) {
        let id = MessageId::named(&[name]);
        let body = Draft {
            id,
            service: "orders",
            kind: T::TYPE,
            schema: Some(T::SCHEMA),
            subject: order_id,
            time: self.now(),
            trace: TraceParent::root(id),
            lane: order_id,
            sequence: None,
            correlation: Some(order_id),
            cause: id,
        };
        let body = Bytes::from(body.encode(data).unwrap());
        let address = Address::Topic(EventType::of::<T>());
        let message = Outgoing { id, address, lane: order_id.to_owned(), attempt: 0, body };
        self.world.publish(&self.link, &[message]);
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

    fn waiting(&self, queue: &str) -> u64 {
        let states = self.world.inspect(&self.link).unwrap();
        states.into_iter().filter(|(name, _, _)| &**name == queue).map(|(_, waiting, _)| waiting).sum()
    }

    /// What it has said of one kind.
    pub(crate) fn heard_of<T: EventData>(&self) -> Vec<T> {
        let of_kind = self.heard().into_iter().filter(|event| event.kind.as_str() == T::TYPE);
        of_kind.map(|event| event.read::<T>().unwrap().data).collect()
    }

    /// Reason and handler of each dead letter.
    pub(crate) fn dead_letters(&self) -> Vec<String> {
        let mut query = store::Query::new("inventory.due", runtime::due::DEAD, runtime::due::DEAD);
        query.limit = 100;
        let rows = self.world.with_model(|model| model.query(&query, self.now())).rows;
        let row = |row: store::Row| runtime::due::Due::decode(&row.id, &row.item).unwrap().trouble.unwrap();
        rows.into_iter().map(row).map(|trouble| format!("{} {}", trouble.reason, trouble.handler)).collect()
    }

    pub(crate) fn audit(&self) -> Findings {
        self.run(self.nodes[0].audit()).unwrap().remove(0).1
    }

    /// Steps a counter behind the service's back.
    pub(crate) fn damage(&self, place: &str, field: &str, by: i64) {
        let change = store::Change::Step {
            key: store::Key::new("inventory.stock", place),
            add: vec![(field.to_owned(), by)],
            guards: vec![],
        };
        let (now, nonce) = (self.now(), store::Nonce(77));
        let unit = store::Unit { now, nonce, record: None, changes: vec![change], settles: None };
        self.world.with_model(|model| assert_eq!(model.apply(unit), store::Outcome::Committed));
    }

    /// `on_hand available reserved allocated` of a SKU.
    pub(crate) fn levels(&self, sku: &str) -> [i64; 4] {
        let body = self.get(&format!("/stock/{sku}")).body;
        ["on_hand", "available", "reserved", "allocated"].map(|field| body[field].as_i64().unwrap())
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
    pub(crate) fn problem(&self) -> (u16, String, Vec<(String, String)>) {
        let slug = self.body["type"].as_str().unwrap_or_default().rsplit(':').next().unwrap().to_owned();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let errors = self.body["errors"].as_array().into_iter().flatten();
        (self.status, slug, errors.map(|error| (text(&error["pointer"]), text(&error["message"]))).collect())
    }
}

fn with_json(request: axum::http::request::Builder, key: &str, body: &Value) -> Request<Body> {
    let request = request.header(header::CONTENT_TYPE, "application/json").header("idempotency-key", key);
    request.body(Body::from(body.to_string())).unwrap()
}

/// The service's own subscriptions, and everything it says to the ear.
fn wiring() -> Wiring {
    let mut wiring = Wiring::default();
    wiring.queues.extend(["inventory".to_owned(), EAR.to_owned()]);
    for kind in inventory::service(Config::default()).handled_events() {
        wiring.subscribers.entry(kind.parse().unwrap()).or_default().insert("inventory".to_owned());
    }
    for event in
        catalogue().iter().filter(|event| event.name.starts_with("stock.") || event.name.starts_with("hold."))
    {
        wiring.subscribers.entry(event.kind.parse().unwrap()).or_default().insert(EAR.to_owned());
    }
    wiring
}
