//! A cart's hold on stock: adopted by an order, let go by the cart, or expired. One document, so only one of them.

use std::collections::BTreeMap;

use contracts::events::stock::StockLine;
use contracts::{CartId, OrderId, Sku, Timestamp};
use serde::{Deserialize, Serialize};

use super::movement::{Kind, MovementLine, lines_of};

/// A hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Hold {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) cart_id: Option<CartId>,
    /// What is held, and where.
    pub(crate) lines: Vec<StockLine>,
    pub(crate) expires_at: Timestamp,
    #[serde(flatten)]
    pub(crate) state: HoldState,
}

/// Where a hold stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub(crate) enum HoldState {
    /// The pieces are reserved for the cart.
    Held,
    /// An order took it over.
    Adopted { order_id: OrderId, at: Timestamp },
    /// Its time was over.
    Expired { at: Timestamp },
    /// The cart let go.
    Released { at: Timestamp },
    /// Some of its pieces turned out to be missing.
    Taken { at: Timestamp },
}

/// How a hold may end without an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ends {
    /// Its time was over.
    Expired,
    /// The cart let go.
    Released,
    /// Some of its pieces turned out to be missing.
    Taken,
}

/// What a timer does to a hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ripe {
    /// It is over: give the pieces back.
    Now,
    /// It rang early: clocks differ.
    At(Timestamp),
    /// It has ended otherwise.
    Ended,
}

impl Hold {
    /// Whether the pieces are still reserved for the cart.
    pub(crate) fn is_held(&self) -> bool {
        match self.state {
            HoldState::Held => true,
            HoldState::Adopted { .. }
            | HoldState::Expired { .. }
            | HoldState::Released { .. }
            | HoldState::Taken { .. } => false,
        }
    }

    /// When it ended.
    pub(crate) fn ended_at(&self) -> Option<Timestamp> {
        match self.state {
            HoldState::Held => None,
            HoldState::Adopted { at, .. }
            | HoldState::Expired { at }
            | HoldState::Released { at }
            | HoldState::Taken { at } => Some(at),
        }
    }

    /// The word for its state.
    pub(crate) fn status(&self) -> &'static str {
        match self.state {
            HoldState::Held => "held",
            HoldState::Adopted { .. } => "adopted",
            HoldState::Expired { .. } => "expired",
            HoldState::Released { .. } => "released",
            HoldState::Taken { .. } => "taken",
        }
    }

    /// What was asked for, each SKU once.
    pub(crate) fn wanted(&self) -> BTreeMap<&Sku, u64> {
        let mut wanted = BTreeMap::new();
        for line in &self.lines {
            *wanted.entry(&line.sku).or_default() += u64::from(line.quantity.get());
        }
        wanted
    }

    /// Until when its pieces are promised, and which; `None` when it has ended.
    pub(crate) fn promised(&self) -> Option<(Timestamp, &[StockLine])> {
        self.is_held().then_some((self.expires_at, self.lines.as_slice()))
    }

    /// What its timer does at `now`.
    pub(crate) fn ripe(&self, now: Timestamp) -> Ripe {
        match self.is_held() {
            false => Ripe::Ended,
            true if now < self.expires_at => Ripe::At(self.expires_at),
            true => Ripe::Now,
        }
    }

    /// Ends it; the pieces go back. Call only while it is held.
    pub(crate) fn end(&mut self, how: Ends, at: Timestamp) -> Vec<MovementLine> {
        let (kind, state) = match how {
            Ends::Expired => (Kind::HoldExpired, HoldState::Expired { at }),
            Ends::Released => (Kind::HoldReleased, HoldState::Released { at }),
            Ends::Taken => (Kind::HoldTaken, HoldState::Taken { at }),
        };
        self.state = state;
        lines_of(kind, &self.lines).collect()
    }
}
