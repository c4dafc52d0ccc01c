//! What a deployment may choose.

use runtime::signature::Secret;

/// The choices of one deployment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// The provider's name: in events, and in the path of its webhooks.
    pub provider: &'static str,
    /// What webhooks are signed with; several while one is replaced by another. None: webhooks are refused, and what
    /// only they tell, disputes above all, is not heard of.
    pub webhook_secrets: Vec<Secret>,
}

impl Default for Config {
    fn default() -> Self {
        Self { provider: "simulated", webhook_secrets: Vec::new() }
    }
}
