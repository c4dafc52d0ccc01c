//! The way to a peer over HTTP, for adapters.

use std::sync::Arc;
use std::time::Duration;

use reqwest::{Url, header, redirect, retry};
use tokio::sync::Semaphore;

use crate::line::{Answer, Line};
use crate::wire::{Request, Response};

/// How a peer is reached.
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
    #[error("a simulated peer's address must be http:// with a host, got {0:?}")]
    BaseUrl(String),
    /// The client cannot be made.
    #[error("the client of a simulated peer: {0}")]
    Client(String),
}

/// What a caller hears.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// An answer, and how long to wait before the next question, in seconds, when it says so.
    Answer(Response, Option<u32>),
    /// Bytes that are no answer, or too many.
    Unreadable,
    /// Nothing in time.
    Timeout,
    /// The end of the connection.
    Reset,
    /// No connection came about: it was certainly not asked.
    Unreachable,
}

impl From<&Answer<Vec<u8>>> for Heard {
    fn from(answer: &Answer<Vec<u8>>) -> Self {
        match &answer.line {
            Line::Bytes(bytes) => match serde_json::from_slice(bytes) {
                Ok(response) => Self::Answer(response, None),
                Err(_) => Self::Unreadable,
            },
            Line::NeverAnswered => Self::Timeout,
            Line::Reset => Self::Reset,
        }
    }
}

/// Requests under way at once. Each has a connection of its own, with buffers here and there, and more at a time are
/// answered no sooner: they share a commit of the peer's journal as it is. Enough that some which are never answered
/// leave room for the others until they are given up.
const AT_ONCE: usize = 64;

/// Connections that are kept for the next request.
const IDLE: usize = 16;

/// A client of one peer. Runs on the caller's tokio runtime.
#[derive(Debug, Clone)]
pub struct Client {
    base: Url,
    client: reqwest::Client,
    room: Arc<Semaphore>,
    max_answer_bytes: usize,
}

impl Client {
    /// A client by `config` of somebody named `user_agent`, that reads answers of at most `max_answer_bytes`. Does not
    /// connect yet.
    ///
    /// # Errors
    /// [`InvalidConfig`], to be fixed by whoever configured it.
    pub fn new(config: &Config, user_agent: &str, max_answer_bytes: usize) -> Result<Self, InvalidConfig> {
        let invalid = || InvalidConfig::BaseUrl(config.base_url.clone());
        let base = Url::parse(&config.base_url).map_err(|_| invalid())?;
        if base.scheme() != "http" || !base.has_host() {
            return Err(invalid());
        }
        let client = reqwest::Client::builder()
            .connect_timeout(config.connect_timeout)
            .timeout(config.request_timeout)
            .no_proxy()
            .redirect(redirect::Policy::none())
            // Whether to try again is decided where the attempts are counted.
            .retry(retry::never())
            // The others are closed after a burst, with their buffers.
            .pool_max_idle_per_host(IDLE)
            .user_agent(user_agent)
            .build()
            .map_err(|error| InvalidConfig::Client(error.to_string()))?;
        Ok(Self { base, client, room: Arc::new(Semaphore::new(AT_ONCE)), max_answer_bytes })
    }

    /// Where `path` is, for somebody's browser.
    #[must_use]
    pub fn url_of(&self, path: &str) -> Option<String> {
        self.base.join(path).ok().map(String::from)
    }

    /// Asks, and says what came back. Its time begins when there is room for it.
    pub async fn send(&self, request: Request) -> Heard {
        // The semaphore is never closed, so there always is a permit in the end.
        let _room = self.room.acquire().await.ok();
        match self.exchange(request).await {
            Ok(heard) => heard,
            // Only a connection that never came about proves that nothing was sent.
            Err(error) if error.is_connect() => Heard::Unreachable,
            Err(error) if error.is_timeout() => Heard::Timeout,
            Err(_) => Heard::Reset,
        }
    }

    async fn exchange(&self, request: Request) -> Result<Heard, reqwest::Error> {
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
            if body.len() + chunk.len() > self.max_answer_bytes {
                return Ok(Heard::Unreadable);
            }
            body.extend_from_slice(&chunk);
        }
        let text = String::from_utf8(body);
        Ok(text.map_or(Heard::Unreadable, |body| Heard::Answer(Response { status, body }, retry_after_s)))
    }
}
