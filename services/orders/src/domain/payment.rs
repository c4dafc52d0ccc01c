//! What `payment` said about the order's money. Looked at by people; decisions rest on the events themselves.

use serde::{Deserialize, Serialize};

use super::Input;

/// How the order's payment stands, as far as `orders` has heard.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Payment {
    /// In one word.
    pub(crate) status: PaymentStatus,
    /// What is set aside, in minor units.
    pub(crate) authorized_minor: i64,
    /// What was taken, in minor units.
    pub(crate) captured_minor: i64,
    /// What was given back, in minor units.
    pub(crate) refunded_minor: i64,
    /// The latest question to the customer, or answer, that was heard: an older one is out of date.
    #[serde(default)]
    last_action: u64,
}

/// How a payment stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PaymentStatus {
    /// Nothing is known yet.
    #[default]
    Pending,
    /// The customer has to confirm it.
    ActionRequired,
    /// The money is set aside.
    Authorized,
    /// It was refused.
    Declined,
    /// The money was let go.
    Voided,
}

impl Payment {
    /// Takes in what payment said; events may arrive in any order, so nothing goes back to an earlier status.
    pub(super) fn follow(&mut self, input: &Input) {
        use PaymentStatus::{ActionRequired, Authorized, Declined, Pending, Voided};
        match input {
            Input::PaymentActionRequired { sequence } => {
                if self.is_news(*sequence) && self.status == Pending {
                    self.status = ActionRequired;
                }
            }
            Input::PaymentActionCompleted { sequence } => {
                if self.is_news(*sequence) && self.status == ActionRequired {
                    self.status = Pending;
                }
            }
            Input::PaymentAuthorized { amount_minor, .. } => {
                if self.status != Voided {
                    self.status = Authorized;
                    self.authorized_minor = *amount_minor;
                }
            }
            Input::PaymentDeclined => {
                if matches!(self.status, Pending | ActionRequired) {
                    self.status = Declined;
                }
            }
            Input::PaymentVoided => {
                self.status = Voided;
                self.authorized_minor = 0;
            }
            Input::StockReserved { .. }
            | Input::StockRejected { .. }
            | Input::StockShort
            | Input::Deadline
            | Input::CancelAsked => {}
        }
    }

    fn is_news(&mut self, sequence: Option<u64>) -> bool {
        match sequence {
            Some(sequence) if sequence <= self.last_action => false,
            Some(sequence) => {
                self.last_action = sequence;
                true
            }
            None => true,
        }
    }
}
