//! One simulated world from its first step to its verdict.

mod crash_loop;
mod deploy;
mod settle;
mod trouble;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bus::sim::SimBus;
use contracts::Timestamp;
use runtime::{Node, Policy, Ports, Validation};
use store::sim::Setup;

use crate::caller::{Caller, House, Open};
use crate::check;
use crate::director::{Director, Owner, Step, WorldTime};
use crate::faults::{self, Plan};
use crate::process::Life;
use crate::scenario::Scenario;
use crate::watch::{Watch, WatchedBlobs, WatchedBus, WatchedStore};
use crash_loop::CrashLoop;
use settle::Look;
use trouble::Trouble;

/// What came of one world.
#[derive(Debug, Clone, Default)]
pub struct Ending {
    /// What it was made from.
    pub seed: u64,
    /// What must hold and does not; empty = all well.
    pub violations: Vec<String>,
    /// How often each kind of fault was injected.
    pub faults: BTreeMap<&'static str, u64>,
    /// How things ended, by name.
    pub ends: BTreeMap<&'static str, u64>,
    /// Which service published which type of event.
    pub said: BTreeSet<(String, String)>,
    /// Where crashes hit: the name of the task, and how often it had been polled.
    pub crash_points: BTreeSet<(String, u32)>,
    /// Polls of tasks.
    pub steps: u64,
    /// How long the world lasted, on its own clock.
    pub lasted: Duration,
    /// The trace: the same seed gives the same.
    pub hash: u64,
    /// The history, if it was asked for.
    pub lines: Vec<String>,
}

/// What happens to a process at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    /// It starts again.
    Restart(usize),
    /// It runs on.
    Resume(usize),
    /// It gets the next build.
    Roll(usize),
    /// It had its time to drain, in its n-th life.
    Kill(usize, u32),
}

/// One simulated world.
pub struct World {
    plan: Plan,
    scenario: Arc<dyn Scenario>,
    director: Director,
    house: Arc<House>,
    lives: Vec<Living>,
    /// For each process, whether its next life is of the next build.
    is_new: Vec<bool>,
    /// For each process, whether it went back to the last build once.
    went_back: Vec<bool>,
    events: BTreeMap<(Timestamp, u64), Event>,
    last_event: u64,
    rng: fastrand::Rng,
    trouble: Trouble,
    crash_loop: Option<CrashLoop>,
    looks: Vec<Look>,
    steps: u64,
    crash_points: BTreeSet<(String, u32)>,
    ends: BTreeMap<&'static str, u64>,
    said: BTreeSet<(String, String)>,
}

/// A process, up or down.
struct Living {
    /// `None` while it is down.
    life: Option<Life>,
    lives: u32,
    /// The task that drains it, if it is asked to stop.
    is_draining: bool,
}

/// Steps in which things go wrong, at most.
const CHAOS_STEPS: u64 = 60_000;

impl World {
    /// The world of `plan`, with `scenario` played in it.
    #[must_use]
    pub fn new(plan: Plan, scenario: Arc<dyn Scenario>, told: bool) -> Self {
        let director = Director::new(plan.seed ^ 0xd1ec, crate::start());
        let time = director.time().clone();
        let setup =
            Setup { seed: plan.seed ^ 0xbacc, rates: plan.rates, fused: plan.fused, manners: plan.manners };
        let backend = store::sim::World::new(Arc::new(WorldTime(time.clone())), &setup);
        plan.message_bytes.into_iter().for_each(|bytes| backend.limit_messages(bytes));
        plan.forced.iter().for_each(|fault| backend.force(*fault));
        let watch = Watch::new(time, told, &plan, backend.max_message_bytes());
        watch.tell(None, || format!("seed {}: {}", plan.seed, plan.told()));
        let lives =
            (0..plan.processes).map(|_| Living { life: None, lives: 0, is_draining: false }).collect();
        Self {
            house: House::new(backend, watch, plan.seed ^ 0xca11, plan.processes),
            trouble: Trouble::new(&plan),
            crash_loop: CrashLoop::of(&plan),
            looks: settle::looks(&scenario.wiring().queues),
            rng: fastrand::Rng::with_seed(plan.seed ^ 0x07d),
            is_new: vec![plan.deploys == 0; plan.processes],
            went_back: vec![plan.deploys == 0; plan.processes],
            plan,
            scenario,
            director,
            lives,
            events: BTreeMap::new(),
            last_event: 0,
            steps: 0,
            crash_points: BTreeSet::new(),
            ends: BTreeMap::new(),
            said: BTreeSet::new(),
        }
    }

    /// Plays the scenario: first with everything that can go wrong, then without, until nothing is left to do.
    #[must_use]
    pub fn run(mut self) -> Ending {
        // Thousands of simulated crashes are nothing that a person should look at.
        let _silence = tracing::subscriber::set_default(tracing::subscriber::NoSubscriber::new());
        for process in 0..self.plan.processes {
            self.boot(process);
        }
        let caller = Caller(self.house.clone());
        for task in self.scenario.callers(&caller) {
            caller.start(task);
        }
        self.chaos();
        self.crash_after_all();
        self.calm();
        let mut violations = check::all(&mut self);
        violations.extend(std::mem::take(&mut self.house.watch.log().violations));
        self.ending(violations)
    }

    fn ending(self, violations: Vec<String>) -> Ending {
        let mut counts: BTreeMap<&'static str, u64> = faults::OWN.into_iter().map(|name| (name, 0)).collect();
        counts.extend(self.house.backend.counts());
        for (name, count) in self.scenario.faults() {
            *counts.entry(name).or_default() += count;
        }
        let watched = std::mem::take(&mut self.house.watch.log().counts);
        for (name, count) in watched {
            *counts.entry(name).or_default() += count;
        }
        // A crash leaves no open door behind, so that what processes and the world share can go.
        let open = std::mem::take(&mut *self.house.open());
        drop(open);
        Ending {
            seed: self.plan.seed,
            violations,
            faults: counts,
            ends: self.ends,
            said: self.said,
            crash_points: self.crash_points,
            steps: self.steps,
            lasted: self.house.time.now().since(crate::start()),
            hash: self.house.watch.trace.hash(),
            lines: self.house.watch.trace.take_lines(),
        }
    }

    fn chaos(&mut self) {
        let until = crate::start().plus(self.plan.chaos);
        while self.steps < CHAOS_STEPS && self.house.time.now() < until {
            self.happen();
            self.make_trouble();
            if !self.step() && !self.advance() {
                return;
            }
        }
    }

    /// Polls one task; `false` when none is ready.
    fn step(&mut self) -> bool {
        let Some(step) = self.director.step() else { return false };
        self.steps += 1;
        let now = self.house.time.now().as_micros().unsigned_abs();
        self.house.watch.trace.fold(&[
            step.task << 1 | u64::from(step.has_ended),
            u64::from(step.polls),
            now,
        ]);
        self.after(&step);
        true
    }

    fn after(&mut self, step: &Step) {
        let Owner::Process(process) = step.owner else { return };
        if step.has_ended {
            if self.lives[process].is_draining {
                self.look_whether_drained(process);
            }
        } else if !self.kill_again(process, step) {
            self.maybe_crash(process, step);
        }
    }

    /// Starts a process: its services are made anew, and it keeps trying until the bus takes its declaration.
    fn boot(&mut self, process: usize) {
        let backend = self.house.backend.clone();
        let place = (process, self.build_of(process));
        let life = Life::new(place, backend.link(), self.house.time.clone(), self.rng.u64(..));
        let living = &mut self.lives[process];
        *living = Living { life: Some(life.clone()), lives: living.lives + 1, is_draining: false };
        self.skew(&life);
        self.house.watch.tell(Some(process), || "starts".to_owned());
        let ports = Ports {
            store: Arc::new(WatchedStore {
                inner: backend.store(life.link()),
                watch: self.house.watch.clone(),
                process,
            }),
            bus: Arc::new(WatchedBus {
                inner: SimBus::handle(&backend, life.link()),
                watch: self.house.watch.clone(),
                process,
            }),
            blobs: Arc::new(WatchedBlobs {
                inner: backend.blobs(life.link()),
                watch: self.house.watch.clone(),
                process,
            }),
            env: life.env(),
            quirks: self.scenario.quirks(),
        };
        let policy = Policy {
            in_flight: self.plan.in_flight,
            sweep_every: self.plan.sweep_every,
            later_every: self.plan.later_every,
            validation: Validation::ALL,
            emission: self.scenario.emission(&life),
            ..Policy::default()
        };
        let (scenario, house) = (self.scenario.clone(), self.house.clone());
        let start = start(scenario, house, life.clone(), ports, policy);
        life.start("boot", Box::pin(start));
    }

    /// Fires the events of processes that are due.
    fn happen(&mut self) {
        let now = self.house.time.now();
        while let Some(next) = self.events.first_entry().filter(|next| next.key().0 <= now) {
            match next.remove() {
                Event::Restart(process) => self.boot(process),
                Event::Resume(process) => self.resume(process),
                Event::Roll(process) => self.roll(process),
                Event::Kill(process, life) => {
                    if self.lives[process].lives == life && self.lives[process].is_draining {
                        self.stop_for_a_while(process);
                    }
                }
            }
        }
    }

    fn at(&mut self, when: Timestamp, event: Event) {
        self.last_event += 1;
        self.events.insert((when, self.last_event), event);
    }

    pub(crate) fn scenario(&self) -> &Arc<dyn Scenario> {
        &self.scenario
    }

    pub(crate) fn house(&self) -> &Arc<House> {
        &self.house
    }

    /// What processes are still doing although nothing is left to do.
    pub(crate) fn stuck_work(&self) -> Vec<String> {
        let stuck = (0..self.plan.processes).flat_map(|process| {
            let work = self.director.work_of(Owner::Process(process));
            work.into_iter().map(move |name| format!("process {process} never ends {name}"))
        });
        let callers = self.is_busy().then(|| "a caller is still waiting".to_owned());
        stuck.chain(callers).collect()
    }

    pub(crate) fn ended(&mut self, ends: Vec<(&'static str, u64)>, said: BTreeSet<(String, String)>) {
        self.ends.extend(ends);
        self.said = said;
    }

    fn is_busy(&self) -> bool {
        self.house.busy.load(Ordering::Relaxed) > 0
    }
}

/// How long a process waits before it declares again.
const DECLARE_AGAIN: Duration = Duration::from_millis(500);

async fn start(scenario: Arc<dyn Scenario>, house: Arc<House>, life: Life, ports: Ports, policy: Policy) {
    loop {
        let services = scenario.services(&life);
        let names: Vec<&'static str> = services.iter().map(runtime::Service::name).collect();
        for service in &services {
            house.watch.handles(service.name(), service.handled_events());
        }
        let started = Node::start(services, ports.clone(), policy.clone(), scenario.wiring_of(&life)).await;
        if let Ok(node) = started {
            let routes = names.iter().filter_map(|name| Some((*name, node.routes_of(name)?))).collect();
            let process = life.process();
            let open = Open { life, node: Arc::new(node), services: names, routes };
            house.open()[process] = Some(open);
            return;
        }
        life.wait(DECLARE_AGAIN).await;
    }
}
