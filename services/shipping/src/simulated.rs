//! A SIMULATED carrier: no parcel ever moves here.
//!
//! A product of its own, that happens to live beside its only customer: a state machine over an append-only journal
//! ([`ledger`]), reproducible misbehaviour ([`faults`]), and two ways to reach them: over HTTP with a durable journal
//! and webhooks ([`serve`]), and in process with bytes in and bytes out ([`Depot`]). Both speak [`wire`], so that what
//! is shown by simulation is said about the same carrier.

mod call;
mod depot;
pub mod faults;
mod ids;
mod journal;
mod journey;
mod label;
pub mod ledger;
mod problem;
mod server;
pub mod wire;

pub use call::{Call, Command};
pub use depot::{Answer, Depot, Line};
pub use ids::{Key, MalformedId, Number};
pub use journal::{JournalError, Page, Storage};
pub use journey::Leg;
pub use problem::{Problem, Slug};
pub use server::{Config, Opened, ServeError, Webhook, open, serve};
