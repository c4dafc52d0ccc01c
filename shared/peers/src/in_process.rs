//! A peer in process: bytes in, bytes out, without a socket or a disk.

use std::time::Duration;

use contracts::Timestamp;

use crate::call::Call;
use crate::ledger::{Decision, Faults, Ledger, Peer};
use crate::line::{Answer, Line, Tries, instead_of_executing, what_is_left};
use crate::problem::{Problem, Slug};
use crate::wire::{Request, Response};

type SlugOf<L> = <<L as Ledger>::Call as Call>::Slug;

/// The ledger, its journal and its dice.
#[derive(Debug)]
pub struct InProcess<L: Peer> {
    ledger: L,
    journal: Vec<L::Entry>,
    faults: L::Faults,
    tries: Tries,
}

impl<L: Peer> InProcess<L> {
    /// A peer that was asked nothing yet.
    #[must_use]
    pub fn new(faults: L::Faults) -> Self {
        Self { ledger: L::default(), journal: Vec::new(), faults, tries: Tries::default() }
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

    /// The body of the next webhook that is due at `now`; each is told once, and it is the caller's to lose.
    pub fn next_webhook(&mut self, now: Timestamp) -> Option<Vec<u8>> {
        self.ledger.next_webhook(now)
    }

    /// When the next webhook is due.
    #[must_use]
    pub fn next_due(&self) -> Option<Timestamp> {
        self.ledger.next_due()
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
        let entry = match self.ledger.decide(now, call, &self.faults) {
            Decision::Standing(response) => return response,
            Decision::Record(entry) => *entry,
        };
        // The ledger's own entry follows from the ledger; were it not so, the checkers see the journal end here.
        if let Err(error) = self.ledger.apply(&entry) {
            return Problem::new(SlugOf::<L>::SERVER_ERROR, error.to_string()).into();
        }
        let answer = self.ledger.answer(&entry);
        self.journal.push(entry);
        answer
    }
}
