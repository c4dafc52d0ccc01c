//! What a deployment may set.

use std::time::Duration;

use contracts::Currency;

use crate::domain::Awaited;

/// How `orders` behaves. The defaults are safe for a laptop and for a shop.
#[derive(Debug, Clone)]
pub struct Config {
    /// How long stock and payment may take before the order is cancelled.
    pub deadline: Duration,
    /// How long a confirmed order may wait before somebody should look.
    pub patience: Patience,
    /// What an amount of zero is a zero of, when an order is cancelled of which nobody ever said more than its id.
    pub shop_currency: Currency,
}

/// How long a confirmed order may wait for what comes next before `order.stalled` says so. No money moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// For the parcel to be packed and labelled.
    pub ready: Duration,
    /// For the money to be taken.
    pub captured: Duration,
    /// For the parcel to leave.
    pub dispatched: Duration,
    /// For the parcel to arrive.
    pub delivered: Duration,
    /// For the answer whether the parcel could be stopped.
    pub cancelling: Duration,
}

impl Patience {
    pub(crate) fn with(&self, awaited: Awaited) -> Duration {
        match awaited {
            Awaited::Ready => self.ready,
            Awaited::Captured => self.captured,
            Awaited::Dispatched => self.dispatched,
            Awaited::Delivered => self.delivered,
            Awaited::Stopped => self.cancelling,
        }
    }
}

const HOUR: Duration = Duration::from_secs(3600);

impl Default for Patience {
    fn default() -> Self {
        Self {
            ready: HOUR * 24,
            captured: HOUR * 2,
            dispatched: HOUR * 48,
            delivered: HOUR * 24 * 31,
            cancelling: HOUR * 24,
        }
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            deadline: Duration::from_secs(30 * 60),
            patience: Patience::default(),
            shop_currency: Currency::GBP,
        }
    }
}
