//! A SIMULATED carrier: no parcel ever moves here.
//!
//! | route | for |
//! |---|---|
//! | `POST /v1/labels` | booking a parcel |
//! | `POST /v1/parcels/{number}/handover`, `/void` | taking it, taking its label back |
//! | `POST /v1/operations/{key}/cancel` | taking back what came, or may yet come, under a key |
//! | `GET /v1/operations/{key}`, `GET /v1/parcels/{number}` | asking what was done, and where it is |
//! | `GET /v1/ledger?after=&limit=` | audits |
//! | `GET /healthz` | whoever started it |
//!
//! A product of its own, that happens to live beside its only customer: a state machine over an append-only journal
//! ([`ledger`]), reproducible misbehaviour ([`faults`]), and two ways to reach them: over HTTP with a durable journal
//! and webhooks ([`serve`]), and in process with bytes in and bytes out ([`Depot`]). Both speak [`wire`], so that what
//! is shown by simulation is said about the same carrier.

mod call;
pub mod faults;
mod ids;
mod journey;
mod label;
pub mod ledger;
mod problem;
pub mod wire;

pub use call::{Call, Command};
pub use ids::{Key, MalformedId, Number};
pub use journey::Leg;
pub use peers::{Answer, JournalError, Line, Listener, ServeError, Storage, Webhook, open, serve};
pub use problem::{Problem, Slug};

/// The simulated carrier in process.
pub type Depot = peers::InProcess<ledger::Ledger>;
/// How it is run.
pub type Config = peers::Config<ledger::Ledger>;
/// A carrier that has read its journal: from here on it can answer.
pub type Opened = peers::Opened<ledger::Ledger>;
/// One page of the export, for audits.
pub type Page = peers::Page<ledger::Entry>;
