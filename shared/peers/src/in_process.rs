//! A peer in process: bytes in, bytes out, without a socket or a disk.

use std::time::Duration;

use contracts::Timestamp;

use crate::call::Call;
use crate::ledger::{Decision, Faults, Inconsistent, Ledger, Outbox, Peer};
use crate::line::{Answer, Line, Tries, instead_of_executing, what_is_left};
use crate::problem::{Problem, Slug};
use crate::wire::{Request, Response};

type SlugOf<L> = <<L as Ledger>::Call as Call>::Slug;

/// One webhook, as it is told now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    /// The place of the entry that it tells of: say it to [`InProcess::heard`] once somebody has heard it.
    pub seq: u64,
    /// The body of the request.
    pub body: Vec<u8>,
}

/// The ledger, its journal, its outbox and its dice.
#[derive(Debug)]
pub struct InProcess<L: Peer> {
    ledger: L,
    journal: Vec<L::Entry>,
    outbox: L::Outbox,
    faults: L::Faults,
    tries: Tries,
}

impl<L: Peer> InProcess<L> {
    /// A peer that was asked nothing yet.
    #[must_use]
    pub fn new(faults: L::Faults) -> Self {
        Self {
            ledger: L::default(),
            journal: Vec::new(),
            outbox: L::Outbox::default(),
            faults,
            tries: Tries::default(),
        }
    }

    /// What happened so far, for checkers.
    #[must_use]
    pub fn ledger(&self) -> &L {
        &self.ledger
    }

    /// Every effect so far, in order.
    #[must_use]
    pub fn journal(&self) -> &[L::Entry] {
        &self.journal
    }

    /// From now on the dice are `faults`: how a simulation ends its faults.
    pub fn set_faults(&mut self, faults: L::Faults) {
        self.faults = faults;
    }

    /// Answers `request`, the JSON of a [`Request`], with the JSON of a [`Response`], or does not.
    pub fn call(&mut self, now: Timestamp, request: &[u8]) -> Answer<Vec<u8>> {
        let (line, delay) = match Self::read(request) {
            Ok(call) => self.answer(now, &call),
            Err(problem) => (Line::Bytes(problem.into()), Duration::ZERO),
        };
        Answer { line: line.map(|response| serde_json::to_vec(&response).unwrap_or_default()), delay }
    }

    /// The next webhook that is due at `now`.
    pub fn next_webhook(&mut self, now: Timestamp) -> Option<Webhook> {
        self.pass(now);
        let (seq, told) = self.outbox.take(&self.ledger, now)?;
        Some(Webhook { seq, body: L::body(vec![told]) })
    }

    /// The webhook `seq` was heard.
    pub fn heard(&mut self, seq: u64) {
        self.outbox.heard(seq);
    }

    /// When the peer does something next by itself.
    #[must_use]
    pub fn next_due(&self) -> Option<Timestamp> {
        self.outbox.next_due().into_iter().chain(self.ledger.next_due()).min()
    }

    /// Lets time pass up to `now`, and do what it does.
    pub fn pass(&mut self, now: Timestamp) {
        while let Some(entry) = self.ledger.due(now) {
            if self.record(entry).is_err() {
                return;
            }
        }
    }

    fn read(request: &[u8]) -> Result<L::Call, Problem<SlugOf<L>>> {
        let not_one = |_| Problem::new(SlugOf::<L>::MALFORMED_REQUEST, "not a request");
        L::Call::parse(&serde_json::from_slice::<Request>(request).map_err(not_one)?)
    }

    fn answer(&mut self, now: Timestamp, call: &L::Call) -> (Line<Response>, Duration) {
        let nth = self.tries.next(call);
        let (mishap, delay) = self.faults.mishap(call, nth);
        if let Some(line) = mishap.and_then(instead_of_executing::<SlugOf<L>>) {
            return (line, delay);
        }
        let response = self.execute(now, (call, nth));
        (what_is_left::<SlugOf<L>>(mishap, response), delay)
    }

    fn execute(&mut self, now: Timestamp, call: (&L::Call, u32)) -> Response {
        self.pass(now);
        match self.ledger.decide(now, call, &self.faults) {
            Decision::Standing(response) => response,
            Decision::Record(entry) => self.record(*entry).unwrap_or_else(Response::from),
        }
    }

    fn record(&mut self, entry: L::Entry) -> Result<Response, Problem<SlugOf<L>>> {
        // The ledger's own entry follows from the ledger; were it not so, the checkers see the journal end here.
        let broken = |error: Inconsistent| Problem::new(SlugOf::<L>::SERVER_ERROR, error.to_string());
        self.ledger.apply(&entry).map_err(broken)?;
        self.outbox.note(&self.ledger, &entry, &self.faults);
        let answer = self.ledger.answer(&entry);
        self.journal.push(entry);
        Ok(answer)
    }
}
