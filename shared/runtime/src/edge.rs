//! The HTTP edge: a write is a unit of work whose record is keyed by (caller, route, Idempotency-Key) and holds body
//! hash and answer.
//!
//! Equal requests at once both execute; put-if-absent picks one, the other replays its bytes: no lock, no waiting.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use contracts::{MessageId, TraceParent, card};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use store::{Key, OutageKind};

use crate::core::Core;
use crate::execute::{Ended, Plan, Runs};
use crate::fail::Fail;
use crate::policy::ANSWER_KEPT;
use crate::problem::Problem;
use crate::reader::Reader;
use crate::uow::{Cause, Uow};

/// The header that makes a write repeatable.
pub const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// Set on an answer that was stored by an earlier request.
pub const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// What an HTTP route of a service can do.
#[derive(Clone)]
pub struct Edge {
    pub(crate) core: Arc<Core>,
}

/// A write as it came in.
#[derive(Debug, Clone)]
pub struct Write {
    /// Who asks; keys of different callers never meet.
    pub caller: String,
    /// Which route, with its path parameters.
    pub route: String,
    /// The Idempotency-Key; a fresh one when the caller gave none.
    pub key: String,
    /// The body, for its hash.
    pub body: Bytes,
    /// The caller's trace.
    pub trace: Option<TraceParent>,
}

/// What a write does, under the same rules as a [`crate::Handler`].
pub trait Command: Send + Sync {
    /// Decides and changes; the answer is stored with the changes.
    ///
    /// # Errors
    /// A [`Refusal`] stores nothing.
    fn run(&self, uow: &mut Uow) -> impl Future<Output = Result<Answer, Refusal>> + Send;
}

/// The answer to a write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// 200, 201 or 202.
    pub status: u16,
    /// Where the made thing is.
    pub location: Option<String>,
    /// JSON.
    pub body: Bytes,
}

impl Answer {
    /// An answer with `body` as JSON.
    ///
    /// # Errors
    /// [`Fail::Permanent`]: it cannot be written as JSON, a programmer error.
    pub fn json<T: Serialize>(status: u16, location: Option<String>, body: &T) -> Result<Self, Fail> {
        let body = serde_json::to_vec(body).map_err(|error| Fail::Permanent {
            reason: "an answer cannot be written as JSON".to_owned(),
            source: Some(error.into()),
        })?;
        Ok(Self { status, location, body: body.into() })
    }
}

/// Why a write was not done.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// The caller must change something.
    #[error("refused")]
    Problem(Box<Problem>),
    /// Something failed here.
    #[error("failed")]
    Fail(#[from] Fail),
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self::Problem(Box::new(problem))
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Problem(problem) => *problem,
            Refusal::Fail(fail) => fail.into(),
        }
    }
}

/// What is stored for a key.
#[derive(Serialize, Deserialize)]
struct Stored {
    hash: String,
    status: u16,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    location: Option<String>,
    body: Box<RawValue>,
}

impl Edge {
    /// For reads.
    #[must_use]
    pub fn reader(&self) -> Reader {
        Reader::new(self.core.store.clone(), self.core.env.clone())
    }

    /// The time now.
    #[must_use]
    pub fn now(&self) -> contracts::Timestamp {
        self.core.env.now()
    }

    /// The write that a request's headers and body make. `route` names the route with its path parameters.
    ///
    /// # Errors
    /// A problem when the Idempotency-Key is not 1 to 255 visible ASCII characters, or when anything holds a card
    /// number: whatever a service does with a write, none gets that far.
    pub fn write(
        &self,
        route: impl Into<String>,
        headers: &HeaderMap,
        body: Bytes,
    ) -> Result<Write, Problem> {
        no_cards(headers, &body)?;
        self.heard(route, headers, body)
    }

    /// The write that a peer's webhook makes, once its signature is known to be right. Its numbers are the peer's own: a
    /// carrier that numbers parcels has some that pass for a card's, and what it tells of them must not get lost.
    ///
    /// # Errors
    /// A problem when the Idempotency-Key is not 1 to 255 visible ASCII characters.
    pub fn heard(
        &self,
        route: impl Into<String>,
        headers: &HeaderMap,
        body: Bytes,
    ) -> Result<Write, Problem> {
        let key = match headers.get(&IDEMPOTENCY_KEY) {
            None => self.core.env.fresh_id().to_string(),
            Some(value) => key_of(value)?,
        };
        let caller =
            headers.get("banyan-caller").and_then(|v| v.to_str().ok()).unwrap_or("anonymous").to_owned();
        let trace = headers.get("traceparent").and_then(|v| v.to_str().ok());
        let trace = trace.and_then(|text| TraceParent::try_from(text.to_owned()).ok());
        Ok(Write { caller, route: route.into(), key, body, trace })
    }

    /// Does `command` once for `write`'s key, however often it is sent.
    ///
    /// # Errors
    /// A problem: refused, reused key, overloaded, unknown outcome.
    pub async fn run<C: Command>(&self, write: &Write, command: &C) -> Result<Response, Problem> {
        let core = &self.core;
        let hash = hex(&Sha256::digest(&write.body));
        let record = Key::new(core.names.request.clone(), request_id(write));
        if let Some(response) = self.replay(&record, write, &hash).await? {
            return Ok(response);
        }
        core.is_asked.store(true, Relaxed);
        let waiting = core.backlog.load(Relaxed);
        if waiting > core.policy.backlog_limit {
            return Err(Problem::overloaded(format!("{waiting} messages wait to be handled")));
        }
        let id = MessageId(core.env.fresh_id());
        let trace = write.trace.map_or_else(|| TraceParent::root(id), |trace| trace.child(id));
        let plan = Plan {
            cause: Cause { id, known: id, trace, correlation: None, lane: id.to_string(), attempt: 0 },
            record: record.clone(),
            expires: core.env.now().plus(ANSWER_KEPT),
            settles: None,
            besides: vec![],
        };
        let what = Commanding { command, hash: &hash };
        let executed = core.execute::<Refusal>(&plan, &what).await;
        core.stir();
        match executed {
            Err(refusal) => self.refuse(refusal, &record, write, &hash).await,
            Ok(ended @ (Ended::Committed | Ended::Duplicate)) => {
                // What this execution committed is with the relay already.
                if matches!(ended, Ended::Duplicate) {
                    core.publish_stored(&record).await?;
                }
                let stored = self.replay(&record, write, &hash).await?;
                stored.ok_or_else(Problem::outcome_unknown).map(first_time)
            }
            Ok(Ended::Busy) => Err(Problem::overloaded("too many changes of the same thing at once")),
            Ok(Ended::Unknown) => Err(Problem::outcome_unknown()),
        }
    }

    /// The refusal, unless an equal request was carried out meanwhile: what it did may be all that this one was refused
    /// for, and who hears the refusal last would believe that nothing was done.
    async fn refuse(
        &self,
        refusal: Refusal,
        record: &Key,
        write: &Write,
        hash: &str,
    ) -> Result<Response, Problem> {
        match &refusal {
            Refusal::Problem(_) => {
                if let Some(response) = self.replay(record, write, hash).await? {
                    return Ok(response);
                }
            }
            // What stops requests stops messages too: readiness says so, and a probe finds out when it is over.
            // A fault of the program in one route stops nothing else.
            Refusal::Fail(Fail::Outage(outage)) if outage.kind != OutageKind::Undeclared => {
                self.core.gate.close(outage.to_string());
            }
            Refusal::Fail(_) => {}
        }
        Err(refusal.into())
    }

    /// The stored answer, if this key has one.
    async fn replay(&self, record: &Key, write: &Write, hash: &str) -> Result<Option<Response>, Problem> {
        let Some(found) = self.core.record(record.clone()).await? else { return Ok(None) };
        let stored: Stored = serde_json::from_slice(&found.note).map_err(|error| {
            Problem::from(Fail::permanent(format!("a stored answer cannot be read: {error}")))
        })?;
        if stored.hash != hash {
            let detail = format!("the Idempotency-Key {:?} was used with another body", write.key);
            return Err(Problem::new(422, "idempotency-key-reused", "Idempotency-Key reused", detail)
                .hint("use a new key for a new request"));
        }
        Ok(Some(response(&stored, &write.key)))
    }
}

/// A command, and what its answer is stored with.
struct Commanding<'r, C> {
    command: &'r C,
    hash: &'r str,
}

impl<C: Command> Runs<Refusal> for Commanding<'_, C> {
    fn run<'a>(&'a self, uow: &'a mut Uow) -> store::Boxed<'a, Result<Bytes, Refusal>> {
        Box::pin(async move {
            let answer = self.command.run(uow).await?;
            let body = serde_json::from_slice(&answer.body)
                .map_err(|error| Fail::permanent(format!("an answer is not JSON: {error}")))?;
            let hash = self.hash.to_owned();
            let stored = Stored { hash, status: answer.status, location: answer.location, body };
            let note = serde_json::to_vec(&stored).map_err(|error| Fail::permanent(error.to_string()))?;
            Ok(note.into())
        })
    }
}

fn response(stored: &Stored, key: &str) -> Response {
    let status = StatusCode::from_u16(stored.status).unwrap_or(StatusCode::OK);
    let mut response = (status, stored.body.get().to_owned()).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(REPLAYED, HeaderValue::from_static("true"));
    if let Ok(value) = HeaderValue::from_str(key) {
        headers.insert(IDEMPOTENCY_KEY, value);
    }
    if let Some(Ok(value)) = stored.location.as_deref().map(HeaderValue::from_str) {
        headers.insert(header::LOCATION, value);
    }
    response
}

fn first_time(mut response: Response) -> Response {
    response.headers_mut().remove(REPLAYED);
    response
}

/// Refuses a request whose Idempotency-Key or body holds a card number. For routes that look into a body before they
/// make it a [`Write`].
///
/// # Errors
/// The problem `card-number-refused`, with the fields.
pub fn no_cards(headers: &HeaderMap, body: &[u8]) -> Result<(), Problem> {
    let key = headers.get(&IDEMPOTENCY_KEY).and_then(|value| value.to_str().ok());
    if key.is_some_and(card::in_text) {
        return Err(Problem::card_number_refused([String::new()])
            .hint("the header Idempotency-Key holds a card number"));
    }
    let text = String::from_utf8_lossy(body);
    // What is not JSON is refused by whoever reads it.
    let pointers = card::in_json(&text).unwrap_or_default();
    if pointers.is_empty() { Ok(()) } else { Err(Problem::card_number_refused(pointers)) }
}

fn key_of(value: &HeaderValue) -> Result<String, Problem> {
    let text = value
        .to_str()
        .ok()
        .filter(|t| (1..=255).contains(&t.len()) && t.bytes().all(|b| b.is_ascii_graphic()));
    text.map(str::to_owned).ok_or_else(|| {
        Problem::new(
            400,
            "invalid-idempotency-key",
            "Invalid Idempotency-Key",
            "the header Idempotency-Key must be 1 to 255 visible ASCII characters",
        )
    })
}

/// Where the record of a request is: callers and routes cannot make each other's keys.
fn request_id(write: &Write) -> String {
    MessageId::named(&["request", &write.caller, &write.route, &write.key]).to_string()
}

/// Lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
