//! What the customer is owed back. Integers only, and cumulative by line: pieces refunded one by one give exactly what
//! the line is worth, and never more.

use std::collections::BTreeMap;

use contracts::events::order::{RefundLine, RefundReason};
use contracts::events::shipment::FailedStage;
use contracts::{InvalidId, MessageId, OrderId, Quantity, RefundId, ReturnId, Sku};
use serde::{Deserialize, Serialize};

use super::{Order, Stage, Terms};

/// What a refund is for. One cause never refunds twice.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "for", rename_all = "snake_case")]
pub(crate) enum Cause {
    /// Goods that came back.
    Returned {
        /// In which return.
        return_id: ReturnId,
    },
    /// The order was cancelled after the money was taken.
    Cancelled,
    /// The parcel left and did not arrive.
    Undelivered,
}

impl Cause {
    /// The name of the refund for this cause: always the same.
    ///
    /// # Errors
    /// None in fact: a name that would be too long is replaced by one made from it.
    pub(crate) fn refund_id(&self, order_id: &OrderId) -> Result<RefundId, InvalidId> {
        let name = match self {
            Self::Returned { return_id } => format!("{return_id}-refund"),
            Self::Cancelled => format!("{order_id}-cancelled"),
            Self::Undelivered => format!("{order_id}-undelivered"),
        };
        if name.len() <= RefundId::MAX_BYTES {
            return RefundId::new(name);
        }
        RefundId::new(MessageId::named(&["orders", "refund", &name]).to_string())
    }
}

/// A refund that falls due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Due {
    /// For what.
    pub(crate) cause: Cause,
    /// In the contract's word.
    pub(crate) reason: RefundReason,
    /// In minor units; 0 when nothing is left to give back.
    pub(crate) amount_minor: i64,
    /// Of what pieces; adds up to the amount.
    pub(crate) lines: Vec<RefundLine>,
}

/// A refund that was decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Refund {
    /// For what.
    pub(crate) cause: Cause,
    /// In minor units.
    pub(crate) amount_minor: i64,
}

/// All refunds of an order that were decided.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Refunds {
    /// Pieces by SKU.
    pub(crate) pieces: BTreeMap<Sku, u32>,
    /// Their sum, in minor units.
    pub(crate) due_minor: i64,
    /// One by one; at most one for each cause.
    pub(crate) decided: Vec<Refund>,
    /// The planted bug: whoever decides does not look at this.
    #[serde(skip)]
    pub(crate) is_overlooked: bool,
}

/// What `more` pieces of a line are worth, after `before` of its `pieces`: exactly `share` in the end, whatever the
/// parts. Pieces beyond the line are worth nothing.
#[must_use]
pub(super) fn worth(share: i64, pieces: u32, before: u32, more: u32) -> i64 {
    let upto = |count: u32| match pieces {
        0 => 0,
        _ => i128::from(share) * i128::from(count.min(pieces)) / i128::from(pieces),
    };
    i64::try_from(upto(before.saturating_add(more)) - upto(before)).unwrap_or(0)
}

impl Refunds {
    /// Whether a refund for `cause` was decided.
    pub(crate) fn has(&self, cause: &Cause) -> bool {
        self.decided.iter().any(|refund| refund.cause == *cause)
    }

    /// The amount decided for `cause`.
    pub(crate) fn amount_of(&self, cause: &Cause) -> Option<i64> {
        self.decided.iter().find(|refund| refund.cause == *cause).map(|refund| refund.amount_minor)
    }

    /// Pieces of `sku` that were refunded.
    pub(super) fn pieces_of(&self, sku: &Sku) -> u32 {
        self.pieces.get(sku).copied().unwrap_or(0)
    }

    /// Decides a refund of `wanted` pieces, as far as they were not refunded before, and never above `captured_minor`.
    fn decide(
        &mut self,
        terms: &Terms,
        captured_minor: i64,
        (cause, reason): (Cause, RefundReason),
        wanted: &BTreeMap<Sku, u32>,
    ) -> Due {
        let seen = if self.is_overlooked { Self::default() } else { self.clone() };
        let mut left_minor = captured_minor.saturating_sub(seen.due_minor).max(0);
        let mut lines = Vec::new();
        for line in &terms.lines {
            let (pieces, before) = (line.quantity.get(), seen.pieces_of(&line.sku));
            let asked = wanted.get(&line.sku).copied().unwrap_or(0);
            let Ok(quantity) = Quantity::new(asked.min(pieces.saturating_sub(before))) else { continue };
            let amount_minor =
                worth(terms.worth_of(&line.sku), pieces, before, quantity.get()).clamp(0, left_minor);
            left_minor -= amount_minor;
            *self.pieces.entry(line.sku.clone()).or_default() += quantity.get();
            lines.push(RefundLine { sku: line.sku.clone(), quantity, amount_minor });
        }
        let amount_minor = lines.iter().map(|line| line.amount_minor).sum();
        self.due_minor = self.due_minor.saturating_add(amount_minor);
        self.decided.push(Refund { cause: cause.clone(), amount_minor });
        Due { cause, reason, amount_minor, lines }
    }
}

impl Order {
    /// Decides every refund that is due by what is known. Nothing is owed before the money was taken.
    pub(super) fn owed(&mut self) -> Vec<Due> {
        if !self.payment.is_captured {
            return Vec::new();
        }
        let everything: BTreeMap<Sku, u32> =
            self.terms.lines.iter().map(|line| (line.sku.clone(), line.quantity.get())).collect();
        let mut due = Vec::new();
        for (return_id, arrived) in self.arrived() {
            let wanted = if self.refunds.is_overlooked { &everything } else { &arrived };
            due.push(((Cause::Returned { return_id }, RefundReason::Returned), wanted.clone()));
        }
        due.extend(self.end_refund().map(|why| (why, everything)));
        let captured_minor = self.payment.captured_minor;
        due.into_iter()
            .filter(|((cause, _), _)| !self.refunds.has(cause))
            .collect::<Vec<_>>()
            .into_iter()
            .map(|(why, wanted)| self.refunds.decide(&self.terms, captured_minor, why, &wanted))
            .collect()
    }

    /// Why all that is left is owed, if it is.
    fn end_refund(&self) -> Option<(Cause, RefundReason)> {
        let has_ended = matches!(self.stage, Stage::Completed { .. } | Stage::Cancelled { .. });
        match (&self.stage, self.shipment.failed) {
            (_, Some(FailedStage::Lost)) if has_ended => Some((Cause::Undelivered, RefundReason::Lost)),
            (_, Some(FailedStage::Returned)) if has_ended => {
                Some((Cause::Undelivered, RefundReason::Undelivered))
            }
            (Stage::Cancelled { .. }, _) => Some((Cause::Cancelled, RefundReason::Cancelled)),
            _ => None,
        }
    }
}
