//! A SIMULATED mailbox: nothing is ever delivered from here.
//!
//! A product of its own, that happens to live beside its only customer: a state machine over an append-only journal that
//! keeps what was sent ([`ledger`]), reproducible misbehaviour ([`faults`]), and two ways to reach them: over HTTP with a
//! durable journal ([`serve`]), and in process with bytes in and bytes out ([`PostOffice`]). Both speak [`wire`], so that
//! what is shown by simulation is said about the same mailbox.

mod call;
pub mod faults;
mod ids;
mod journal;
pub mod ledger;
mod post_office;
mod problem;
mod server;
pub mod wire;

pub use call::{Call, Letter};
pub use ids::{Key, MailId, MalformedId};
pub use journal::{JournalError, Page, Storage};
pub use post_office::{Answer, Line, PostOffice};
pub use problem::{Problem, Slug};
pub use server::{Config, Opened, ServeError, open, serve};
