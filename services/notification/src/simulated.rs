//! A SIMULATED mailbox: nothing is ever delivered from here.
//!
//! | route | for |
//! |---|---|
//! | `POST /v1/mails` | handing a letter over |
//! | `GET /v1/operations/{key}` | asking what became of it |
//! | `GET /v1/mails?before=&limit=`, `GET /v1/mails/{id}` | people: what was sent, newest first, and one whole |
//! | `GET /v1/ledger?after=&limit=` | audits: every effect, without letters |
//! | `GET /healthz` | whoever started it |
//!
//! A product of its own, that happens to live beside its only customer: a state machine over an append-only journal that
//! keeps what was sent ([`ledger`]), reproducible misbehaviour ([`faults`]), and two ways to reach them: over HTTP with a
//! durable journal ([`serve`]), and in process with bytes in and bytes out ([`PostOffice`]). Both speak [`wire`], so that
//! what is shown by simulation is said about the same mailbox.

mod call;
pub mod faults;
mod ids;
pub mod ledger;
mod people;
mod problem;
pub mod wire;

pub use call::{Call, Letter};
pub use ids::{Key, MailId, MalformedId};
pub use peers::{Answer, JournalError, Line, ServeError, Storage, open, serve};
pub use problem::{Problem, Slug};

/// The simulated mailbox in process.
pub type PostOffice = peers::InProcess<ledger::Ledger>;
/// How it is run.
pub type Config = peers::Config<ledger::Ledger>;
/// A mailbox that has read its journal: from here on it can answer.
pub type Opened = peers::Opened<ledger::Ledger>;
/// One page of the export, for audits. No letter is in it.
pub type Page = peers::Page<ledger::Entry>;
