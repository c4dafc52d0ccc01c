//! What the adapters to AWS share: how a request is sent, how long it is waited for, and what its failure means.

mod calls;
mod chance;
mod failure;

pub(crate) use calls::{Calls, Sent, TRIES};
pub(crate) use failure::{Failure, Refusal};
