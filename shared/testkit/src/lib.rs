#![doc = include_str!("../README.md")]

mod caller;
mod campaign;
mod check;
mod director;
pub mod faults;
pub mod pair;
mod process;
mod scenario;
pub mod table;
mod trace;
mod watch;
mod world;

pub use caller::{Ask, Caller, Reply};
pub use campaign::{Campaign, Failing, Report};
pub use director::{Director, Owner, Step, Time};
pub use faults::Plan;
pub use pair::Pair;
pub use process::{Build, Life};
pub use scenario::{Scenario, Settled};
pub use trace::{Trace, hash_of};
pub use world::{Ending, World};

use contracts::Timestamp;

/// When every simulated world begins, in microseconds since 1970: 5 January 2026, 08:00 UTC, a Monday morning.
pub const START_US: i64 = 1_767_600_000_000_000;

/// When every simulated world begins: [`START_US`].
#[must_use]
pub fn start() -> Timestamp {
    Timestamp::from_micros(START_US)
}
