//! Goods that the customer sends back: asked for here, received by shipping.

use std::collections::BTreeMap;

use contracts::events::returns::ReturnedLine;
use contracts::order::{LineQuantity, MAX_LINES};
use contracts::{Quantity, ReturnId, Sku, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Cause, Fault, Order, Refunds, Stage};

/// The most returns of one order that are on their way: more are a mistake, or mischief.
pub(crate) const MAX_OPEN: usize = 20;
/// The most lines that all returns of one order have: they are kept in its document, which must not grow too large.
pub(crate) const MAX_RETURN_LINES: usize = 800;

/// Goods that come back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Return {
    /// This return.
    pub(crate) return_id: ReturnId,
    /// What was announced; nothing when it was received before anybody asked.
    pub(crate) lines: Vec<LineQuantity>,
    /// When it was asked for.
    pub(crate) requested_at: Timestamp,
    /// What arrived, once it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) arrived: Option<BTreeMap<Sku, u32>>,
}

/// Why a return is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotReturnable {
    /// The customer does not have the goods.
    #[error("the order is not delivered")]
    NotDelivered,
    /// Too many are under way.
    #[error("{MAX_OPEN} returns of this order are under way, or its returns have too many lines")]
    TooMany,
    /// Not these lines.
    #[error("the return cannot be taken as it is")]
    Invalid(Vec<Fault>),
}

/// One line of a return as it was asked for.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Wanted {
    /// What.
    pub(crate) sku: String,
    /// How many pieces.
    pub(crate) quantity: i64,
}

impl Order {
    /// Opens a return of `wanted`; answers its lines, each SKU once.
    ///
    /// # Errors
    /// [`NotReturnable`]: nothing has changed.
    pub(crate) fn send_back(
        &mut self,
        return_id: ReturnId,
        wanted: &[Wanted],
        now: Timestamp,
    ) -> Result<Vec<LineQuantity>, NotReturnable> {
        match self.stage {
            Stage::Delivered { .. } | Stage::Completed { .. } => {}
            Stage::Open
            | Stage::Confirmed { .. }
            | Stage::Cancelling { .. }
            | Stage::Dispatched { .. }
            | Stage::Cancelled { .. } => return Err(NotReturnable::NotDelivered),
        }
        let lines = self.lines_of(wanted).map_err(NotReturnable::Invalid)?;
        let open = self.returns.iter().filter(|one| one.arrived.is_none()).count();
        let kept: usize = self.returns.iter().map(|one| one.lines.len()).sum();
        if open >= MAX_OPEN || kept + lines.len() > MAX_RETURN_LINES {
            return Err(NotReturnable::TooMany);
        }
        self.returns.push(Return { return_id, lines: lines.clone(), requested_at: now, arrived: None });
        Ok(lines)
    }

    /// Pieces of `sku` that were bought, were not refunded, and are not on their way back.
    fn returnable(&self, sku: &Sku) -> Option<u32> {
        let bought = self.terms.lines.iter().find(|line| line.sku == *sku)?.quantity.get();
        let announced = |one: &Return| -> u32 {
            one.lines.iter().filter(|line| line.sku == *sku).map(|line| line.quantity.get()).sum()
        };
        let open = self.returns.iter().filter(|one| one.arrived.is_none()).map(announced);
        // What arrived before the money was taken is refunded later, and cannot come back once more.
        let unpaid = self
            .returns
            .iter()
            .filter(|one| !self.refunds.has(&one.cause()))
            .filter_map(|one| one.arrived.as_ref().map(|arrived| arrived.get(sku).copied().unwrap_or(0)));
        let gone = open.chain(unpaid).fold(self.refunds.pieces_of(sku), u32::saturating_add);
        Some(bought.saturating_sub(gone))
    }

    fn lines_of(&self, wanted: &[Wanted]) -> Result<Vec<LineQuantity>, Vec<Fault>> {
        let fault = |pointer: String, message: String| Fault { pointer, message };
        if wanted.is_empty() || wanted.len() > MAX_LINES {
            return Err(vec![fault("/lines".to_owned(), format!("must be 1 to {MAX_LINES} lines"))]);
        }
        let (mut sums, mut faults) = (BTreeMap::<Sku, i64>::new(), Vec::new());
        for (n, line) in wanted.iter().enumerate() {
            let sku = Sku::new(line.sku.as_str()).ok();
            let Some((sku, most)) = sku.and_then(|sku| self.returnable(&sku).map(|most| (sku, most))) else {
                faults.push(fault(format!("/lines/{n}/sku"), "is not part of the order".to_owned()));
                continue;
            };
            let sum = sums.entry(sku).or_default();
            *sum = sum.saturating_add(line.quantity.max(0));
            if line.quantity < 1 || *sum > i64::from(most) {
                let message = format!("must be at least 1, and {most} can be returned");
                faults.push(fault(format!("/lines/{n}/quantity"), message));
            }
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        let line = |(sku, sum)| {
            let quantity = u32::try_from(sum).ok().and_then(|sum| Quantity::new(sum).ok())?;
            Some(LineQuantity { sku, quantity })
        };
        Ok(sums.into_iter().filter_map(line).collect())
    }

    /// return.received: what arrived counts, whatever was announced, and the first telling counts.
    pub(super) fn receive(&mut self, return_id: &ReturnId, lines: &[ReturnedLine], now: Timestamp) {
        let mut arrived = BTreeMap::new();
        for line in lines {
            // What is not part of the order is worth nothing, and not kept.
            if self.terms.lines.iter().any(|bought| bought.sku == line.sku) {
                let sum: &mut u32 = arrived.entry(line.sku.clone()).or_default();
                *sum = sum.saturating_add(line.quantity.get());
            }
        }
        let is_full = self.returns.len() >= MAX_OPEN;
        match self.returns.iter_mut().find(|one| one.return_id == *return_id) {
            Some(one) => {
                one.arrived.get_or_insert(arrived);
            }
            None if is_full => {}
            None => self.returns.push(Return {
                return_id: return_id.clone(),
                lines: Vec::new(),
                requested_at: now,
                arrived: Some(arrived),
            }),
        }
    }

    /// The returns that arrived, and what did.
    pub(super) fn arrived(&self) -> Vec<(ReturnId, BTreeMap<Sku, u32>)> {
        let arrived = |one: &Return| Some((one.return_id.clone(), one.arrived.clone()?));
        self.returns.iter().filter_map(arrived).collect()
    }
}

impl Return {
    /// How it stands, in the word that callers see; `refunded` is the money that was given back for it.
    pub(crate) fn status(&self, refunds: &Refunds, refunded: Option<i64>) -> &'static str {
        let nothing_due = refunds.amount_of(&self.cause()) == Some(0);
        match &self.arrived {
            None => "requested",
            Some(_) if refunded.is_some() || nothing_due => "refunded",
            Some(_) => "received",
        }
    }

    /// What its refund is for.
    pub(crate) fn cause(&self) -> Cause {
        Cause::Returned { return_id: self.return_id.clone() }
    }
}
