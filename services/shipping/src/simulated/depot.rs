//! The simulated carrier in process: bytes in, bytes out, and the network's manners as values.

use std::collections::BTreeMap;
use std::time::Duration;

use contracts::Timestamp;

use super::call::Call;
use super::faults::{Faults, Mishap};
use super::ledger::{Decision, Entry, Ledger};
use super::problem::{Problem, Slug};
use super::wire::{Request, Response, Told, ToldScan};

/// How many scans one webhook tells at most.
pub(super) const TOLD_AT_ONCE: usize = 40;

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

/// How many times each call was made; the dice ask.
#[derive(Debug, Default)]
pub(super) struct Tries(BTreeMap<String, u32>);

impl Tries {
    /// Counts one more, and says which it is.
    pub(super) fn next(&mut self, call: &Call) -> u32 {
        let tries = self.0.entry(call.subject()).or_default();
        *tries = tries.saturating_add(1);
        *tries
    }
}

/// What arrives instead, when `mishap` keeps the request from being executed.
pub(super) fn instead_of_executing(mishap: Mishap) -> Option<Line<Response>> {
    let problem = |slug, detail: &str| Some(Line::Bytes(Problem::new(slug, detail).into()));
    match mishap {
        Mishap::TimeoutBefore => Some(Line::NeverAnswered),
        Mishap::ResetBefore => Some(Line::Reset),
        Mishap::ErrorBefore => problem(Slug::ServerError, "simulated failure"),
        Mishap::Busy => problem(Slug::KeyInUse, "simulated: a request under this key is being executed"),
        Mishap::Throttled => problem(Slug::TooManyRequests, "simulated: ask again later"),
        Mishap::TimeoutAfter
        | Mishap::ResetAfter
        | Mishap::ErrorAfter
        | Mishap::Unreadable
        | Mishap::Slow => None,
    }
}

/// What arrives of `response` when `mishap` comes after the request was executed.
pub(super) fn what_is_left(mishap: Option<Mishap>, response: Response) -> Line<Response> {
    match mishap {
        Some(Mishap::TimeoutAfter) => Line::NeverAnswered,
        Some(Mishap::ResetAfter) => Line::Reset,
        Some(Mishap::ErrorAfter) => Line::Bytes(Problem::new(Slug::ServerError, "simulated failure").into()),
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

/// The body of a webhook that tells these scans.
pub(super) fn webhook(scans: Vec<ToldScan>) -> Vec<u8> {
    serde_json::to_vec(&Told { simulated: true, scans }).unwrap_or_default()
}

/// A simulated carrier without a socket or a disk: the ledger, its journal and its dice.
#[derive(Debug)]
pub struct Depot {
    ledger: Ledger,
    journal: Vec<Entry>,
    faults: Faults,
    tries: Tries,
}

impl Depot {
    /// An empty carrier.
    #[must_use]
    pub fn new(faults: Faults) -> Self {
        Self { ledger: Ledger::default(), journal: Vec::new(), faults, tries: Tries::default() }
    }

    /// What happened so far, for checkers.
    #[must_use]
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Every effect so far, in order.
    #[must_use]
    pub fn journal(&self) -> &[Entry] {
        &self.journal
    }

    /// From now on the dice are `faults`: how a simulation ends its faults.
    pub fn set_faults(&mut self, faults: Faults) {
        self.faults = faults;
    }

    /// Answers `request`, the JSON of a [`Request`], with the JSON of a [`Response`], or does not.
    pub fn call(&mut self, now: Timestamp, request: &[u8]) -> Answer<Vec<u8>> {
        let Answer { line, delay } = match read(request) {
            Ok(call) => self.answer(now, &call),
            Err(problem) => Answer { line: Line::Bytes(problem.into()), delay: Duration::ZERO },
        };
        let line = match line {
            Line::Bytes(response) => Line::Bytes(serde_json::to_vec(&response).unwrap_or_default()),
            Line::NeverAnswered => Line::NeverAnswered,
            Line::Reset => Line::Reset,
        };
        Answer { line, delay }
    }

    /// The body of the next webhook that is due at `now`; each is told once, and it is the caller's to lose.
    pub fn next_webhook(&mut self, now: Timestamp) -> Option<Vec<u8>> {
        let scans = self.ledger.take_told(now, TOLD_AT_ONCE);
        (!scans.is_empty()).then(|| webhook(scans))
    }

    /// When the next webhook is due.
    #[must_use]
    pub fn next_due(&self) -> Option<Timestamp> {
        self.ledger.next_told()
    }

    fn answer(&mut self, now: Timestamp, call: &Call) -> Answer<Response> {
        let (mishap, delay) = self.faults.mishap(call, self.tries.next(call));
        if let Some(line) = mishap.and_then(instead_of_executing) {
            return Answer { line, delay };
        }
        let response = self.execute(now, call);
        Answer { line: what_is_left(mishap, response), delay }
    }

    fn execute(&mut self, now: Timestamp, call: &Call) -> Response {
        let entry = match self.ledger.decide(now, call, &self.faults) {
            Decision::Standing(response) => return response,
            Decision::Record(entry) => *entry,
        };
        // The ledger's own entry follows from the ledger; were it not so, the checkers see the journal end here.
        if let Err(error) = self.ledger.apply(&entry) {
            return Problem::new(Slug::ServerError, error.to_string()).into();
        }
        let answer = self.ledger.answer(&entry.key);
        self.journal.push(entry);
        answer
    }
}

fn read(request: &[u8]) -> Result<Call, Problem> {
    let request: Request = serde_json::from_slice(request)
        .map_err(|error| Problem::new(Slug::MalformedRequest, error.to_string()))?;
    Call::parse(&request)
}
