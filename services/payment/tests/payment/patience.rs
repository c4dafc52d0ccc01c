//! The service with a provider that never says what one wants to hear: every question ends, and is for a person at last.

use std::borrow::Cow;
use std::path::Path;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bus::{Address, Outgoing, Wiring};
use contracts::{Envelope, Timestamp};
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, ready};
use payment::domain::{LOOKS, TRIES};
use payment::gateway::{Evidence, Gateway, Operation, ProviderKey, Reference, Told, Unavailable, Why};
use runtime::{Clock, Entropy, Env, Node, Policy, Ports, Quirks, Spawn};
use store::Boxed;
use store::sim::{JumpingTime, Link, Manners, Rates, Setup, SimTime, World};

/// Says the same always, once for what is done and once for what is asked, and counts.
struct Provider {
    done: Evidence,
    asked: Evidence,
    does: AtomicU64,
    looks: AtomicU64,
}

impl Gateway for Provider {
    fn execute<'a>(&'a self, _: &'a Operation) -> BoxFuture<'a, Result<Evidence, Unavailable>> {
        self.does.fetch_add(1, Ordering::Relaxed);
        ready(Ok(self.done.clone())).boxed()
    }

    fn query<'a>(&'a self, _: &'a ProviderKey) -> BoxFuture<'a, Result<Evidence, Unavailable>> {
        self.looks.fetch_add(1, Ordering::Relaxed);
        ready(Ok(self.asked.clone())).boxed()
    }

    fn told(&self, _: &[u8]) -> Option<Vec<Told>> {
        None
    }
}

impl Provider {
    fn calls(&self) -> (u64, u64) {
        (self.does.load(Ordering::Relaxed), self.looks.load(Ordering::Relaxed))
    }
}

/// Time, dice and tasks of the service.
#[derive(Clone)]
struct Around {
    time: JumpingTime,
    tasks: Arc<Mutex<Vec<Boxed<'static, ()>>>>,
    drawn: Arc<AtomicU64>,
}

impl Clock for Around {
    fn now(&self) -> Timestamp {
        self.time.now()
    }

    fn sleep(&self, duration: Duration) -> Boxed<'static, ()> {
        self.time.sleep(duration)
    }
}

impl Spawn for Around {
    fn spawn(&self, _: Cow<'static, str>, task: Boxed<'static, ()>) {
        self.tasks.lock().unwrap().push(task);
    }
}

impl Entropy for Around {
    fn next_u64(&self) -> u64 {
        self.drawn.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed)
    }
}

struct Till {
    around: Around,
    world: Arc<World>,
    link: Link,
    node: Node,
    provider: Arc<Provider>,
}

impl Till {
    fn with(done: Evidence, asked: Evidence) -> Self {
        let zero = || AtomicU64::new(0);
        let provider = Arc::new(Provider { done, asked, does: zero(), looks: zero() });
        let time = JumpingTime::starting_at(Timestamp::from_micros(1_700_000_000_000_000));
        let around = Around { time, tasks: Arc::default(), drawn: Arc::new(AtomicU64::new(1)) };
        let setup = Setup { seed: 1, rates: Rates::NONE, fused: true, manners: Manners::Embedded };
        let world = World::new(Arc::new(around.time.clone()), &setup);
        let link = world.link();
        let parts = Arc::new(around.clone());
        let env = Env { clock: parts.clone(), spawn: parts.clone(), entropy: parts };
        let bus = bus::sim::SimBus::handle(&world, &link);
        let ports = Ports {
            store: world.store(&link),
            bus,
            blobs: world.blobs(&link),
            env,
            quirks: Quirks::default(),
        };
        let service = payment::service(provider.clone(), payment::Config::default());
        let mut wiring = Wiring::default();
        wiring.queues.insert("payment".to_owned());
        for kind in service.handled_events() {
            wiring.subscribers.insert(kind.parse().unwrap(), ["payment".to_owned()].into());
        }
        let start = Node::start(vec![service], ports, Policy::default(), wiring);
        let node = around.time.run(start).unwrap().unwrap();
        Self { around, world, link, node, provider }
    }

    /// Runs `main` with the service beside it.
    fn run<F: Future>(&self, main: F) -> F::Output {
        let mut main = pin!(main);
        let beside = std::future::poll_fn(|cx| {
            let mut tasks = std::mem::take(&mut *self.around.tasks.lock().unwrap());
            tasks.retain_mut(|task| task.as_mut().poll(cx).is_pending());
            let mut spawned = self.around.tasks.lock().unwrap();
            if !spawned.is_empty() {
                cx.waker().wake_by_ref();
            }
            tasks.append(&mut spawned);
            *spawned = tasks;
            drop(spawned);
            main.as_mut().poll(cx)
        });
        self.around.time.run(beside).expect("everything waits for nothing")
    }

    fn wait(&self, how_long: Duration) {
        self.run(self.around.time.sleep(how_long));
    }

    /// Publishes the frozen example of an event, and lets it be handled.
    fn tell(&self, name: &str) {
        let path =
            Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../contracts/examples/{name}.v1.json"));
        let text = std::fs::read(path).unwrap();
        let event = Envelope::decode(&text).unwrap();
        let (id, lane) = (event.message_id(), event.lane().to_owned());
        let address = Address::Topic(event.kind);
        self.world.publish(&self.link, &[Outgoing { id, address, lane, attempt: 0, body: text.into() }]);
        self.wait(Duration::from_millis(500));
    }

    /// An order is placed and its stock reserved.
    fn order(&self) {
        self.tell("order.placed");
        self.tell("stock.reserved");
    }

    /// What the payment's audit says.
    fn fact(&self, name: &str) -> serde_json::Value {
        let mut audits = self.run(self.node.audit()).unwrap();
        let facts = audits.remove(0).1.facts;
        facts["payments"].values().next().unwrap()[name].clone()
    }

    /// Whether the question was given up, so that a person has to look.
    fn has_given_up(&self) -> bool {
        self.fact("trouble") == "unanswered"
    }
}

const DAY: Duration = Duration::from_secs(24 * 3600);
const TWO_DAYS: Duration = Duration::from_secs(48 * 3600);

fn unknown(why: Why) -> Evidence {
    Evidence::Unknown { why }
}

#[test]
fn an_outcome_that_stays_unknown_is_for_a_person_after_a_day() {
    let till = Till::with(unknown(Why::Timeout), unknown(Why::Timeout));
    till.order();
    till.wait(DAY);
    assert!(!till.has_given_up(), "not before");
    till.wait(DAY);
    assert!(till.has_given_up());
    assert_eq!((till.fact("state"), till.fact("asking")), ("unknown".into(), true.into()));
    assert_eq!(till.provider.calls(), (u64::from(TRIES) + 1, 0));
}

#[test]
fn a_reused_key_is_asked_about_and_not_sent_again() {
    let till = Till::with(unknown(Why::KeyReused), unknown(Why::KeyReused));
    till.order();
    till.wait(TWO_DAYS);
    assert_eq!(till.provider.calls(), (1, u64::from(TRIES)));
    assert!(till.has_given_up());
}

#[test]
fn a_void_that_is_refused_for_ever_is_for_a_person_after_a_day() {
    let till = Till::with(Evidence::Refused { code: "no".to_owned() }, Evidence::NotFound);
    till.order();
    assert_eq!(till.provider.calls(), (1, 0), "refused, so declined");
    let till = Till::with(unknown(Why::Timeout), Evidence::NotFound);
    till.order();
    till.tell("order.cancelled");
    till.wait(TWO_DAYS);
    assert!(till.has_given_up());
}

#[test]
fn a_customer_who_never_acts_is_waited_for_a_day() {
    let action = Evidence::ActionRequired {
        reference: Reference::try_from("auth_1".to_owned()).unwrap(),
        action_url: "http://127.0.0.1/act".to_owned(),
        expires_at: None,
    };
    let till = Till::with(action.clone(), action);
    till.order();
    till.wait(TWO_DAYS);
    assert_eq!(till.provider.calls(), (1, u64::from(LOOKS)));
    assert!(till.has_given_up());
    assert_eq!(till.fact("state"), "action_required");
}
