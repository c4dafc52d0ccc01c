//! What every service gets for free: handlers, lanes, retries, relay, due table, dead letters, the HTTP edge, health
//! and drain. `README.md` tells it in prose.

pub mod claim;
mod collection;
mod core;
mod deliver;
mod edge;
mod emission;
mod env;
mod execute;
mod fail;
mod gate;
mod handler;
mod health;
mod keeper;
mod node;
mod peers;
mod pending;
mod policy;
mod problem;
mod quirk;
mod reader;
mod relay;
mod returned;
mod service;
mod stats;
mod subscription;
mod sweep;
mod uow;
mod validation;

pub mod due;
pub mod operate;
pub mod signature;

#[cfg(feature = "real")]
pub use crate::env::real;
pub use collection::{Collection, Counters, Doc, Levels, Step};
pub use core::Ports;
pub use edge::{Answer, Command, Edge, IDEMPOTENCY_KEY, REPLAYED, Refusal, Write, no_cards};
pub use emission::{Emission, InvalidEmission};
pub use env::{Clock, Entropy, Env, Spawn};
pub use fail::Fail;
pub use handler::{Handler, Job, JobHandler, Outside, Unavailable};
pub use health::Health;
pub use node::Node;
pub use policy::{BLOB_KEPT, Policy};
pub use problem::{FieldError, Problem};
pub use quirk::{Bug, Quirks};
pub use reader::{Picture, Reader};
pub use service::{Audit, Findings, Service};
pub use stats::Counts;
pub use store::{Boxed, Entry, Query};
pub use uow::Uow;
pub use validation::Validation;
