//! The way to the simulated provider over HTTP.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use peers::client::{Client, Config, InvalidConfig};

use super::{evidence_heard, query_for, request_for, told_in};
use crate::gateway::{Evidence, Gateway, Happening, Operation, ProviderKey, Told, Unavailable};
use crate::simulated::wire::Request;

/// The longest answer that is read, in bytes: a hundred times the longest honest one.
const MAX_ANSWER_BYTES: usize = 64 * 1024;

/// The simulated provider, over HTTP. Runs on the caller's tokio runtime.
#[derive(Debug, Clone)]
pub struct Http(Client);

impl Http {
    /// A gateway by `config`. Does not connect yet.
    ///
    /// # Errors
    /// [`InvalidConfig`], to be fixed by whoever configured it.
    pub fn new(config: &Config) -> Result<Self, InvalidConfig> {
        Client::new(config, "banyan-payment", MAX_ANSWER_BYTES).map(Self)
    }

    async fn send(&self, request: Request) -> Result<Evidence, Unavailable> {
        evidence_heard(self.0.send(request).await).map(|evidence| self.with_whole_url(evidence))
    }

    /// Where the customer acts, as their browser needs it.
    fn with_whole_url(&self, evidence: Evidence) -> Evidence {
        match evidence {
            Evidence::ActionRequired { reference, action_url, expires_at } => {
                let action_url = self.0.url_of(&action_url).unwrap_or(action_url);
                Evidence::ActionRequired { reference, action_url, expires_at }
            }
            Evidence::Authorized { .. }
            | Evidence::Declined { .. }
            | Evidence::Voided
            | Evidence::NotFound
            | Evidence::Captured { .. }
            | Evidence::Refunded { .. }
            | Evidence::Expired
            | Evidence::Disputed
            | Evidence::Refused { .. }
            | Evidence::Unknown { .. } => evidence,
        }
    }
}

impl Gateway for Http {
    fn execute<'a>(&'a self, operation: &'a Operation) -> BoxFuture<'a, Result<Evidence, Unavailable>> {
        self.send(request_for(operation)).boxed()
    }

    fn query<'a>(&'a self, key: &'a ProviderKey) -> BoxFuture<'a, Result<Evidence, Unavailable>> {
        self.send(query_for(key)).boxed()
    }

    fn told(&self, body: &[u8]) -> Option<Vec<Told>> {
        let whole = |told: Told| match told.what {
            Happening::Answer { key, evidence } => {
                Told { what: Happening::Answer { key, evidence: self.with_whole_url(evidence) }, ..told }
            }
            Happening::Dispute(_) => told,
        };
        Some(told_in(body)?.into_iter().map(whole).collect())
    }
}
