//! A SIMULATED payment provider: no card is ever charged here.
//!
//! A product of its own, that happens to live beside its only customer: a state machine over an append-only journal
//! ([`ledger`]), reproducible misbehaviour ([`faults`]), and two ways to reach them: over HTTP with a durable journal
//! ([`serve`]), and in process with bytes in and bytes out ([`Provider`]). Both speak [`wire`], so that what is shown
//! by simulation is said about the same provider.
//!
//! Time does things too: holds run out, customers contest what was captured, disputes are decided. All that happens is
//! told by webhook until somebody has heard it.

mod action_page;
mod call;
pub mod faults;
mod ids;
mod journal;
pub mod ledger;
mod outbox;
mod problem;
mod provider;
mod server;
mod token;
pub mod wire;

pub use call::{Call, Command};
pub use ids::{AuthorizationId, Key, MalformedId};
pub use journal::{JournalError, Page, Storage};
pub use outbox::Webhook;
pub use problem::{Problem, Slug};
pub use provider::{Answer, Line, Provider};
pub use server::{Config, Listener, Opened, ServeError, open, serve};
pub use token::Token;
