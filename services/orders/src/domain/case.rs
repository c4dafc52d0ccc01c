//! All that is known under one order id, also before and without an order.

use contracts::events::order::CancelReason;
use contracts::{Currency, CustomerId, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Decision, Input, Order, Origin, Stage, Terms};

/// The most that is remembered of an order before it is placed: each service says one or two things about it.
pub(crate) const MAX_HEARD: usize = 16;

/// All that is known under one order id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "case", rename_all = "snake_case")]
pub(crate) enum Case {
    /// Other services speak of an order that has not been placed here yet: another application's `order.placed`
    /// reached them first.
    Heard {
        /// What they said, in the order of arrival.
        inputs: Vec<Input>,
    },
    /// It ended without ever being an order here.
    Refused(Refused),
    /// An order.
    Taken(Box<Order>),
}

/// An order that nobody may work on, and that therefore ended at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Refused {
    /// Why.
    pub(crate) reason: CancelReason,
    /// When.
    pub(crate) at: Timestamp,
    /// Who wanted to buy, if that may be kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) customer_id: Option<CustomerId>,
    /// Of the total, if anybody said it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) currency: Option<Currency>,
    /// What it would have cost in minor units, as far as is known.
    #[serde(default)]
    pub(crate) total_minor: i64,
    /// What is wrong with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) faults: Vec<Fault>,
}

/// One thing that is wrong with an order. Never repeats a card number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Fault {
    /// Where: a pointer into the event's data.
    pub(crate) pointer: String,
    /// What.
    pub(crate) message: String,
}

/// The id belongs to another order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum IdTaken {
    /// One with other terms.
    #[error("is taken by a different order: give every order an id of its own")]
    ByAnother,
    /// One that was refused, and whose stock and money were let go.
    #[error("was refused before and is cancelled: place the corrected order under a new id")]
    ByRefused,
}

impl Default for Case {
    /// Nothing was heard yet.
    fn default() -> Self {
        Self::Heard { inputs: Vec::new() }
    }
}

impl Case {
    /// Takes in `input` and says what follows. What comes before the order is kept until it is placed.
    pub(crate) fn hear(&mut self, input: Input, now: Timestamp) -> Vec<Decision> {
        match self {
            Self::Taken(order) => order.hear(input, now),
            Self::Refused(_) => Vec::new(),
            Self::Heard { inputs } if input == Input::Deadline => {
                *self = Self::Refused(Refused::unseen(inputs, now));
                vec![Decision::end(CancelReason::Deadline)]
            }
            Self::Heard { inputs } => {
                if inputs.len() < MAX_HEARD && !inputs.contains(&input) {
                    inputs.push(input);
                }
                Vec::new()
            }
        }
    }

    /// Takes in the order itself, and everything that was heard of it before.
    ///
    /// # Errors
    /// [`IdTaken`]: this must not become an order here. The same order once more is no error.
    pub(crate) fn place(
        &mut self,
        terms: Terms,
        origin: Origin,
        now: Timestamp,
    ) -> Result<Vec<Decision>, IdTaken> {
        match self {
            Self::Heard { inputs } => {
                let mut order = Order::new(terms, origin);
                let decisions = inputs.drain(..).flat_map(|input| order.hear(input, now)).collect();
                *self = Self::Taken(Box::new(order));
                Ok(decisions)
            }
            Self::Taken(order) if order.terms.are_those_of(&terms) => Ok(Vec::new()),
            Self::Taken(_) => Err(IdTaken::ByAnother),
            Self::Refused(Refused { reason: CancelReason::Deadline, at, .. }) => {
                let (reason, at) = (CancelReason::Deadline, *at);
                let stage = Stage::Cancelled { reason, at, was_confirmed: false };
                *self = Self::Taken(Box::new(Order { stage, ..Order::new(terms, origin) }));
                Ok(Vec::new())
            }
            Self::Refused(_) => Err(IdTaken::ByRefused),
        }
    }

    /// Refuses the order: it ends, because others may have begun to work on it.
    ///
    /// # Errors
    /// [`IdTaken::ByAnother`]: a sound order has this id, and nothing happens to it.
    pub(crate) fn refuse(&mut self, refused: Refused) -> Result<Vec<Decision>, IdTaken> {
        match self {
            Self::Heard { .. } => {
                let reason = refused.reason;
                *self = Self::Refused(refused);
                Ok(vec![Decision::end(reason)])
            }
            Self::Refused(_) => Ok(Vec::new()),
            Self::Taken(_) => Err(IdTaken::ByAnother),
        }
    }
}

impl Refused {
    /// An order that others worked on and that was never placed here, as far as it can be told from what they said.
    fn unseen(inputs: &[Input], now: Timestamp) -> Self {
        let mut money = None;
        for input in inputs {
            if let Input::PaymentAuthorized { amount_minor, currency, .. } = input {
                money.get_or_insert((*amount_minor, *currency));
            }
        }
        Self {
            reason: CancelReason::Deadline,
            at: now,
            customer_id: None,
            currency: money.map(|(_, currency)| currency),
            total_minor: money.map_or(0, |(amount_minor, _)| amount_minor.max(0)),
            faults: Vec::new(),
        }
    }
}
