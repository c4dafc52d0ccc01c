//! A stage: one node in a simulated world in which time jumps.

mod broker;

use std::borrow::Cow;
use std::future::Future;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use bus::{Address, Outgoing, Wiring};
use bytes::Bytes;
use contracts::event::Draft;
use contracts::{EventData, EventType, MessageId, Timestamp, TraceParent};
use runtime::due::{self, Due};
use runtime::{Clock, Counts, Entropy, Env, Node, Policy, Ports, Quirks, Service, Spawn, Validation};
use serde::{Deserialize, Serialize};
use store::sim::{JumpingTime, Link, Manners, Rates, Setup, SimTime, World};
use store::{Boxed, Change, Key, Nonce, Outcome, Query, Unit};

use broker::{Broker, DEAD_SUFFIX, Ills};

/// The one service on the stage.
pub(crate) const NAME: &str = "toy";

/// The event that it hears.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Wound {
    pub(crate) toy: String,
}

impl EventData for Wound {
    const NAME: &'static str = "toy.wound";
    const TYPE: &'static str = "shop.banyan.toy.wound.v1";
    const SCHEMA: &'static str = "https://banyan.example/contracts/toy.wound/1.0.0.json";
}

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

/// Tasks that [`Stage::run`] polls beside the test.
#[derive(Clone, Default)]
struct Tasks(Arc<Mutex<Vec<Boxed<'static, ()>>>>);

impl Spawn for Tasks {
    fn spawn(&self, _name: Cow<'static, str>, task: Boxed<'static, ()>) {
        self.0.lock().unwrap().push(task);
    }
}

/// Whatever breaks its contract is a dead letter.
pub(crate) fn policy() -> Policy {
    Policy { validation: Validation::ALL, ..Policy::default() }
}

fn boot(
    (time, tasks): (&JumpingTime, &Tasks),
    (world, link, ills): (&Arc<World>, &Link, &Arc<Mutex<Ills>>),
    service: Service,
    policy: Policy,
) -> Node {
    let env = Env {
        clock: Arc::new(Time(time.clone())),
        spawn: Arc::new(tasks.clone()),
        entropy: Arc::new(Count(AtomicU64::new(1))),
    };
    let bus = bus::sim::SimBus::handle(world, link);
    let store = world.store(link);
    let fused = store.caps().fused;
    let ports = Ports {
        store,
        bus: if fused { bus } else { Arc::new(Broker { bus, time: time.clone(), ills: ills.clone() }) },
        blobs: world.blobs(link),
        env,
        quirks: Quirks::default(),
    };
    let mut wiring = Wiring::default();
    wiring.queues.insert(NAME.to_owned());
    wiring.queues.extend((!fused).then(|| format!("{NAME}{DEAD_SUFFIX}")));
    wiring.subscribers.insert(EventType::of::<Wound>(), [NAME.to_owned()].into());
    for kind in service.handled_events() {
        wiring.subscribers.insert(kind.parse().unwrap(), [NAME.to_owned()].into());
    }
    time.run(Node::start(vec![service], ports, policy, wiring)).unwrap().unwrap()
}

pub(crate) struct Stage {
    time: JumpingTime,
    tasks: Tasks,
    pub(crate) world: Arc<World>,
    link: Link,
    ills: Arc<Mutex<Ills>>,
    pub(crate) node: Node,
}

impl Stage {
    pub(crate) fn with(service: Service) -> Self {
        Self::on(service, policy(), None)
    }

    /// With a bus that takes no longer messages than `message_bytes`.
    pub(crate) fn on(service: Service, policy: Policy, message_bytes: Option<usize>) -> Self {
        Self::of(service, policy, message_bytes, (true, Manners::Embedded))
    }

    /// On a broker that has a dead queue of its own.
    pub(crate) fn on_broker(service: Service) -> Self {
        Self::of(service, policy(), None, (false, Manners::RabbitQuorum))
    }

    fn of(
        service: Service,
        policy: Policy,
        message_bytes: Option<usize>,
        (fused, manners): (bool, Manners),
    ) -> Self {
        let time = JumpingTime::starting_at(Timestamp::from_micros(1_700_000_000_000_000));
        let setup = Setup { seed: 1, rates: Rates::NONE, fused, manners };
        let world = World::new(Arc::new(time.clone()), &setup);
        message_bytes.into_iter().for_each(|bytes| world.limit_messages(bytes));
        let (tasks, link, ills) = (Tasks::default(), world.link(), Arc::default());
        let node = boot((&time, &tasks), (&world, &link, &ills), service, policy);
        Self { time, tasks, world, link, ills, node }
    }

    /// The process ends without a word, and another one takes its place.
    pub(crate) fn restart(&mut self, service: Service) {
        self.world.sever(&self.link);
        self.link = self.world.link();
        self.node = boot((&self.time, &self.tasks), (&self.world, &self.link, &self.ills), service, policy());
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
    pub(crate) fn wait(&self, seconds: u64) {
        self.pass(Duration::from_secs(seconds));
    }

    /// Lets less than a second pass, or more.
    pub(crate) fn pass(&self, by: Duration) {
        self.run(self.time.sleep(by));
    }

    /// Ends when so much time has passed, for what runs beside something else.
    pub(crate) fn sleep(&self, seconds: u64) -> Boxed<'static, ()> {
        self.time.sleep(Duration::from_secs(seconds))
    }

    /// What is wrong with the broker, where there is one.
    pub(crate) fn ills(&self) -> MutexGuard<'_, Ills> {
        self.ills.lock().unwrap()
    }

    /// Publishes that `toy` was wound up, and does not wait. Equal lanes are handled one after another.
    pub(crate) fn wind(&self, toy: &str, lane: &str) {
        let (id, body) = self.wound(toy, lane);
        self.send(id, lane, body);
    }

    /// The event that `toy` was wound up.
    pub(crate) fn wound(&self, toy: &str, lane: &str) -> (MessageId, Bytes) {
        let id = MessageId::named(&[toy]);
        let draft = Draft {
            id,
            service: "child",
            kind: Wound::TYPE,
            schema: Some(Wound::SCHEMA),
            subject: toy,
            time: self.time.now(),
            trace: TraceParent::root(id),
            lane,
            sequence: None,
            correlation: None,
            cause: id,
        };
        (id, Bytes::from(draft.encode(&Wound { toy: toy.to_owned() }).unwrap()))
    }

    /// Puts bytes into the service's queue.
    pub(crate) fn send(&self, id: MessageId, lane: &str, body: Bytes) {
        let address = Address::Topic(EventType::of::<Wound>());
        self.world.publish(&self.link, &[Outgoing { id, address, lane: lane.to_owned(), attempt: 0, body }]);
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.time.now()
    }

    /// Puts bytes where a broker puts what it gives up.
    pub(crate) fn give_up(&self, body: Bytes) {
        let id = MessageId::named(&["given up"]);
        let address = Address::Queue(format!("{NAME}{DEAD_SUFFIX}"));
        self.world.publish(&self.link, &[Outgoing { id, address, lane: String::new(), attempt: 2, body }]);
    }

    /// Rows of the due table: `DUE` or `DEAD`.
    pub(crate) fn rows(&self, index: &'static str) -> Vec<Due> {
        let mut query = Query::new(due::collection(NAME).into_owned(), index, index);
        query.limit = 500;
        let rows = self.world.with_model(|model| model.query(&query, self.now())).rows;
        rows.into_iter().map(|row| Due::decode(&row.id, &row.item).unwrap()).collect()
    }

    /// Puts `row` in place of the one with its id, behind the service's back.
    pub(crate) fn replace(&self, row: &Due) {
        let key = Key::new(due::collection(NAME), row.id.to_string());
        self.world.with_model(|model| {
            let version = model.read(std::slice::from_ref(&key), self.now())[0].as_ref().unwrap().version;
            let (body, entries) = (row.encode(), row.entries());
            let put = Change::Put { key, version, body, entries, expires: None };
            let unit =
                Unit { now: self.now(), nonce: Nonce(77), record: None, changes: vec![put], settles: None };
            assert_eq!(model.apply(unit), Outcome::Committed);
        });
    }

    /// What the service did.
    pub(crate) fn counts(&self) -> Counts {
        self.node.counts()[0].1
    }

    /// Messages that wait or are in hand.
    pub(crate) fn queued(&self) -> u64 {
        self.world.inspect(&self.link).unwrap().into_iter().map(|(_, waiting, taken)| waiting + taken).sum()
    }
}
