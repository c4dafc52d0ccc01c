#![doc = include_str!("../README.md")]

mod call;
mod faults;
mod ids;
mod in_process;
mod journal;
mod ledger;
mod line;
mod problem;
mod server;

pub mod client;
pub mod wire;

pub use call::{Call, Touches, key, named, no_route, read, segments};
pub use faults::{Chance, MILLION, Mishap, Overfull, dice, part};
pub use ids::{Key, MalformedId, derived, is_derived};
pub use in_process::{InProcess, Webhook};
pub use journal::{Journal, JournalError, PAGE, Storage};
pub use ledger::{Decision, Entry, Faults, Inconsistent, Ledger, Outbox, Page, Peer};
pub use line::{Answer, Line};
pub use problem::{NoMore, Problem, Slug};
pub use server::{Config, Desk, Listener, Opened, ServeError, open, reply, serve, told};

#[cfg(test)]
mod tests;
#[cfg(test)]
pub mod toy;
