//! What a deployment may set.

/// How `notification` behaves. The defaults are safe for a laptop: no operator is written to.
#[derive(Debug, Clone)]
pub struct Config {
    /// What the shop calls itself in its messages.
    pub shop: String,
    /// The language of whoever did not say, as a BCP 47 tag; also the operators'.
    pub locale: String,
    /// Who hears of stock that is low or short; nobody when absent.
    pub operator: Option<String>,
}

impl Default for Config {
    fn default() -> Self {
        Self { shop: "Banyan".to_owned(), locale: "en".to_owned(), operator: None }
    }
}
