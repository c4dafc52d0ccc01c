//! What time does: holds run out, customers contest, disputes are decided.

use contracts::Timestamp;

use super::authorization::Step;
use super::{Authorization, Entry, Ledger, Verdict};
use crate::simulated::call::{Call, Command};

impl Ledger {
    /// When time does something next.
    #[must_use]
    pub fn next_due(&self) -> Option<Timestamp> {
        self.agenda.first().map(|(at, _)| *at)
    }

    /// The entry for what time does next, if that is by `now`. It carries the instant at which it happens, whoever
    /// looks when, and has a key that only the provider uses: time does nothing twice.
    #[must_use]
    pub fn due(&self, now: Timestamp) -> Option<Entry> {
        let (at, id) = self.agenda.first().filter(|(at, _)| *at <= now)?;
        let (_, step) = self.authorizations.get(id)?.next_step()?;
        let call = match step {
            Step::Expire => {
                Call::Command { key: id.expiry_key(), command: Command::Expire { authorization: id.clone() } }
            }
            Step::Dispute(capture) => Call::dispute(capture),
            Step::Decide(dispute, outcome) => Call::decide(dispute, outcome),
        };
        let Call::Command { key, command } = call else { return None };
        self.command(*at, &key, &command, Verdict::Approve).ok()
    }

    /// Puts `next` in the place of what it was before; says whether it is new.
    pub(super) fn place(&mut self, next: Authorization) -> bool {
        let id = next.id.clone();
        let planned = next.next_step();
        let before = self.authorizations.insert(id.clone(), next);
        if let Some((at, _)) = before.as_ref().and_then(Authorization::next_step) {
            self.agenda.remove(&(at, id.clone()));
        }
        if let Some((at, _)) = planned {
            self.agenda.insert((at, id));
        }
        before.is_none()
    }
}
