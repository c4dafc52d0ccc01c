//! The way to the simulated provider over HTTP.

use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use reqwest::{Client, Url, header, redirect, retry};

use super::{evidence_from, query_for, request_for, told_in};
use crate::gateway::{Evidence, Gateway, Happening, Operation, ProviderKey, Told, Unavailable, Why};
use crate::simulated::wire::Request;

/// The longest answer that is read, in bytes: a hundred times the longest honest one.
const MAX_ANSWER_BYTES: usize = 64 * 1024;

/// How the simulated provider is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Its origin, such as `http://127.0.0.1:7100`.
    pub base_url: String,
    /// How long a connection may take to come about.
    pub connect_timeout: Duration,
    /// How long the whole of a request may take.
    pub request_timeout: Duration,
}

/// The configuration cannot work.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidConfig {
    /// Not an origin that speaks plain HTTP.
    #[error("simulated provider's address must be http:// with a host, got {0:?}")]
    BaseUrl(String),
    /// The client cannot be made.
    #[error("simulated provider's client: {0}")]
    Client(String),
}

/// The simulated provider, over HTTP. Runs on the caller's tokio runtime.
#[derive(Debug, Clone)]
pub struct Http {
    base: Url,
    client: Client,
}

/// An answer, as much of it as matters here.
struct Answered {
    status: u16,
    body: String,
    retry_after_s: Option<u32>,
}

impl Http {
    /// A gateway by `config`. Does not connect yet.
    ///
    /// # Errors
    /// [`InvalidConfig`], to be fixed by whoever configured it.
    pub fn new(config: &Config) -> Result<Self, InvalidConfig> {
        let invalid = || InvalidConfig::BaseUrl(config.base_url.clone());
        let base = Url::parse(&config.base_url).map_err(|_| invalid())?;
        if base.scheme() != "http" || !base.has_host() {
            return Err(invalid());
        }
        let client = Client::builder()
            .connect_timeout(config.connect_timeout)
            .timeout(config.request_timeout)
            .no_proxy()
            .redirect(redirect::Policy::none())
            // Whether to try again is decided where the attempts are counted.
            .retry(retry::never())
            .user_agent("banyan-payment")
            .build()
            .map_err(|error| InvalidConfig::Client(error.to_string()))?;
        Ok(Self { base, client })
    }

    async fn send(&self, request: Request) -> Result<Evidence, Unavailable> {
        match self.exchange(request).await {
            Ok(Some(Answered { status, body, retry_after_s })) => match evidence_from(status, &body) {
                Err(Unavailable::Throttled { .. }) => Err(Unavailable::Throttled { retry_after_s }),
                evidence => evidence.map(|evidence| self.with_whole_url(evidence)),
            },
            Ok(None) => Ok(Evidence::Unknown { why: Why::Unreadable }),
            // Only a connection that never came about proves that nothing was sent.
            Err(error) if error.is_connect() => Err(Unavailable::Unreachable),
            Err(error) if error.is_timeout() => Ok(Evidence::Unknown { why: Why::Timeout }),
            Err(_) => Ok(Evidence::Unknown { why: Why::Reset }),
        }
    }

    /// `None` when the body is too long or no text.
    async fn exchange(&self, request: Request) -> Result<Option<Answered>, reqwest::Error> {
        let mut url = self.base.clone();
        url.set_path(&request.path);
        let sending = if request.method == "GET" { self.client.get(url) } else { self.client.post(url) };
        let sending = match request.key {
            Some(key) => sending.header("idempotency-key", key),
            None => sending,
        };
        let mut response =
            sending.header("content-type", "application/json").body(request.body).send().await?;
        let status = response.status().as_u16();
        let retry_after = response.headers().get(header::RETRY_AFTER).and_then(|value| value.to_str().ok());
        // Seconds; where it is a date (RFC 9110, 10.2.3), the caller's own wait has to do.
        let retry_after_s = retry_after.and_then(|text| text.parse().ok());
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            if body.len() + chunk.len() > MAX_ANSWER_BYTES {
                return Ok(None);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(String::from_utf8(body).ok().map(|body| Answered { status, body, retry_after_s }))
    }

    /// Where the customer acts, as their browser needs it.
    fn with_whole_url(&self, evidence: Evidence) -> Evidence {
        match evidence {
            Evidence::ActionRequired { reference, action_url, expires_at } => {
                let action_url = self.base.join(&action_url).map_or(action_url, String::from);
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
