//! The simulator: production runtime and handlers, unchanged, in a world that one seed decides.
//!
//! [`World`] plays a [`Scenario`] first with everything that can go wrong, then without, until nothing is left to do;
//! then it checks what must hold. It knows no service: it is given them.

mod caller;
mod check;
mod director;
pub mod faults;
mod process;
mod scenario;
mod trace;
mod watch;
mod world;

pub use caller::{Ask, Caller, Reply};
pub use director::{Director, Owner, Step, Time};
pub use faults::Plan;
pub use process::Life;
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
