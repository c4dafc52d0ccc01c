//! What nobody asks the provider about any more, and a person who has it asked again.

use super::{Ask, Next, Payment, RefundState, State, StrayState, Trouble};
use crate::gateway::{Operation, ProviderKey};

impl Payment {
    /// What a person should look at.
    #[must_use]
    pub fn trouble(&self) -> Option<Trouble> {
        self.trouble.or_else(|| self.unanswered().next().map(|_| Trouble::Unanswered))
    }

    /// Nobody asks about this key any more: it was asked about often enough.
    pub(crate) fn give_up(&mut self, key: &ProviderKey) {
        let key = match &self.state {
            // Whoever waits for a void may be asking about the capture that is in its way.
            State::Voiding { void, .. } if self.captures.iter().any(|capture| capture.key == *key) => {
                void.key.clone()
            }
            _ => key.clone(),
        };
        self.given_up = self.unanswered().filter(|known| **known != key).cloned().collect();
        self.given_up.push(key);
    }

    /// Something is heard of this key: whether it had been given up until now.
    pub(super) fn is_heard_of(&mut self, key: &ProviderKey) -> bool {
        let before = self.given_up.len();
        self.given_up.retain(|known| known != key);
        self.given_up.len() < before
    }

    /// A person has the provider asked again: about what it did not answer, or answered wrongly, and for what it
    /// refused and the customer is owed. What stands under a key is looked at first, as providers forget keys after a
    /// while. `None` when there is nothing to ask.
    pub fn ask_again(&mut self) -> Option<Next> {
        self.given_up = self.unanswered().cloned().collect();
        let before = self.clone();
        let mut looks = std::mem::take(&mut self.given_up);
        let mut next = Next::default();
        if let Some(trouble) = self.trouble {
            looks.extend(self.answered_wrongly());
            // What happened twice stays so whoever asks.
            if !matches!(trouble, Trouble::TookTwice | Trouble::TooManyDisputes) {
                self.trouble = None;
            }
            next = self.ask_for_refused().then(self.ask_for_kept());
        }
        looks.sort();
        looks.dedup();
        next.asks.extend(looks.iter().map(Ask::to_look));
        let is_asked = !next.asks.is_empty() || self.refunds != before.refunds;
        if !is_asked {
            *self = before;
        }
        is_asked.then_some(next)
    }

    /// Keys that were given up, and are still open.
    fn unanswered(&self) -> impl Iterator<Item = &ProviderKey> {
        self.given_up.iter().filter(|key| self.is_open(key))
    }

    fn is_open(&self, key: &ProviderKey) -> bool {
        let step = match &self.state {
            State::Authorizing { authorize, .. } | State::ActionRequired { authorize, .. } => &authorize.key,
            State::Capturing { capture, .. } => &capture.key,
            State::Voiding { void, .. } => &void.key,
            State::Waiting
            | State::Authorized { .. }
            | State::Free
            | State::Declined { .. }
            | State::Captured { .. }
            | State::Voided { .. }
            | State::Expired { .. }
            | State::Closed => return self.is_open_beside(key),
        };
        step == key || self.is_open_beside(key)
    }

    fn is_open_beside(&self, key: &ProviderKey) -> bool {
        let is_let_go = |state: &StrayState| matches!(state, StrayState::Asked { .. });
        self.strays.iter().any(|stray| stray.void.key == *key && is_let_go(&stray.state))
            || self.refunds.values().any(
                |refund| matches!(&refund.state, RefundState::Asked { refund, .. } if refund.key == *key),
            )
    }

    /// Keys of which the provider may have said something that cannot be: nobody asks about those.
    fn answered_wrongly(&self) -> Vec<ProviderKey> {
        let capture = match &self.state {
            State::Capturing { capture, .. } => Some(capture.key.clone()),
            _ => None,
        };
        let refunds = self.refunds.values().filter_map(|refund| match &refund.state {
            RefundState::Asked { refund, .. } => Some(refund.key.clone()),
            _ => None,
        });
        refunds.chain(capture).collect()
    }

    /// Refunds that were refused are asked for under the next key: nothing came of the one before.
    fn ask_for_refused(&mut self) -> Next {
        let refused = self.refunds.iter().filter(|(_, r)| matches!(r.state, RefundState::Refused { .. }));
        let refused: Vec<_> = refused.map(|(id, _)| id.clone()).collect();
        refused.iter().fold(Next::default(), |next, id| next.then(self.begin_refund_again(id)))
    }

    fn ask_for_kept(&mut self) -> Next {
        let mut next = Next::default();
        for stray in &mut self.strays {
            if matches!(stray.state, StrayState::Kept { .. }) {
                stray.state = StrayState::Asked { unknown: None };
                next.asks.push(Ask::to(Operation::Void(stray.void.clone())));
            }
        }
        next
    }
}
