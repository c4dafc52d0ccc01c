//! The simulated provider in process: bytes in, bytes out, and the network's manners as values.

use std::collections::BTreeMap;
use std::time::Duration;

use contracts::Timestamp;

use super::call::Call;
use super::faults::{Faults, Mishap};
use super::ledger::{Decision, Entry, Ledger};
use super::outbox::{self, Outbox, Webhook};
use super::problem::{Problem, Slug};
use super::wire::{Request, Response};

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

/// A simulated provider without a socket or a disk: the ledger, its journal, its dice and what it has to tell.
#[derive(Debug)]
pub struct Provider {
    ledger: Ledger,
    journal: Vec<Entry>,
    faults: Faults,
    tries: Tries,
    outbox: Outbox,
}

impl Provider {
    /// An empty provider.
    #[must_use]
    pub fn new(faults: Faults) -> Self {
        let outbox = Outbox::new(faults.clone());
        Self { ledger: Ledger::default(), journal: Vec::new(), faults, tries: Tries::default(), outbox }
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
        self.outbox.set_faults(faults.clone());
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

    fn answer(&mut self, now: Timestamp, call: &Call) -> Answer<Response> {
        let (mishap, delay) = self.faults.mishap(call, self.tries.next(call));
        if let Some(line) = mishap.and_then(instead_of_executing) {
            return Answer { line, delay };
        }
        let response = self.execute(now, call);
        Answer { line: what_is_left(mishap, response), delay }
    }

    /// The next webhook that is due at `now`. Until it is [`Self::heard`] it is due again, after growing pauses, for
    /// three days; some are due twice in any case.
    pub fn next_webhook(&mut self, now: Timestamp) -> Option<Webhook> {
        self.pass(now);
        let (seq, event) = self.outbox.take(&self.ledger, now)?;
        Some(Webhook { seq, body: outbox::body(vec![event]) })
    }

    /// The webhook `seq` was heard.
    pub fn heard(&mut self, seq: u64) {
        self.outbox.heard(seq);
    }

    /// When the provider does something next by itself: tells a webhook, lets a hold run out, begins or decides a
    /// dispute.
    #[must_use]
    pub fn next_due(&self) -> Option<Timestamp> {
        self.outbox.next_due().into_iter().chain(self.ledger.next_due()).min()
    }

    /// Lets time pass up to `now`: holds run out, customers contest, disputes are decided.
    pub fn pass(&mut self, now: Timestamp) {
        while let Some(entry) = self.ledger.due(now) {
            if self.record(entry).is_err() {
                return;
            }
        }
    }

    fn execute(&mut self, now: Timestamp, call: &Call) -> Response {
        self.pass(now);
        match self.ledger.decide(now, call, self.faults.verdict(call)) {
            Decision::Standing(response) => response,
            Decision::Record(entry) => self.record(*entry).unwrap_or_else(Response::from),
        }
    }

    fn record(&mut self, entry: Entry) -> Result<Response, Problem> {
        // The ledger's own entry follows from the ledger; were it not so, the checkers see the journal end here.
        self.ledger.apply(&entry).map_err(|error| Problem::new(Slug::ServerError, error.to_string()))?;
        self.outbox.note(&self.ledger, &entry);
        let answer = entry.answer.clone();
        self.journal.push(entry);
        Ok(answer)
    }
}

fn read(request: &[u8]) -> Result<Call, Problem> {
    let request: Request = serde_json::from_slice(request)
        .map_err(|error| Problem::new(Slug::MalformedRequest, error.to_string()))?;
    Call::parse(&request)
}
