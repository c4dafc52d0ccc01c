//! Letting go of what is held: when the order ends, and of whatever turns up that nobody wants.

use contracts::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Ask, News, Next, Payment, State, Trouble};
use crate::gateway::{Capture, Evidence, Operation, ProviderKey, Reference, Step, Void, Why};

/// An authorization beside the one that counts, being let go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stray {
    /// What was asked; its key stays the same.
    pub void: Void,
    /// Why it is not wanted.
    pub why: Release,
    /// What became of it.
    pub state: StrayState,
}

/// Why an authorization is let go that does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Release {
    /// It has run out, and another takes its place. The provider's clock may be late, so it is told.
    RanOut,
    /// It turned up when nobody expected it any more.
    TurnedUp,
}

/// What became of an authorization that does not count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum StrayState {
    /// It is being let go.
    Asked {
        /// Why nobody knows what came of it; absent while the first answer is awaited.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        unknown: Option<Why>,
    },
    /// It holds nothing.
    Gone,
    /// The provider refuses to let go of it.
    Kept {
        /// In the provider's own word.
        code: String,
    },
}

impl Payment {
    /// order.cancelled: marked here even when nothing else is known yet, so that nothing begins later.
    pub fn cancel(&mut self, now: Timestamp) -> Next {
        if self.cancelled.is_some() {
            return Next::default();
        }
        self.cancelled = Some(now);
        self.captures_at_cancel = Some(self.captures.len());
        let next = match &self.state {
            State::Free if self.ready.is_some() => Next::default(),
            State::Waiting | State::Free => {
                self.state = State::Closed;
                Next::default()
            }
            State::Authorizing { authorize, unknown: Some(_), .. } => {
                let key = authorize.key.clone();
                self.void(&key, None)
            }
            State::ActionRequired { authorize, reference, .. }
            | State::Authorized { authorize, reference, .. } => {
                let (key, reference) = (authorize.key.clone(), reference.clone());
                self.void(&key, Some(reference))
            }
            // Whoever asks next may be an hour away, and ask for the money: what became of it is asked at once.
            State::Capturing { capture, unknown: Some(_), .. } => Next::ask(Ask::to_look(&capture.key)),
            // The answer is on its way, and will find the mark.
            State::Authorizing { unknown: None, .. } | State::Capturing { unknown: None, .. } => {
                Next::default()
            }
            // Whoever cancels gives back what was taken.
            State::Captured { .. } => Next::default(),
            State::Declined { .. }
            | State::Voiding { .. }
            | State::Voided { .. }
            | State::Expired { .. }
            | State::Closed => Next::default(),
        };
        self.settle(next)
    }

    /// Lets go of what the authorization under this key holds, or may yet hold. Nothing else is wanted afterwards.
    pub(super) fn void(&mut self, authorize: &ProviderKey, reference: Option<Reference>) -> Next {
        let Some(void) = self.void_of(authorize, reference) else { return Next::default() };
        self.state = State::Voiding { void: void.clone(), unknown: None };
        Next::ask(Ask::to(Operation::Void(void)))
    }

    /// Lets go of an authorization beside the one that counts; once, however often it turns up.
    pub(super) fn let_go(
        &mut self,
        authorize: &ProviderKey,
        reference: Option<Reference>,
        why: Release,
    ) -> Next {
        if self.strays.iter().any(|stray| stray.void.authorize == *authorize) {
            return Next::default();
        }
        let Some(void) = self.void_of(authorize, reference) else { return Next::default() };
        self.strays.push(Stray { void: void.clone(), why, state: StrayState::Asked { unknown: None } });
        Next::ask(Ask::to(Operation::Void(void)))
    }

    /// A void has the attempt of its authorization: there is one each.
    fn void_of(&self, authorize: &ProviderKey, reference: Option<Reference>) -> Option<Void> {
        let key = self.key(Step::Void, authorize.attempt())?;
        Some(Void { key, authorize: authorize.clone(), reference })
    }

    /// What came of the void that everything waits for, or what is said of the authorization it is about.
    pub(super) fn learn_of_voiding(&mut self, void: Void, evidence: Evidence) -> Next {
        match evidence {
            // Declined, or run out, before it was voided: nothing is held either.
            Evidence::Voided | Evidence::Declined { .. } | Evidence::Expired => {
                let reference = void.reference;
                self.state = State::Voided { reference: reference.clone(), authorize: Some(void.authorize) };
                Next::tell(News::Voided(reference))
            }
            Evidence::Unknown { why } => {
                self.state = State::Voiding { void: void.clone(), unknown: Some(why) };
                Next::ask(Ask::after_unknown(why, Operation::Void(void)))
            }
            // Perhaps because it was taken after all.
            Evidence::Refused { .. } | Evidence::Captured { .. } => {
                let capture = self.captures.iter().rev().find(|capture| capture.authorize == void.authorize);
                Next::ask(match capture {
                    Some(capture) => Ask::to_look_again(&capture.key),
                    None => Ask::to_again(Operation::Void(void)),
                })
            }
            // Not a word about the void: ask again. An order that is cancelled must not keep a hold.
            Evidence::Authorized { .. }
            | Evidence::ActionRequired { .. }
            | Evidence::NotFound
            | Evidence::Refunded { .. }
            | Evidence::Disputed => Next::ask(Ask::to_again(Operation::Void(void))),
        }
    }

    /// The capture was looked at because the void was refused, and nothing was taken: the void is asked for again.
    pub(super) fn ask_void_again(&self, capture: &Capture) -> Next {
        match &self.state {
            State::Voiding { void, .. } if void.authorize == capture.authorize => {
                Next::ask(Ask::to_again(Operation::Void(void.clone())))
            }
            _ => Next::default(),
        }
    }

    /// What came of letting go of an authorization that does not count.
    pub(super) fn learn_of_stray(&mut self, key: &ProviderKey, evidence: Evidence) -> Next {
        let is_asked =
            |stray: &&mut Stray| stray.void.key == *key && matches!(stray.state, StrayState::Asked { .. });
        let Some(stray) = self.strays.iter_mut().find(is_asked) else { return Next::default() };
        let void = Operation::Void(stray.void.clone());
        match evidence {
            Evidence::Voided | Evidence::Declined { .. } | Evidence::Expired => {
                stray.state = StrayState::Gone;
                Next::default()
            }
            // What has run out needs no letting go.
            Evidence::Refused { .. } if stray.why == Release::RanOut => {
                stray.state = StrayState::Gone;
                Next::default()
            }
            Evidence::Refused { code } => {
                stray.state = StrayState::Kept { code };
                self.is_trouble(Trouble::StillHeld);
                Next::default()
            }
            Evidence::Unknown { why } => {
                stray.state = StrayState::Asked { unknown: Some(why) };
                Next::ask(Ask::after_unknown(why, void))
            }
            Evidence::Authorized { .. }
            | Evidence::ActionRequired { .. }
            | Evidence::NotFound
            | Evidence::Captured { .. }
            | Evidence::Refunded { .. }
            | Evidence::Disputed => Next::ask(Ask::to_again(void)),
        }
    }
}
