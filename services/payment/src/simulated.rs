//! A SIMULATED payment provider: no card is ever charged here.
//!
//! | route | for |
//! |---|---|
//! | `POST /v1/authorizations` | holding money |
//! | `POST /v1/authorizations/{id}/capture`, `/void` | taking it, releasing it |
//! | `POST /v1/refunds` | giving it back |
//! | `POST /v1/operations/{key}/cancel` | releasing what came, or may yet come, under a key |
//! | `GET /v1/operations/{key}`, `GET /v1/authorizations/{id}` | asking |
//! | `GET /v1/actions/{id}`, `POST /v1/actions/{id}/complete` | the customer's 3-D Secure page |
//! | `POST /v1/captures/{id}/dispute` | contesting it, as its customer would; needs no key, as it happens once |
//! | `POST /v1/disputes/{id}/decide` | deciding that: `{"outcome":"won"}` for the merchant, or `lost`; once as well |
//! | `GET /v1/ledger?after=&limit=` | audits |
//! | `GET /healthz` | whoever started it |
//!
//! What happens is told by webhook ([`wire::Told`]) to whoever is configured to listen.
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
pub mod ledger;
mod outbox;
mod problem;
mod token;
pub mod wire;

pub use call::{Call, Command, UNANSWERED_CAPTURE_MINOR};
pub use ids::{AuthorizationId, Key, MalformedId};
pub use ledger::Page;
pub use peers::{Answer, JournalError, Line, Listener, ServeError, Storage, Webhook, open, serve};
pub use problem::{Problem, Slug};
pub use token::Token;

/// The simulated provider in process.
pub type Provider = peers::InProcess<ledger::Ledger>;
/// How it is run.
pub type Config = peers::Config<ledger::Ledger>;
/// A provider that has read its journal: from here on it can answer.
pub type Opened = peers::Opened<ledger::Ledger>;
