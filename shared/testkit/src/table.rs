//! One table for every handler of every service: the happy path, the same message twice, a failure before the commit,
//! a poison message.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bus::Wiring;
use bytes::Bytes;
use contracts::{Envelope, MessageId};
use runtime::Service;
use store::sim::Fault;
use store::{Address, Boxed};

use crate::caller::{Ask, Caller};
use crate::faults::Plan;
use crate::process::Life;
use crate::scenario::{Scenario, Settled};
use crate::world::World;

/// A message that one service handles, and what must have happened before.
#[derive(Debug, Clone)]
pub struct Example {
    /// What happens first, one after another.
    pub before: Vec<Before>,
    /// The message.
    pub event: Bytes,
}

/// Something that happens before.
#[derive(Debug, Clone)]
pub enum Before {
    /// A message comes.
    Message(Bytes),
    /// Somebody asks for something.
    Ask(Ask),
}

/// Makes one service, the same every time.
pub type Make = Arc<dyn Fn(&Life) -> Service + Send + Sync>;

/// A service and how to make it.
#[derive(Clone)]
pub struct Subject {
    /// Its name, which is its queue's.
    pub name: &'static str,
    /// Who subscribes to what; the other services are not there.
    pub wiring: Wiring,
    /// Makes it.
    pub make: Make,
}

/// Proves every example of one service.
///
/// Answers what does not hold, one sentence each; also when a handled event has no example.
#[must_use]
pub fn prove(subject: &Subject, examples: &[Example]) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut shown = BTreeSet::new();
    for example in examples {
        match Envelope::decode(&example.event) {
            Ok(event) => {
                shown.insert(event.kind.to_string());
                wrong.extend(
                    prove_one(subject, example).into_iter().map(|what| format!("{}: {what}", event.kind)),
                );
            }
            Err(error) => wrong.push(format!("an example is no event: {error}")),
        }
    }
    let handled = Arc::new(Mutex::new(Vec::new()));
    play(subject, &[], Act::Nothing, &handled);
    let handled: BTreeSet<&str> = lock(&handled).iter().copied().collect();
    wrong.extend(
        handled
            .into_iter()
            .filter(|kind| !shown.contains(*kind))
            .map(|kind| format!("{kind}: there is no example; add one to the list of this test")),
    );
    wrong
}

/// How the message comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Act {
    Nothing,
    Once,
    Twice,
    /// The first commit meets this fault.
    Fails(Fault),
    /// Its body is not what its type promises.
    Poison,
    /// First so, then as it should be.
    PoisonThenOnce,
}

/// What is left in the end, as far as it may not depend on how often something was tried.
#[derive(Debug, Default, PartialEq, Eq)]
struct Left {
    violations: Vec<String>,
    keys: BTreeSet<(String, String)>,
    counters: BTreeMap<(String, String), Bytes>,
    sent: BTreeSet<(MessageId, Address)>,
    dead: Vec<MessageId>,
}

fn prove_one(subject: &Subject, example: &Example) -> Vec<String> {
    let handled = Arc::default();
    let ends = |act| play(subject, std::slice::from_ref(example), act, &handled);
    let (nothing, once) = (ends(Act::Nothing), ends(Act::Once));
    let mut wrong = Vec::new();
    let mut same = |how: &str, left: &Left, as_if: &Left| {
        wrong.extend(left.violations.iter().map(|violation| format!("{how}: {violation}")));
        let differs = difference(left, as_if);
        if !differs.is_empty() {
            wrong.push(format!("{how} leaves something else: {}", differs.join(", ")));
        }
    };
    same("handled once", &once, &once);
    if nothing.keys == once.keys {
        same("never handled", &nothing, &Left::default());
    }
    same("the same message twice", &ends(Act::Twice), &once);
    for fault in
        [Fault::Conflict, Fault::UnknownLost, Fault::UnknownApplied, Fault::Unreachable, Fault::Throttled]
    {
        same(&format!("{} before the commit", fault.name()), &ends(Act::Fails(fault)), &once);
    }
    let id = Envelope::decode(&example.event).map(|event| event.message_id());
    let dead: Vec<MessageId> = id.into_iter().collect();
    same("a poison message", &ends(Act::Poison), &Left { dead: dead.clone(), ..nothing });
    same("a poison message and then the real one", &ends(Act::PoisonThenOnce), &Left { dead, ..once });
    wrong
}

/// In what two ends differ, in words.
fn difference(left: &Left, other: &Left) -> Vec<String> {
    let mut words = Vec::new();
    words.extend(left.keys.symmetric_difference(&other.keys).map(|(of, id)| format!("{of}/{id}")));
    words.extend(
        left.sent.symmetric_difference(&other.sent).map(|(id, to)| format!("message {id} to {to:?}")),
    );
    for (key, fields) in &left.counters {
        if other.counters.get(key).is_some_and(|other| other != fields) {
            words.push(format!("counter {}/{}", key.0, key.1));
        }
    }
    if left.dead != other.dead {
        words.push(format!("dead letters {:?}, not {:?}", left.dead, other.dead));
    }
    words
}

fn play(subject: &Subject, examples: &[Example], act: Act, handled: &Arc<Mutex<Vec<&'static str>>>) -> Left {
    let bench = Arc::new(Bench {
        name: subject.name,
        wiring: subject.wiring.clone(),
        make: subject.make.clone(),
        examples: examples.to_vec(),
        act,
        handled: handled.clone(),
        left: Mutex::default(),
    });
    let violations = World::new(Plan::calm(1), bench.clone(), false).run().violations;
    let left = std::mem::take(&mut *lock(&bench.left));
    Left { violations, ..left }
}

/// One service alone in a calm world.
struct Bench {
    name: &'static str,
    wiring: Wiring,
    make: Make,
    examples: Vec<Example>,
    act: Act,
    handled: Arc<Mutex<Vec<&'static str>>>,
    left: Mutex<Left>,
}

/// Longer than anything takes that is not put off for later.
const A_WHILE: Duration = Duration::from_secs(10);

impl Scenario for Bench {
    fn wiring(&self) -> Wiring {
        let mut wiring = self.wiring.clone();
        wiring.queues.retain(|queue| queue == self.name);
        for queues in wiring.subscribers.values_mut() {
            queues.retain(|queue| queue == self.name);
        }
        wiring
    }

    fn services(&self, life: &Life) -> Vec<Service> {
        let service = (self.make)(life);
        lock(&self.handled).extend_from_slice(service.handled_events());
        vec![service]
    }

    fn callers(&self, caller: &Caller) -> Vec<Boxed<'static, ()>> {
        let (name, act, examples) = (self.name, self.act, self.examples.clone());
        vec![Box::pin(script(caller.clone(), name, act, examples))]
    }

    fn check(&self, settled: &Settled<'_>) -> Vec<String> {
        *lock(&self.left) = left(settled);
        Vec::new()
    }
}

async fn script(caller: Caller, name: &'static str, act: Act, examples: Vec<Example>) {
    caller.wait(A_WHILE).await;
    for Example { before, event } in examples {
        for step in before {
            match step {
                Before::Message(body) => caller.hand(name, body),
                Before::Ask(ask) => drop(caller.insist(&ask).await),
            }
            caller.wait(A_WHILE).await;
        }
        match act {
            Act::Nothing => {}
            Act::Once => caller.hand(name, event),
            Act::Twice => {
                caller.hand(name, event.clone());
                caller.hand(name, event);
            }
            Act::Fails(fault) => {
                caller.force(fault);
                caller.hand(name, event);
            }
            Act::Poison => caller.poison(name, spoiled(&event)),
            Act::PoisonThenOnce => {
                caller.poison(name, spoiled(&event));
                caller.wait(A_WHILE).await;
                caller.hand(name, event);
            }
        }
    }
}

/// The same envelope around a body that is nothing that its type promises.
fn spoiled(event: &Bytes) -> Bytes {
    let body = Envelope::decode(event).ok().and_then(|event| serde_json::to_vec(&event.with_data(1)).ok());
    body.map(Bytes::from).unwrap_or_default()
}

fn left(settled: &Settled<'_>) -> Left {
    let mut left = Left { sent: settled.sent.clone(), ..Left::default() };
    left.dead = settled.dead.iter().map(|(_, row)| row.id).collect();
    let picture = settled.backend.with_model(|model| model.snapshot(settled.now));
    let own = |of: &str| !of.ends_with(".due") && !of.ends_with(".start");
    for collection in picture.collections().filter(|of| own(of)) {
        crate::check::each(settled.backend, collection, |id, item| {
            let key = (collection.to_owned(), id.to_owned());
            if serde_json::from_slice::<BTreeMap<String, i64>>(&item.body).is_ok() {
                left.counters.insert(key.clone(), item.body.clone());
            }
            if !id.starts_with("sweep-") {
                left.keys.insert(key);
            }
        });
    }
    left
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
