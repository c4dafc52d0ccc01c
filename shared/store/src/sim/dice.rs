//! What goes wrong, how often, and how often it did: decided by one seed.

use std::collections::BTreeMap;
use std::time::Duration;

macro_rules! faults {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $most:literal;)*) => {
        /// A kind of fault that a simulated store or bus injects.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Fault {
            $($(#[$doc])* $name,)*
        }

        impl Fault {
            /// Every kind.
            pub const ALL: [Self; [$(Self::$name),*].len()] = [$(Self::$name),*];

            /// Its name in counters.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// How many chances in a million it gets at most in a swarm.
            const fn most(self) -> u32 {
                match self { $(Self::$name => $most,)* }
            }
        }
    };
}

faults! {
    /// The store answers a conflict although nobody else wrote.
    Conflict = "store.conflict", 100_000;
    /// The store is throttled for a while.
    Throttled = "store.throttled", 2_000;
    /// The store cannot be reached for a while.
    Unreachable = "store.unreachable", 2_000;
    /// The store has no room for a while: reads work, writes do not.
    Full = "store.full", 2_000;
    /// One commit fails with an input/output error; it was not applied.
    Broken = "store.broken", 8_000;
    /// A unit was applied; the answer is unknown.
    UnknownApplied = "store.unknown_applied", 30_000;
    /// A unit was not applied; the answer is unknown.
    UnknownLost = "store.unknown_lost", 30_000;
    /// The answer is unknown, and the unit is applied a little later.
    UnknownLate = "store.unknown_late", 30_000;
    /// Indexes stay behind for a while.
    StaleIndex = "store.stale_index", 500_000;
    /// The store takes its time before it acts, or before it answers.
    SlowStore = "store.slow", 50_000;
    /// A published message is in the queue twice.
    Duplicate = "bus.duplicate", 100_000;
    /// A message overtakes another.
    Reorder = "bus.reorder", 300_000;
    /// A message is on its way for minutes or hours.
    Delay = "bus.delay", 20_000;
    /// A message was published; the answer is unknown.
    PublishUnknownSent = "bus.publish_unknown_sent", 50_000;
    /// A message was not published; the answer is unknown.
    PublishUnknownLost = "bus.publish_unknown_lost", 50_000;
    /// The answer is unknown, and the message is published a little later.
    PublishUnknownLate = "bus.publish_unknown_late", 50_000;
    /// A settlement was lost: the message comes again.
    SettleLost = "bus.settle_lost", 50_000;
    /// A settlement was done; the answer takes long.
    SettleUnheard = "bus.settle_unheard", 50_000;
    /// A lease ends while its message is still being handled.
    LeaseLost = "bus.lease_lost", 50_000;
    /// A redelivered message does not say so.
    HintMissing = "bus.hint_missing", 300_000;
    /// Messages were taken; the answer was lost.
    ReceiveLost = "bus.receive_lost", 40_000;
    /// The bus cannot be reached for a while.
    BusDown = "bus.unreachable", 3_000;
    /// The bus takes its time before it acts, or before it answers.
    SlowBus = "bus.slow", 50_000;
    /// The blobs cannot be reached for a while. Asked for only where messages go by claim check, so more often than others.
    BlobsDown = "blobs.unreachable", 20_000;
    /// A blob was put; the answer was lost.
    BlobsReplyLost = "blobs.reply_lost", 100_000;
    /// The blobs take their time before they act, or before they answer.
    SlowBlobs = "blobs.slow", 100_000;
}

const KINDS: usize = Fault::ALL.len();
const MILLION: u32 = 1_000_000;

/// How often each kind of fault happens, in chances out of a million.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rates([u32; KINDS]);

impl Rates {
    /// Nothing ever goes wrong.
    pub const NONE: Self = Self([0; KINDS]);

    /// Everything goes wrong, each kind a tenth as often as it may in a swarm.
    #[must_use]
    pub fn steady() -> Self {
        let mut rates = Self::NONE;
        for fault in Fault::ALL {
            rates.set(fault, fault.most() / 10);
        }
        rates
    }

    /// Draws for each kind whether it happens at all in this world, and how often: worlds differ more from each
    /// other than with the same rates everywhere, so that rare combinations come up.
    #[must_use]
    pub fn swarm(rng: &mut fastrand::Rng) -> Self {
        let mut rates = Self::NONE;
        for fault in Fault::ALL {
            let most = fault.most();
            let rate = match rng.u8(0..4) {
                0 => 0,
                1 => most / 100,
                2 => most / 10,
                _ => rng.u32(0..=most),
            };
            rates.set(fault, rate);
        }
        rates
    }

    /// How often `fault` happens.
    #[must_use]
    pub fn get(&self, fault: Fault) -> u32 {
        self.0[fault as usize]
    }

    /// Lets `fault` happen `per_million` times out of a million chances.
    pub fn set(&mut self, fault: Fault, per_million: u32) {
        self.0[fault as usize] = per_million.min(MILLION);
    }
}

/// Decides by one seed what goes wrong, and counts what did.
#[derive(Debug)]
pub struct Dice {
    rng: fastrand::Rng,
    rates: Rates,
    counts: [u64; KINDS],
    forced: Vec<Fault>,
}

impl Dice {
    /// Dice that fall the same for the same `seed`, `rates` and questions.
    #[must_use]
    pub fn new(seed: u64, rates: Rates) -> Self {
        Self { rng: fastrand::Rng::with_seed(seed), rates, counts: [0; KINDS], forced: vec![] }
    }

    /// Whether `fault` happens now; counts it if so.
    pub fn falls(&mut self, fault: Fault) -> bool {
        if !self.forced.is_empty()
            && let Some(at) = self.forced.iter().position(|forced| *forced == fault)
        {
            self.forced.remove(at);
            self.counts[fault as usize] += 1;
            return true;
        }
        let rate = self.rates.0[fault as usize];
        let falls = rate > 0 && self.rng.u32(0..MILLION) < rate;
        self.counts[fault as usize] += u64::from(falls);
        falls
    }

    /// The first of `faults` that happens now.
    pub fn first(&mut self, faults: &[Fault]) -> Option<Fault> {
        faults.iter().copied().find(|fault| self.falls(*fault))
    }

    /// Makes `fault` happen at its next chance.
    pub fn force(&mut self, fault: Fault) {
        self.forced.push(fault);
    }

    /// From now on these rates.
    pub fn set_rates(&mut self, rates: Rates) {
        self.rates = rates;
    }

    /// A duration up to `most`, mostly short: half of all draws are below a sixteenth of it.
    pub fn up_to(&mut self, most: Duration) -> Duration {
        let most = u64::try_from(most.as_micros()).unwrap_or(u64::MAX) >> self.rng.u32(0..8);
        Duration::from_micros(self.rng.u64(0..=most))
    }

    /// One of `0..n`.
    pub fn below(&mut self, n: usize) -> usize {
        if n <= 1 { 0 } else { self.rng.usize(0..n) }
    }

    /// Whether anything can go wrong at all: a calm world takes no detours either.
    #[must_use]
    pub fn is_calm(&self) -> bool {
        self.rates == Rates::NONE
    }

    /// How often each kind happened; kinds that never did are 0.
    #[must_use]
    pub fn counts(&self) -> BTreeMap<&'static str, u64> {
        Fault::ALL.into_iter().map(|fault| (fault.name(), self.counts[fault as usize])).collect()
    }
}
