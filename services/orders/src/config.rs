//! What a deployment may set.

use std::time::Duration;

use contracts::Currency;

/// How `orders` behaves. The defaults are safe for a laptop and for a shop.
#[derive(Debug, Clone)]
pub struct Config {
    /// How long stock and payment may take before the order is cancelled.
    pub deadline: Duration,
    /// What an amount of zero is a zero of, when an order is cancelled of which nobody ever said more than its id.
    pub shop_currency: Currency,
}

impl Default for Config {
    fn default() -> Self {
        Self { deadline: Duration::from_secs(30 * 60), shop_currency: Currency::GBP }
    }
}
