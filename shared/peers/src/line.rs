//! The network's manners as values: what arrives of an answer.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::call::Call;
use crate::faults::Mishap;
use crate::problem::{Problem, Slug};
use crate::wire::Response;

/// What a caller gets to see of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer<T> {
    /// What arrives, if anything does.
    pub line: Line<T>,
    /// How long after the request.
    pub delay: Duration,
}

/// What arrives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line<T> {
    /// An answer.
    Bytes(T),
    /// Nothing, ever.
    NeverAnswered,
    /// The end of the connection.
    Reset,
}

impl<T> Line<T> {
    /// The same, with what arrives as `to` makes it.
    pub fn map<U>(self, to: impl FnOnce(T) -> U) -> Line<U> {
        match self {
            Self::Bytes(arrived) => Line::Bytes(to(arrived)),
            Self::NeverAnswered => Line::NeverAnswered,
            Self::Reset => Line::Reset,
        }
    }
}

/// How many times each call was made; the dice ask.
#[derive(Debug, Default)]
pub(crate) struct Tries(BTreeMap<String, u32>);

impl Tries {
    /// Counts one more, and says which it is.
    pub(crate) fn next(&mut self, call: &impl Call) -> u32 {
        let tries = self.0.entry(call.subject()).or_default();
        *tries = tries.saturating_add(1);
        *tries
    }
}

/// What arrives instead, when `mishap` keeps the request from being executed.
pub(crate) fn instead_of_executing<S: Slug>(mishap: Mishap) -> Option<Line<Response>> {
    let problem = |slug: S, detail: &str| Some(Line::Bytes(Problem::new(slug, detail).into()));
    match mishap {
        Mishap::TimeoutBefore => Some(Line::NeverAnswered),
        Mishap::ResetBefore => Some(Line::Reset),
        Mishap::ErrorBefore => problem(S::SERVER_ERROR, "simulated failure"),
        Mishap::Busy => problem(S::KEY_IN_USE, "simulated: a request under this key is being executed"),
        Mishap::Throttled => problem(S::TOO_MANY_REQUESTS, "simulated: ask again later"),
        Mishap::TimeoutAfter
        | Mishap::ResetAfter
        | Mishap::ErrorAfter
        | Mishap::Unreadable
        | Mishap::Slow => None,
    }
}

/// What arrives of `response` when `mishap` comes after the request was executed.
pub(crate) fn what_is_left<S: Slug>(mishap: Option<Mishap>, response: Response) -> Line<Response> {
    match mishap {
        Some(Mishap::TimeoutAfter) => Line::NeverAnswered,
        Some(Mishap::ResetAfter) => Line::Reset,
        Some(Mishap::ErrorAfter) => Line::Bytes(Problem::new(S::SERVER_ERROR, "simulated failure").into()),
        Some(Mishap::Unreadable) => {
            let half: String = response.body.chars().take(response.body.chars().count() / 2).collect();
            Line::Bytes(Response { body: half, ..response })
        }
        Some(
            Mishap::Slow
            | Mishap::TimeoutBefore
            | Mishap::ResetBefore
            | Mishap::ErrorBefore
            | Mishap::Busy
            | Mishap::Throttled,
        )
        | None => Line::Bytes(response),
    }
}
