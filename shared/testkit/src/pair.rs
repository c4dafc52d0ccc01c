//! Two nodes of one service in a world where time jumps, for the tests of that service: no director, no crashes, and
//! every step of it within one test.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "for tests: what cannot be ends the test")]

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::Request;
use bus::sim::SimBus;
use bus::{Outgoing, Wiring};
use bytes::Bytes;
use contracts::{Envelope, EventData, Timestamp};
use runtime::{Clock, Entropy, Env, Findings, Node, Policy, Ports, Quirks, Service, Spawn, Validation};
use serde_json::Value;
use store::Boxed;
use store::sim::{JumpingTime, Link, Manners, Rates, Setup, SimTime, World};
use tower::ServiceExt;

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

/// Tasks that [`Pair::run`] polls beside the test.
#[derive(Clone, Default)]
struct Tasks(Arc<Mutex<Vec<Boxed<'static, ()>>>>);

impl Spawn for Tasks {
    fn spawn(&self, _name: Cow<'static, str>, task: Boxed<'static, ()>) {
        self.0.lock().unwrap().push(task);
    }
}

/// Two nodes, so that messages of one order can be handled at once.
pub struct Pair {
    name: &'static str,
    time: JumpingTime,
    tasks: Tasks,
    world: Arc<World>,
    link: Link,
    nodes: Vec<Node>,
}

/// What came back over HTTP.
#[derive(Debug)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// Every header.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub bytes: Bytes,
    /// The body where it is JSON; else null.
    pub body: Value,
}

impl Pair {
    /// The queue that hears what the service says, when `wiring` has it.
    pub const EAR: &'static str = "ear";

    /// The service `name` in the world of `seed`, twice, from `time` on.
    ///
    /// # Panics
    /// It does not start.
    #[must_use]
    pub fn start(
        name: &'static str,
        time: JumpingTime,
        seed: u64,
        wiring: &Wiring,
        service: impl Fn() -> Service,
    ) -> Self {
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
            let bus = SimBus::handle(&world, &link);
            let ports = Ports {
                store: world.store(&link),
                bus,
                blobs: world.blobs(&link),
                env,
                quirks: Quirks::default(),
            };
            let policy = Policy { validation: Validation::ALL, ..Policy::default() };
            let starting = Node::start(vec![service()], ports, policy, wiring.clone());
            time.run(starting).expect("a start waits for nothing").expect("the service starts")
        });
        let link = world.link();
        Self { name, time, tasks, world, link, nodes: nodes.into() }
    }

    /// The world, for a look at what is stored.
    #[must_use]
    pub fn world(&self) -> &World {
        &self.world
    }

    /// What time it is.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.time.now()
    }

    /// From now on what goes wrong goes wrong this often.
    pub fn disturb(&self, rates: Rates) {
        self.world.set_rates(rates);
    }

    /// Lets all trouble end, and everything that is under way arrive within `how_long`.
    pub fn calm_for(&self, how_long: Duration) {
        self.world.calm();
        self.wait(how_long);
    }

    /// Runs `main` with the service beside it.
    ///
    /// # Panics
    /// Everything waits for nothing.
    pub fn run<F: Future>(&self, main: F) -> F::Output {
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
    pub fn wait(&self, how_long: Duration) {
        self.run(self.time.sleep(how_long));
    }

    /// Lets everything that is under way arrive.
    pub fn settle(&self) {
        self.wait(Duration::from_secs(5));
    }

    /// Sends `message`, and does not wait.
    pub fn send_out(&self, message: Outgoing) {
        self.world.publish(&self.link, &[message]);
    }

    /// What the service has said since it was last asked, oldest first.
    ///
    /// # Panics
    /// It is no event.
    pub fn heard(&self) -> Vec<Envelope> {
        let mut heard = vec![];
        while self.waiting(Self::EAR) > 0 {
            let taken = self.run(self.world.receive(&self.link, Self::EAR, 1_000)).unwrap();
            self.world.settle(&self.link, taken.iter().map(|taken| (Self::EAR, taken.seq, true)));
            heard.extend(taken.iter().map(|taken| Envelope::decode(&taken.body).unwrap()));
        }
        heard
    }

    /// What it has said of one kind.
    ///
    /// # Panics
    /// It does not read as that kind.
    pub fn heard_of<T: EventData>(&self) -> Vec<T> {
        let of_kind = self.heard().into_iter().filter(|event| event.kind.as_str() == T::TYPE);
        of_kind.map(|event| event.read::<T>().unwrap().data).collect()
    }

    fn waiting(&self, queue: &str) -> u64 {
        let states = self.world.inspect(&self.link).unwrap();
        states.into_iter().filter(|(name, _, _)| &**name == queue).map(|(_, waiting, _)| waiting).sum()
    }

    /// Reason and handler of each dead letter.
    ///
    /// # Panics
    /// One of them has none.
    #[must_use]
    pub fn dead_letters(&self) -> Vec<String> {
        let due = format!("{}.due", self.name);
        let mut query = store::Query::new(due, runtime::due::DEAD, runtime::due::DEAD);
        query.limit = 100;
        let rows = self.world.with_model(|model| model.query(&query, self.now())).rows;
        let row = |row: store::Row| runtime::due::Due::decode(&row.id, &row.item).unwrap().trouble.unwrap();
        rows.into_iter().map(row).map(|trouble| format!("{} {}", trouble.reason, trouble.handler)).collect()
    }

    /// What the service finds about itself.
    ///
    /// # Panics
    /// It cannot look.
    #[must_use]
    pub fn findings(&self) -> Findings {
        self.run(self.nodes[0].audit()).unwrap().remove(0).1
    }

    /// What the service answers over HTTP.
    ///
    /// # Panics
    /// The answer breaks off.
    pub fn send(&self, request: Request<Body>) -> Response {
        let routes = self.nodes[0].routes();
        self.run(async move {
            let response = routes.oneshot(request).await.unwrap();
            let status = response.status().as_u16();
            let headers = response.headers().iter();
            let headers = headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()));
            let headers = headers.collect();
            let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
            let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
            Response { status, headers, bytes, body }
        })
    }

    /// What it answers to `GET path`.
    ///
    /// # Panics
    /// `path` is none.
    pub fn get(&self, path: &str) -> Response {
        self.send(Request::get(path).body(Body::empty()).unwrap())
    }
}
