//! What a deployment may choose.

use std::time::Duration;

/// The choices of one deployment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Stock is low at this many available pieces or fewer, unless its card says otherwise; `None` = never.
    pub low_stock: Option<u32>,
    /// How long a cart's hold lasts when the storefront does not say.
    pub hold_ttl: Duration,
    /// The longest that a storefront may ask for.
    pub hold_ttl_max: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            low_stock: Some(5),
            hold_ttl: Duration::from_secs(15 * 60),
            hold_ttl_max: Duration::from_secs(60 * 60),
        }
    }
}
