//! `orders` alone in a simulated world, with somebody who listens to what it publishes.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::future::poll_fn;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ::bus::sim::SimBus;
use ::bus::{Bus, Settle, Wiring};
use axum::Router;
use axum::body::Body;
use axum::http::Request;
use axum::response::Response;
use contracts::event::Draft;
use contracts::{Envelope, EventData, EventType, MessageId, Timestamp, TraceParent, catalogue};
use http_body_util::BodyExt;
use runtime::{Bug, Clock, Entropy, Env, Findings, Node, Policy, Ports, Quirks, Spawn, Validation};
use serde_json::{Value, json};
use store::sim::{Fault, JumpingTime, Manners, Rates, Setup, SimTime, World};
use store::{Address, Boxed, Outgoing};
use tower::ServiceExt;

use crate::{Config, service};

const LISTENER: &str = "listener";

/// A running service and the world around it.
pub(super) struct Shop {
    pub(super) time: Time,
    node: Node,
    router: Router,
    bus: Arc<dyn Bus>,
}

/// Runs `test` in a shop whose store is its bus, and in one where they are two; with `bug` planted.
pub(super) fn run(bug: Option<Bug>, test: impl AsyncFn(&Shop)) {
    run_in(true, Manners::Embedded, bug, &test);
    run_in(false, Manners::RabbitQuorum, bug, &test);
}

fn run_in(fused: bool, manners: Manners, bug: Option<Bug>, test: &impl AsyncFn(&Shop)) {
    let start = "2026-11-22T20:00:00Z".parse().unwrap();
    let time = Time { jumping: JumpingTime::starting_at(start), tasks: Tasks::default() };
    let tasks = time.tasks.clone();
    let mut running: Vec<Boxed<'static, ()>> = Vec::new();
    let mut main = Box::pin(async {
        let shop = Shop::open(&time, (fused, manners), bug).await;
        test(&shop).await;
        assert_eq!(shop.audit().await.violations, Vec::<String>::new());
    });
    let ended = time.jumping.run(poll_fn(|cx| {
        let ended = main.as_mut().poll(cx);
        running.append(&mut tasks.0.lock().unwrap());
        running.retain_mut(|task| task.as_mut().poll(cx).is_pending());
        if !tasks.0.lock().unwrap().is_empty() {
            cx.waker().wake_by_ref();
        }
        ended
    }));
    assert_eq!(ended, Some(()), "the test waits for nothing");
}

impl Shop {
    async fn open(time: &Time, (fused, manners): (bool, Manners), bug: Option<Bug>) -> Self {
        // Hardly ever a fault, but no call takes a straight way: what happens at once is interleaved.
        let mut rates = Rates::NONE;
        rates.set(Fault::Conflict, 1);
        let setup = Setup { seed: 1, rates, fused, manners };
        let world = World::new(Arc::new(time.jumping.clone()), &setup);
        let link = world.link();
        let bus = SimBus::handle(&world, &link);
        let dice = Dice(Mutex::new(fastrand::Rng::with_seed(7)));
        let (clock, spawn): (Arc<dyn Clock>, Arc<dyn Spawn>) =
            (Arc::new(time.clone()), Arc::new(time.clone()));
        let env = Env { clock, spawn, entropy: Arc::new(dice) };
        let ports = Ports {
            store: world.store(&link),
            bus: bus.clone(),
            blobs: world.blobs(&link),
            env,
            quirks: Quirks::with(bug),
        };
        let services = vec![service(Config::default())];
        let policy = Policy { validation: Validation::ALL, ..Policy::default() };
        let node = Node::start(services, ports, policy, wiring()).await.unwrap();
        Self { time: time.clone(), router: node.routes(), node, bus }
    }

    /// Lets `duration` pass, and everything happen that is due.
    pub(super) async fn pass(&self, duration: Duration) {
        self.time.sleep(duration).await;
    }

    /// Lets what is under way come to rest, long before any deadline.
    pub(super) async fn settle(&self) {
        self.pass(Duration::from_secs(10)).await;
    }

    /// Publishes `data` as if `service` (or, with a slash, an application of that source) had.
    pub(super) async fn tell<T: EventData>(&self, service: &str, subject: &str, data: &T) {
        self.tell_as(service, subject, &json!(data).to_string(), data).await;
        self.settle().await;
    }

    /// Publishes `data` under an id made from `name`, and waits for nothing.
    pub(super) async fn tell_as<T: EventData>(&self, service: &str, subject: &str, name: &str, data: &T) {
        let id = MessageId::named(&[service, T::NAME, subject, name]);
        let draft = Draft {
            id,
            service,
            kind: T::TYPE,
            schema: Some(T::SCHEMA),
            subject,
            time: self.time.now(),
            trace: TraceParent::root(id),
            lane: subject,
            sequence: None,
            correlation: None,
            cause: id,
        };
        let mut event: Value = serde_json::from_slice(&draft.encode(data).unwrap()).unwrap();
        if service.contains('/') {
            event["source"] = json!(service);
        }
        let body = serde_json::to_vec(&event).unwrap().into();
        let address = Address::Topic(EventType::of::<T>());
        let published = self
            .bus
            .publish(vec![Outgoing { id, address, lane: subject.to_owned(), attempt: 0, body }])
            .await;
        assert_eq!(published, [::bus::Published::Confirmed]);
    }

    /// What was published since this was last asked: the names of the events and their data.
    pub(super) async fn published(&self) -> Vec<(String, Value)> {
        self.settle().await;
        let deliveries = self.bus.receive(LISTENER.into(), 1_000).await.unwrap();
        let mut seen = Vec::new();
        for delivery in deliveries {
            let event = Envelope::decode(&delivery.body).unwrap();
            if event.source == "/banyan/orders" {
                let name = event.kind.family().strip_prefix("shop.banyan.").unwrap().to_owned();
                seen.push((name, serde_json::from_str(event.body_text()).unwrap()));
            }
            self.bus.settle(vec![(delivery.token, Settle::Acknowledge)]).await;
        }
        seen
    }

    /// Sends a request.
    pub(super) async fn send(&self, request: Request<Body>) -> Answered {
        Answered::of(self.router.clone().oneshot(request).await.unwrap()).await
    }

    /// `GET path`.
    pub(super) async fn get(&self, path: &str) -> Answered {
        self.send(Request::get(path).body(Body::empty()).unwrap()).await
    }

    /// `POST path` with `body` as JSON.
    pub(super) async fn post(&self, path: &str, key: &str, body: &Value) -> Answered {
        let request = Request::post(path)
            .header("content-type", "application/json")
            .header("idempotency-key", key)
            .body(Body::from(body.to_string()));
        self.send(request.unwrap()).await
    }

    /// Places an order of one line under `key`; answers its id.
    pub(super) async fn place(&self, key: &str) -> String {
        let placed = self.post("/orders", key, &an_order()).await;
        assert_eq!(placed.status, 201, "{}", placed.body);
        placed.body["order_id"].as_str().unwrap().to_owned()
    }

    /// The order's status and cancel reason.
    pub(super) async fn state(&self, id: &str) -> (String, Value) {
        let order = self.get(&format!("/orders/{id}")).await.body;
        (order["status"].as_str().unwrap_or_default().to_owned(), order["cancel_reason"].clone())
    }

    /// What `orders` finds wrong with itself, and its facts.
    pub(super) async fn audit(&self) -> Findings {
        self.node.audit().await.unwrap().remove(0).1
    }

    /// How many messages ended as dead letters.
    pub(super) fn dead(&self) -> u64 {
        self.node.counts()[0].1.dead
    }
}

/// The names of what was published since this was last asked.
pub(super) async fn names(shop: &Shop) -> Vec<String> {
    shop.published().await.into_iter().map(|(name, _)| name).collect()
}

/// A status and a cancel reason, as [`Shop::state`] answers them.
pub(super) fn is(status: &str, reason: Option<&str>) -> (String, Value) {
    (status.to_owned(), reason.map_or(Value::Null, |reason| json!(reason)))
}

/// The body of an order of three pieces that cost 7.65 GBP.
pub(super) fn an_order() -> Value {
    json!({
        "customer_id": "c-17850", "currency": "GBP", "channel": "web",
        "lines": [{ "sku": "85123A", "quantity": 3, "unit_price_minor": 255 }],
        "payment_method": { "token": "tok_ok" },
        "customer": { "name": "Ada", "email": "ada@example.com", "locale": "en-GB" },
        "ship_to": { "name": "Ada", "line1": "1 Mill Road", "city": "Cambridge", "postcode": "CB1", "country": "GB" },
    })
}

/// An answer, read whole.
#[derive(Debug)]
pub(super) struct Answered {
    pub(super) status: u16,
    pub(super) headers: axum::http::HeaderMap,
    pub(super) body: Value,
}

impl Answered {
    async fn of(response: Response) -> Self {
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Self { status: parts.status.as_u16(), headers: parts.headers, body }
    }

    /// The problem's slug.
    pub(super) fn slug(&self) -> &str {
        assert_eq!(self.headers["content-type"], "application/problem+json");
        assert_eq!(self.body["status"], self.status);
        self.body["type"].as_str().unwrap().strip_prefix("urn:banyan:problem:").unwrap()
    }

    /// Where the wrong fields are.
    pub(super) fn pointers(&self) -> Vec<&str> {
        let errors = self.body["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
        errors.iter().map(|error| error["pointer"].as_str().unwrap()).collect()
    }
}

/// Every event goes to `orders` that the topology gives it, and all of them to the listener.
fn wiring() -> Wiring {
    let service = service(Config::default());
    let mut subscribers: BTreeMap<EventType, BTreeSet<String>> = BTreeMap::new();
    // Each fact once: not in its older majors as well.
    for described in catalogue().iter().filter(|event| event.sunset.is_none()) {
        subscribers.entry(described.kind.parse().unwrap()).or_default().insert(LISTENER.to_owned());
    }
    for kind in service.handled_events() {
        subscribers.entry(kind.parse().unwrap()).or_default().insert("orders".to_owned());
    }
    Wiring { queues: ["orders".to_owned(), LISTENER.to_owned()].into(), subscribers }
}

/// Virtual time, and the tasks that live in it.
#[derive(Clone)]
pub(super) struct Time {
    jumping: JumpingTime,
    tasks: Tasks,
}

#[derive(Clone, Default)]
struct Tasks(Arc<Mutex<Vec<Boxed<'static, ()>>>>);

impl Clock for Time {
    fn now(&self) -> Timestamp {
        self.jumping.now()
    }

    fn sleep(&self, duration: Duration) -> Boxed<'static, ()> {
        self.jumping.sleep(duration)
    }
}

impl Spawn for Time {
    fn spawn(&self, _name: Cow<'static, str>, task: Boxed<'static, ()>) {
        self.tasks.0.lock().unwrap().push(task);
    }
}

struct Dice(Mutex<fastrand::Rng>);

impl Entropy for Dice {
    fn next_u64(&self) -> u64 {
        self.0.lock().unwrap().u64(..)
    }
}
