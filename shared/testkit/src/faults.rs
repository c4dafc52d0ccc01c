//! Everything that goes wrong in a simulated world, by name, and how much of it one seed draws.
//!
//! Faults of store and bus live with their models ([`store::sim::Fault`]); here are those of processes, of messages,
//! and the plan of one world.

use std::time::Duration;

use store::sim::{Fault, Manners, Rates};

/// A delivery shows a real message damaged; an operator repairs and redrives it.
pub const DAMAGED: &str = "poison.damaged_and_redriven";
/// Bytes that are no event.
pub const UNDECODABLE: &str = "poison.undecodable";
/// An event of a type that nobody knows.
pub const UNKNOWN_TYPE: &str = "poison.unknown_type";
/// An event of a known type whose body is not what the type promises.
pub const WRONG_BODY: &str = "poison.wrong_body";
/// A process stops in the middle of something, without a word.
pub const CRASH: &str = "node.crash";
/// A process is killed again and again within a second, each time soon after it began to work.
pub const CRASH_LOOP: &str = "node.crash_loop";
/// A process does not run for a while, longer than its leases.
pub const PAUSE: &str = "node.pause";
/// A process reaches neither store nor bus for a while.
pub const ISOLATED: &str = "node.isolated";
/// The clock of a process is wrong.
pub const SKEW: &str = "node.clock_skew";
/// A process is asked to stop, finishes what it has begun, and is started again.
pub const DRAIN: &str = "node.rolling_restart";

/// A message whose data is too large for the bus and goes by claim check: what could go wrong with it then does.
pub const CLAIMED: &str = "message.claimed";

/// A process of the last build is replaced by one of the next.
pub const ROLLED: &str = "deploy.rolled";
/// A process goes back to the last build for a while.
pub const ROLLED_BACK: &str = "deploy.rolled_back";

/// Faults that are not the store's or the bus's.
pub const OWN: [&str; 13] = [
    CLAIMED,
    DAMAGED,
    UNDECODABLE,
    UNKNOWN_TYPE,
    WRONG_BODY,
    CRASH,
    CRASH_LOOP,
    PAUSE,
    ISOLATED,
    SKEW,
    DRAIN,
    ROLLED,
    ROLLED_BACK,
];

/// The names of all faults that this crate and the models under it can inject.
#[must_use]
pub fn names() -> Vec<&'static str> {
    Fault::ALL.into_iter().map(Fault::name).chain(OWN).collect()
}

/// What one world is like and how much goes wrong in it.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Decides everything that is left to chance.
    pub seed: u64,
    /// Whether store and bus are one.
    pub fused: bool,
    /// Which broker the queues behave like.
    pub manners: Manners,
    /// How many processes there are.
    pub processes: usize,
    /// Faults of store and bus.
    pub rates: Rates,
    /// Faults of store and bus that happen at their first chance, whatever their rates.
    pub forced: Vec<Fault>,
    /// Crashes, at most; if there are to be any, there is one at least.
    pub crashes: u32,
    /// Polls between crashes, on average.
    pub crash_every: u32,
    /// After how many polls a crash loop begins, on average; `None`: there is none.
    pub crash_loop_after: Option<u32>,
    /// Pauses, at most.
    pub pauses: u32,
    /// Isolations, at most.
    pub isolations: u32,
    /// Rolling restarts, at most.
    pub drains: u32,
    /// Steps of a rolling deploy: forward where a process is of the last build, else back. 0 = there is no last build.
    pub deploys: u32,
    /// How wrong a clock is at most.
    pub skew: Duration,
    /// Steps between pauses, isolations, restarts and poison, on average.
    pub trouble_every: u32,
    /// Messages that nobody can handle.
    pub poison: u32,
    /// Chances out of a million that a delivery shows a damaged message.
    pub damage_rate: u32,
    /// How long things go wrong, unless everything has settled before.
    pub chaos: Duration,
    /// How often idle sweepers look.
    pub sweep_every: Duration,
    /// How often a message that waits looks by itself.
    pub later_every: Duration,
    /// Messages in one process at a time.
    pub in_flight: usize,
    /// The longest message that the bus takes, in bytes; `None`: as long as it usually may be.
    pub message_bytes: Option<usize>,
}

/// A bus so narrow that most events go by claim check: an envelope without data has about 800 bytes.
const NARROW_BYTES: usize = 1_100;

/// The longest time in which things go wrong.
const CHAOS: Duration = Duration::from_secs(4 * 3600);
/// A clock is wrong by at most this: what time synchronisation keeps up with.
const SKEWED: Duration = Duration::from_secs(5);

/// Kinds of fault of store and bus that each world of a swarm has at least, however short it is.
const FORCED: usize = 4;

/// Some faults that this broker has. A hint can only be missing from a second delivery, which may never come, and blobs
/// are out of reach only for who asks for them.
fn forced(seed: u64, manners: Manners) -> Vec<Fault> {
    let rare = [Fault::HintMissing, Fault::BlobsDown, Fault::BlobsReplyLost, Fault::SlowBlobs];
    let had = |fault: &Fault| manners.have(*fault) && !rare.contains(fault);
    fastrand::Rng::with_seed(seed ^ 0xf0).choose_multiple(Fault::ALL.into_iter().filter(had), FORCED)
}

/// After how many polls of what is no loop a crash loop begins: in one world of four.
fn crash_loop(seed: u64) -> Option<u32> {
    let mut rng = fastrand::Rng::with_seed(seed ^ 0x100);
    (rng.u8(0..4) == 0).then(|| 1 << rng.u32(4..10))
}

impl Plan {
    /// One process on an embedded backend, and nothing goes wrong.
    #[must_use]
    pub fn calm(seed: u64) -> Self {
        Self {
            seed,
            fused: true,
            manners: Manners::Embedded,
            processes: 1,
            rates: Rates::NONE,
            forced: Vec::new(),
            crashes: 0,
            crash_every: 1,
            crash_loop_after: None,
            pauses: 0,
            isolations: 0,
            drains: 0,
            deploys: 0,
            skew: Duration::ZERO,
            trouble_every: 1,
            poison: 0,
            damage_rate: 0,
            chaos: CHAOS,
            sweep_every: Duration::from_secs(1),
            later_every: Duration::from_secs(30),
            in_flight: 256,
            message_bytes: None,
        }
    }

    /// The world of `seed`: each seed draws its own subset of all faults and their rates, so that worlds differ more
    /// from each other than with the same rates everywhere.
    #[must_use]
    pub fn swarm(seed: u64) -> Self {
        let rng = &mut fastrand::Rng::with_seed(seed ^ 0x5eed);
        let (fused, manners) = match rng.u8(0..3) {
            0 => (true, Manners::Embedded),
            1 => (false, Manners::SqsStandard),
            _ => (false, Manners::RabbitQuorum),
        };
        let some = |rng: &mut fastrand::Rng, most: u32| if rng.bool() { rng.u32(1..=most) } else { 0 };
        Self {
            seed,
            fused,
            manners,
            processes: if fused { rng.usize(1..=2) } else { rng.usize(2..=3) },
            rates: Rates::swarm(rng),
            forced: forced(seed, manners),
            // Each world has one at least.
            crashes: some(rng, 4).max(1),
            crash_every: 1 << rng.u32(4..10),
            crash_loop_after: crash_loop(seed),
            pauses: some(rng, 3),
            isolations: some(rng, 2),
            drains: some(rng, 2),
            skew: if rng.bool() { SKEWED } else { Duration::ZERO },
            trouble_every: 1 << rng.u32(6..11),
            poison: some(rng, 3),
            damage_rate: if rng.bool() { rng.u32(1..=20_000) } else { 0 },
            chaos: CHAOS / (1 << rng.u32(0..10)),
            sweep_every: Duration::from_millis(500 << rng.u32(0..5)),
            // Rarely as often as by default: an hour of that is most of a world's steps.
            later_every: Duration::from_secs(*rng.choice(&[30, 300, 900, 900]).unwrap_or(&900)),
            in_flight: *rng.choice(&[1, 2, 8, 256]).unwrap_or(&256),
            message_bytes: (rng.u8(0..4) == 0).then_some(NARROW_BYTES),
            deploys: some(rng, 6),
        }
    }

    /// What this world is like, in one line.
    #[must_use]
    pub fn told(&self) -> String {
        let rates: Vec<String> = Fault::ALL
            .into_iter()
            .filter(|fault| self.rates.get(*fault) > 0)
            .map(|fault| format!("{} {}", fault.name(), self.rates.get(fault)))
            .collect();
        format!(
            "{:?}, fused {}, {} processes, crashes {}, crash loop {:?}, pauses {}, isolations {}, drains {}, deploys {}, skew {:?}, poison {}, \
             damage {} ppm, chaos {:?}, sweep {:?}, later {:?}, in flight {}, messages {:?} B; ppm: {}",
            self.manners,
            self.fused,
            self.processes,
            self.crashes,
            self.crash_loop_after,
            self.pauses,
            self.isolations,
            self.drains,
            self.deploys,
            self.skew,
            self.poison,
            self.damage_rate,
            self.chaos,
            self.sweep_every,
            self.later_every,
            self.in_flight,
            self.message_bytes,
            rates.join(", ")
        )
    }
}
