//! What goes wrong with processes and messages, by seed: crashes aimed at the middle of work, pauses, isolation,
//! rolling restarts, poison.

use std::time::Duration;

use bytes::Bytes;
use contracts::EventType;
use contracts::event::Draft;
use contracts::{MessageId, TraceParent};
use store::sim::Manners;

use super::{Event, World};
use crate::caller::Caller;
use crate::director::{Owner, Step};
use crate::faults::{CRASH, DRAIN, ISOLATED, PAUSE, Plan, SKEW, UNDECODABLE, UNKNOWN_TYPE, WRONG_BODY};
use crate::process::Life;

/// What is still to go wrong.
pub(super) struct Trouble {
    crashes: u32,
    until_crash: u32,
    left: Vec<Kind>,
    until_next: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Pause,
    Isolate,
    Drain,
    Deploy,
    Poison,
}

/// A process is down, paused or isolated for at most this long, mostly much shorter.
const DOWN: Duration = Duration::from_secs(180);
/// A process that drains is killed after this time, as Kubernetes does by default (terminationGracePeriodSeconds).
const GRACE: Duration = Duration::from_secs(30);
/// Polls beyond which crash points are not told apart: loops are polled for ever.
const POLLS: u32 = 64;

impl Trouble {
    pub(super) fn new(plan: &Plan) -> Self {
        let many = |kind, n: u32| std::iter::repeat_n(kind, n as usize);
        let left = many(Kind::Pause, plan.pauses)
            .chain(many(Kind::Isolate, if plan.fused { 0 } else { plan.isolations }))
            .chain(many(Kind::Drain, plan.drains))
            .chain(many(Kind::Deploy, plan.deploys))
            .chain(many(Kind::Poison, plan.poison))
            .collect();
        let mut rng = fastrand::Rng::with_seed(plan.seed ^ 0x7b0b);
        Self {
            crashes: plan.crashes,
            until_crash: rng.u32(1..=2 * plan.crash_every),
            left,
            until_next: rng.u32(1..=2 * plan.trouble_every),
        }
    }

    /// Nothing more goes wrong.
    pub(super) fn calm(&mut self) {
        self.crashes = 0;
        self.left.clear();
    }
}

impl World {
    /// Pauses, isolates, restarts or poisons something, when it is time.
    pub(super) fn make_trouble(&mut self) {
        self.trouble.until_next -= 1;
        if self.trouble.until_next > 0 {
            return;
        }
        self.trouble.until_next = self.rng.u32(1..=2 * self.plan.trouble_every);
        if self.trouble.left.is_empty() {
            return;
        }
        let kind = self.trouble.left.swap_remove(self.rng.usize(..self.trouble.left.len()));
        let process = self.rng.usize(..self.plan.processes);
        match kind {
            Kind::Pause => self.pause(process),
            Kind::Isolate => self.isolate(process),
            Kind::Drain => self.drain(process),
            Kind::Deploy => self.deploy(process),
            Kind::Poison => self.poison(),
        }
    }

    /// Crashes a process where `step` left one of its tasks waiting, if it is time.
    pub(super) fn maybe_crash(&mut self, process: usize, step: &Step) {
        // Loops are polled more often than everything else together.
        if self.trouble.crashes == 0 || (step.is_loop && !self.rng.u8(..).is_multiple_of(16)) {
            return;
        }
        self.trouble.until_crash -= 1;
        if self.trouble.until_crash > 0 {
            return;
        }
        self.trouble.until_crash = self.rng.u32(1..=2 * self.plan.crash_every);
        let name = self.director.name_of(step.task).unwrap_or("ended").to_owned();
        self.crash(process, name, step.polls);
    }

    /// Crashes a process now, if crashes were planned and none has come: things went well too early.
    pub(super) fn crash_after_all(&mut self) {
        if self.trouble.crashes == self.plan.crashes && self.trouble.crashes > 0 {
            let up: Vec<usize> =
                (0..self.plan.processes).filter(|process| self.lives[*process].life.is_some()).collect();
            let process = self.rng.choice(up).unwrap_or_else(|| {
                self.boot(0);
                0
            });
            self.crash(process, "nothing".to_owned(), 0);
        }
    }

    fn crash(&mut self, process: usize, during: String, polls: u32) {
        self.trouble.crashes -= 1;
        self.house.watch.tell(Some(process), || format!("crashes in {during} at poll {polls}"));
        self.crash_points.insert((during, polls.min(POLLS)));
        self.house.watch.count(CRASH);
        self.stop_for_a_while(process);
    }

    /// Ends the life of a process, which starts again some time later.
    pub(super) fn stop_for_a_while(&mut self, process: usize) {
        let down = self.up_to(DOWN);
        self.stop(process, down);
    }

    /// Ends the life of a process: first it is cut off from everything, then it is dropped, so that nothing Drop
    /// does is seen. It starts again when it was `down` for so long.
    pub(super) fn stop(&mut self, process: usize, down: Duration) {
        let Some(life) = self.lives[process].life.take() else { return };
        self.lives[process].is_draining = false;
        #[cfg(feature = "planted-bugs")]
        if self.scenario.quirks().has(runtime::Bug::DropReleasesAtCrash) {
            self.house.backend.acknowledge_all(life.link());
        }
        self.house.backend.sever(life.link());
        let open = self.house.open()[process].take();
        self.director.kill(process);
        drop(open);
        self.house.watch.tell(Some(process), || format!("is down for {down:?}"));
        self.at(self.house.time.now().plus(down), Event::Restart(process));
    }

    fn pause(&mut self, process: usize) {
        let Some(life) = self.lives[process].life.clone() else { return };
        if self.director.is_paused(process) {
            return;
        }
        let how_long = self.up_to(DOWN);
        self.house.watch.count(PAUSE);
        self.house.watch.tell(Some(process), || format!("is paused for {how_long:?}"));
        self.director.pause(process);
        if self.plan.manners != Manners::Embedded {
            self.house.backend.stall(life.link());
        }
        self.at(self.house.time.now().plus(how_long), Event::Resume(process));
    }

    pub(super) fn resume(&mut self, process: usize) {
        self.director.resume(process);
        self.house.watch.tell(Some(process), || "goes on".to_owned());
        if let Some(life) = self.lives[process].life.clone() {
            self.skew(&life);
        }
    }

    fn isolate(&mut self, process: usize) {
        let Some(life) = self.lives[process].life.clone() else { return };
        let how_long = self.up_to(DOWN);
        self.house.watch.count(ISOLATED);
        self.house.watch.tell(Some(process), || format!("is isolated for {how_long:?}"));
        self.house.backend.isolate(life.link(), how_long);
    }

    pub(super) fn drain(&mut self, process: usize) {
        let node = self.house.open()[process].as_ref().map(|open| open.node.clone());
        let (Some(node), Some(life)) = (node, self.lives[process].life.clone()) else { return };
        if self.lives[process].is_draining {
            return;
        }
        self.house.watch.count(DRAIN);
        self.house.watch.tell(Some(process), || "is asked to stop".to_owned());
        self.lives[process].is_draining = true;
        life.start("drain", Box::pin(async move { node.drain().await }));
        let grace = Event::Kill(process, self.lives[process].lives);
        self.at(self.house.time.now().plus(GRACE), grace);
    }

    /// A process that drained has nothing left but answers to callers.
    pub(super) fn look_whether_drained(&mut self, process: usize) {
        let tasks = self.director.tasks_of(Owner::Process(process));
        if tasks.contains(&"drain") {
            return;
        }
        let left: Vec<String> =
            tasks.into_iter().filter(|name| !name.ends_with(".http")).map(str::to_owned).collect();
        if !left.is_empty() {
            self.house.watch.violated(format!("a drained process is still doing {}", left.join(", ")));
        }
        self.stop_for_a_while(process);
    }

    fn poison(&mut self) {
        let wiring = self.scenario.wiring();
        let mut draw = self.rng.fork();
        let kinds: Vec<(&EventType, &String)> = wiring
            .subscribers
            .iter()
            .flat_map(|(kind, queues)| queues.iter().map(move |q| (kind, q)))
            .collect();
        let Some((kind, queue)) = kinds.get(draw.usize(..kinds.len().max(1))) else { return };
        let number = draw.u64(..);
        let (fault, body) = match draw.u8(0..5) {
            0 => (UNDECODABLE, Bytes::from(format!("\u{7f}{number:x}"))),
            1 => (UNDECODABLE, Bytes::from(number.to_be_bytes().to_vec())),
            2 => (UNKNOWN_TYPE, wrong("shop.banyan.mystery.happened.v1", number)),
            3 => (UNKNOWN_TYPE, wrong(&format!("{}.v9", kind.family()), number)),
            _ => (WRONG_BODY, wrong(kind.as_str(), number)),
        };
        self.house.watch.count(fault);
        self.house.watch.tell(None, || format!("poison for {queue}: {}", String::from_utf8_lossy(&body)));
        Caller(self.house.clone()).poison(queue, body);
    }

    /// Sets the clock of a process wrong, if this world does that.
    pub(super) fn skew(&mut self, life: &Life) {
        let most = i64::try_from(self.plan.skew.as_micros()).unwrap_or(0);
        if most > 0 {
            life.set_skew(self.rng.i64(-most..=most));
            self.house.watch.count(SKEW);
        }
    }

    /// A duration up to `most`, mostly much shorter.
    pub(super) fn up_to(&mut self, most: Duration) -> Duration {
        let micros = u64::try_from(most.as_micros()).unwrap_or(u64::MAX) >> self.rng.u32(0..12);
        Duration::from_micros(self.rng.u64(0..=micros))
    }
}

/// An event whose body is nothing that anybody promised.
fn wrong(kind: &str, number: u64) -> Bytes {
    let id = MessageId::named(&["wrong", kind, &number.to_string()]);
    let draft = Draft {
        id,
        service: "stranger",
        kind,
        schema: None,
        subject: "stranger",
        time: crate::start(),
        trace: TraceParent::root(id),
        lane: &format!("stranger-{}", number % 4),
        sequence: None,
        correlation: None,
        cause: id,
    };
    draft.encode(&number).map(Bytes::from).unwrap_or_default()
}
