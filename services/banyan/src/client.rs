//! The HTTP client that the command line and the demo use.

mod apart;
mod events;
mod metrics;
mod queues;
mod retry;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use reqwest::{Method, Response, StatusCode, header};
use runtime::Problem;
use runtime::signature::Secret;
use serde::de::DeserializeOwned;

use crate::config::Config;
use apart::{Places, Way};
pub use events::{Follower, Heard};
pub use metrics::{Activity, activity};
pub use queues::queued;
pub use retry::{Patience, Write};

/// JSON as it is sent and answered.
pub const JSON: &str = "application/json";
/// How long a server may take to take a connection.
const CONNECT: Duration = Duration::from_secs(5);
/// How long an answer may take.
const ANSWER: Duration = Duration::from_secs(60);
/// For an audit, which reads all that there is: some hundred thousand orders.
const AUDIT: Duration = Duration::from_secs(600);

/// Talks to a running banyan.
#[derive(Debug, Clone)]
pub struct Client {
    base: String,
    apart: Arc<Places>,
    token: Option<Secret>,
    http: reqwest::Client,
}

/// Why there is no answer to use.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nothing listens there.
    #[error("nothing answers at {0}; start one with `banyan dev`, or say where with --url")]
    Unreachable(String),
    /// Services are processes of their own, and nobody said where this one is.
    #[error("nobody says where {0} is; add {0}=http://... to --url")]
    Nowhere(&'static str),
    /// The answer was lost.
    #[error("the answer was lost; nobody knows whether it was done")]
    Lost(#[source] reqwest::Error),
    /// Refused, with reasons.
    #[error("{}", refusal(.0))]
    Refused(Box<Problem>),
    /// Not an answer of banyan.
    #[error("not an answer of banyan: {0}; is --url right?")]
    Nonsense(String),
}

fn refusal(problem: &Problem) -> String {
    let mut text = format!("{} ({} {})", problem.detail, problem.status, problem.slug());
    for (at, error) in problem.errors.iter().enumerate() {
        let lead = if at == 0 { ": " } else { "; " };
        text.push_str(&format!("{lead}{} {}", error.pointer, error.message));
    }
    if let Some(hint) = &problem.hint {
        text.push_str(&format!("; hint: {hint}"));
    }
    text
}

impl Error {
    /// Whether the same request, with the same key, may do better after a while.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Unreachable(_) | Self::Lost(_) => true,
            Self::Refused(problem) => matches!(problem.status, 429 | 503),
            Self::Nonsense(_) | Self::Nowhere(_) => false,
        }
    }

    /// How long the server wants to be left alone.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Refused(problem) => problem.retry_after_s.map(|s| Duration::from_secs(s.into())),
            Self::Unreachable(_) | Self::Lost(_) | Self::Nonsense(_) | Self::Nowhere(_) => None,
        }
    }
}

impl Client {
    /// A client of the banyan at `base`.
    ///
    /// # Errors
    /// The client cannot be made on this system.
    pub fn new(base: impl Into<String>) -> Result<Self, reqwest::Error> {
        let http = reqwest::Client::builder().connect_timeout(CONNECT).timeout(ANSWER).no_proxy().build()?;
        Ok(Self { base: base.into(), apart: Arc::default(), token: None, http })
    }

    /// A client of what `config` names, with its token.
    ///
    /// # Errors
    /// The client cannot be made on this system.
    pub fn of(config: &Config) -> Result<Self, reqwest::Error> {
        let apart = Arc::new(config.apart.clone());
        Ok(Self { apart, token: config.serving.token.clone(), ..Self::new(&config.url)? })
    }

    /// A client of services at `apart`, which ask for `token`.
    ///
    /// # Errors
    /// The client cannot be made on this system.
    pub(crate) fn of_all(apart: Places, token: Secret) -> Result<Self, reqwest::Error> {
        Ok(Self { apart: Arc::new(apart), token: Some(token), ..Self::new("")? })
    }

    /// Where it talks to.
    #[must_use]
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Reads.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Error> {
        match self.way(&Method::GET, path)? {
            Way::One(base) => parse(&self.ask(Method::GET, base, path).await?),
            Way::Each(places) => {
                let joined = self.joined(places, path).await?;
                serde_json::from_value(joined).map_err(|error| Error::Nonsense(error.to_string()))
            }
        }
    }

    /// Reads what may not be there: neither such a thing, nor such a route.
    ///
    /// # Errors
    /// [`Error`], but for 404.
    pub async fn find<T: DeserializeOwned>(&self, path: &str) -> Result<Option<T>, Error> {
        match self.get(path).await {
            Ok(found) => Ok(Some(found)),
            Err(Error::Refused(problem)) if problem.status == 404 => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Reads what is not JSON.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn get_text(&self, path: &str) -> Result<String, Error> {
        let body = match self.way(&Method::GET, path)? {
            Way::One(base) => self.ask(Method::GET, base, path).await?,
            Way::Each(places) => self.texts(places, path).await?,
        };
        Ok(String::from_utf8_lossy(&body).into_owned())
    }

    /// Writes once.
    ///
    /// # Errors
    /// [`Error`]; after [`Error::Lost`] the same may be sent again: it is done once.
    pub async fn post<T: DeserializeOwned>(&self, write: &Write) -> Result<T, Error> {
        parse(&self.deliver(write).await?)
    }

    /// Writes once, and leaves the answer unread.
    async fn deliver(&self, write: &Write) -> Result<Bytes, Error> {
        match self.way(&Method::POST, &write.path)? {
            Way::One(base) => self.deliver_to(base, write).await,
            Way::Each(places) => self.delivered_to_each(places, write).await,
        }
    }

    async fn deliver_to(&self, base: &str, write: &Write) -> Result<Bytes, Error> {
        let request = self.request(Method::POST, base, &write.path).header(header::CONTENT_TYPE, write.media);
        let request = match &write.key {
            Some(key) => request.header("idempotency-key", key),
            None => request,
        };
        send(base, request.body(write.body.clone())).await
    }

    /// Responses that go on, such as streams of events: one of each process.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn streams(&self, path: &str) -> Result<Vec<Response>, Error> {
        let bases = match self.way(&Method::GET, path)? {
            Way::One(base) => vec![base],
            Way::Each(places) => places.iter().map(|(_, url)| url.as_str()).collect(),
        };
        let mut responses = Vec::new();
        for base in bases {
            let request = self.request(Method::GET, base, path).timeout(Duration::MAX);
            let response = request.send().await.map_err(|error| failed(base, error))?;
            if !response.status().is_success() {
                return Err(refused(response).await);
            }
            responses.push(response);
        }
        Ok(responses)
    }

    fn request(&self, method: Method, base: &str, path: &str) -> reqwest::RequestBuilder {
        let request = self.http.request(method, format!("{base}{path}"));
        let request = if path == "/audit" { request.timeout(AUDIT) } else { request };
        match &self.token {
            Some(token) => request.bearer_auth(token.expose()),
            None => request,
        }
    }

    async fn ask(&self, method: Method, base: &str, path: &str) -> Result<Bytes, Error> {
        send(base, self.request(method, base, path)).await
    }
}

fn failed(base: &str, error: reqwest::Error) -> Error {
    if error.is_connect() { Error::Unreachable(base.to_owned()) } else { Error::Lost(error.without_url()) }
}

async fn send(base: &str, request: reqwest::RequestBuilder) -> Result<Bytes, Error> {
    let response = request.send().await.map_err(|error| failed(base, error))?;
    if !response.status().is_success() {
        return Err(refused(response).await);
    }
    response.bytes().await.map_err(Error::Lost)
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Error> {
    serde_json::from_slice(body).map_err(|error| Error::Nonsense(error.to_string()))
}

async fn refused(response: Response) -> Error {
    let status = response.status();
    let after = response.headers().get(header::RETRY_AFTER).and_then(|value| value.to_str().ok());
    let after = after.and_then(|seconds| seconds.parse().ok());
    match response.bytes().await {
        Ok(body) => problem(status, after, &body),
        Err(error) => Error::Lost(error),
    }
}

fn problem(status: StatusCode, after: Option<u32>, body: &[u8]) -> Error {
    match serde_json::from_slice::<Problem>(body) {
        Ok(problem) => Error::Refused(Box::new(Problem { retry_after_s: after, ..problem })),
        // A health route, or a gateway in between: not a problem document, and still an answer.
        Err(_) => {
            let verdict = serde_json::from_slice(body).ok();
            let detail = verdict.map_or_else(
                || {
                    format!(
                        "it answered {:?}",
                        String::from_utf8_lossy(body).trim().chars().take(200).collect::<String>()
                    )
                },
                |Verdict { status, reasons }| format!("it is {status}: {}", reasons.join("; ")),
            );
            let problem = Problem::new(status.as_u16(), "unavailable", "Unavailable", detail);
            Error::Refused(Box::new(Problem { retry_after_s: after, ..problem }))
        }
    }
}

/// What a health route says that is not content.
#[derive(serde::Deserialize)]
struct Verdict {
    status: String,
    reasons: Vec<String>,
}

/// `text` as a segment of a path or a value of a query: ids may hold `/`, `+` and blanks.
#[must_use]
pub fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                escaped.push(char::from(byte))
            }
            other => escaped.push_str(&format!("%{other:02X}")),
        }
    }
    escaped
}

/// `path` with those of the named values that there are.
#[must_use]
pub fn with_query(path: &str, values: &[(&str, Option<&str>)]) -> String {
    let pairs: Vec<String> = values
        .iter()
        .filter_map(|(name, value)| value.map(|value| format!("{name}={}", escaped(value))))
        .collect();
    if pairs.is_empty() { path.to_owned() } else { format!("{path}?{}", pairs.join("&")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_one_line_with_every_field_and_the_hint() {
        let problem = Problem::new(422, "invalid-order", "Invalid order", "the order cannot be taken")
            .at("/currency", "unknown")
            .at("/lines/0/sku", "empty")
            .hint("correct it");
        assert_eq!(
            Error::Refused(Box::new(problem)).to_string(),
            "the order cannot be taken (422 invalid-order): /currency unknown; /lines/0/sku empty; hint: correct it"
        );
    }

    #[test]
    fn only_what_may_pass_is_tried_again() {
        let refused = |status| Error::Refused(Box::new(Problem::new(status, "x", "X", "x").retry_after(3)));
        for (status, is_passing) in [(429, true), (503, true), (422, false), (409, false), (500, false)] {
            assert_eq!(refused(status).is_passing(), is_passing, "{status}");
        }
        assert_eq!(refused(429).retry_after(), Some(Duration::from_secs(3)));
        assert!(Error::Unreachable(String::new()).is_passing());
        assert!(!Error::Nonsense(String::new()).is_passing());
    }

    #[test]
    fn what_is_no_problem_document_is_told_all_the_same() {
        let told = |body: &str| problem(StatusCode::SERVICE_UNAVAILABLE, Some(2), body.as_bytes());
        let verdict = told(r#"{"status":"not ready","reasons":["disk full","draining"]}"#);
        assert_eq!(verdict.to_string(), "it is not ready: disk full; draining (503 unavailable)");
        assert_eq!(told("<h1>Bad gateway").to_string(), "it answered \"<h1>Bad gateway\" (503 unavailable)");
        assert_eq!(verdict.retry_after(), Some(Duration::from_secs(2)));
    }

    #[test]
    fn ids_with_odd_characters_stay_one_segment() {
        assert_eq!(escaped("a/b c+d%"), "a%2Fb%20c%2Bd%25");
        assert_eq!(
            with_query("/orders", &[("status", None), ("customer_id", Some("a b"))]),
            "/orders?customer_id=a%20b"
        );
        assert_eq!(with_query("/orders", &[("status", None)]), "/orders");
    }
}
