//! The three shapes in which a service reacts: to an event, to a job of its own, to an answer from outside.

use std::future::Future;
use std::time::Duration;

use contracts::{Event, Timestamp, View};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::fail::Fail;
use crate::uow::Uow;

/// Reacts to one type of event. It may run again, and its effects apply once: it loads, decides, puts back, and names
/// the events that follow. It never settles, publishes, reads a clock or awaits an adapter.
pub trait Handler: Send + Sync + 'static {
    /// What it reads of the event that it reacts to: all of it, or a view.
    type Event: View;

    /// Handles `event` in `uow`.
    ///
    /// # Errors
    /// [`Fail`] says whether it is tried again. A refusal in business is not a failure.
    fn handle(
        &self,
        event: &Event<Self::Event>,
        uow: &mut Uow,
    ) -> impl Future<Output = Result<(), Fail>> + Send;
}

/// Something a service tells itself: a timer, a follow-up, an intent to call the outside.
pub trait Job: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Unique within the service, lower-case with dashes: `deadline`.
    const NAME: &'static str;

    /// Whether nobody waits for it: on a busy machine it then comes after what somebody waits for.
    const IS_PATIENT: bool = false;

    /// The lane it runs in, usually the order's id.
    fn lane(&self) -> &str;
}

/// Does one kind of job, under the same rules as [`Handler`].
pub trait JobHandler: Send + Sync + 'static {
    /// The job it does.
    type Job: Job;

    /// Does `job` in `uow`.
    ///
    /// # Errors
    /// [`Fail`], as for [`Handler::handle`].
    fn run(&self, job: &Self::Job, uow: &mut Uow) -> impl Future<Output = Result<(), Fail>> + Send;
}

/// The outside did certainly not act: it cannot be reached, or turned the call away unread. Not an attempt: whoever
/// asks this peer waits and asks again, and everything else goes on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{peer} cannot be asked: {why}")]
pub struct Unavailable {
    /// Who.
    pub peer: &'static str,
    /// What was seen.
    pub why: String,
    /// How long it asks to be left alone, where it says so (the header `Retry-After`).
    pub retry_after: Option<Duration>,
}

/// A call to the outside (a payment provider, a carrier, a mail server) as a step of its own.
///
/// The intent, with the provider's key, is stored by the unit of work that wants the call. The runtime calls outside
/// of any unit of work and hands the evidence to [`Outside::record`], possibly several times, without a new call.
pub trait Outside: Send + Sync + 'static {
    /// What is wanted. Holds the provider's key; made by a handler with [`Uow::enqueue`] or [`Uow::schedule`].
    type Intent: Job;
    /// What came of it. That nobody knows is evidence too.
    type Evidence: Clone + Send + Sync + 'static;

    /// Makes the call. May be made again with the same intent; the provider's key makes that harmless.
    ///
    /// # Errors
    /// [`Unavailable`] only when the outside certainly did not act; anything else is evidence.
    fn call(
        &self,
        intent: &Self::Intent,
        now: Timestamp,
    ) -> impl Future<Output = Result<Self::Evidence, Unavailable>> + Send;

    /// Records what came of it, under the same rules as [`Handler`].
    ///
    /// # Errors
    /// [`Fail`], as for [`Handler::handle`].
    fn record(
        &self,
        intent: &Self::Intent,
        evidence: Self::Evidence,
        uow: &mut Uow,
    ) -> impl Future<Output = Result<(), Fail>> + Send;
}
