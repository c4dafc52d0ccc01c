//! `/notifications`, what customers want to hear of, and addresses that are left alone.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use contracts::card;
use runtime::{Edge, IDEMPOTENCY_KEY, Problem};
use serde::Serialize;
use serde_json::Value;

mod notifications;
mod openapi;
mod page;
mod preferences;
mod suppressions;

pub use openapi::openapi;

/// The longest body, in bytes: what is written here is a few words.
const MAX_BODY_BYTES: usize = 16 * 1024;

/// The routes of the notification service.
pub(crate) fn routes(edge: Edge) -> Router {
    Router::new()
        .route("/notifications", get(notifications::list))
        // An id has slashes, and may be given with them or with %2F.
        .route("/notifications/{*id}", get(notifications::show))
        .route("/customers/{id}/preferences", get(preferences::show).put(preferences::set))
        .route("/suppressions", get(suppressions::list).post(suppressions::add))
        .route("/suppressions/{id}", get(suppressions::show).delete(suppressions::lift))
        .with_state(edge)
}

/// A request's parts that a write looks at.
struct Asked {
    path: String,
    headers: HeaderMap,
    body: Body,
}

impl Asked {
    fn of(request: Request) -> Self {
        let (parts, body) = request.into_parts();
        Self { path: parts.uri.path().to_owned(), headers: parts.headers, body }
    }

    /// The body, once it is JSON by its type, not too long, and without a card number; nor may the key hold one.
    async fn json(self) -> Result<(HeaderMap, axum::body::Bytes, Value), Problem> {
        let media = self.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        if !media.is_some_and(is_json) {
            let title = "Unsupported media type";
            return Err(Problem::new(415, "unsupported-media-type", title, "the body must be JSON")
                .hint("send the header Content-Type: application/json"));
        }
        let body = to_bytes(self.body, MAX_BODY_BYTES).await.map_err(|_| {
            let detail = format!("the body must have at most {MAX_BODY_BYTES} bytes, and arrive whole");
            Problem::new(413, "body-too-large", "Body too large", detail)
        })?;
        let key = self.headers.get(&IDEMPOTENCY_KEY).and_then(|value| value.to_str().ok());
        if key.is_some_and(card::in_text) {
            return Err(card_refused([String::new()]).hint("the header Idempotency-Key holds a card number"));
        }
        let text = std::str::from_utf8(&body).unwrap_or_default();
        let cards = card::in_json(text).map_err(|error| Problem::malformed_json(&error))?;
        if !cards.is_empty() {
            return Err(card_refused(cards));
        }
        let value = serde_json::from_slice(&body).map_err(|error| Problem::malformed_json(&error))?;
        Ok((self.headers, body, value))
    }
}

fn is_json(media: &str) -> bool {
    let essence = media.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
}

fn card_refused(pointers: impl IntoIterator<Item = String>) -> Problem {
    let detail = "the request holds what looks like a payment card number; nothing of it was kept";
    let problem = Problem::new(422, "card-number-refused", "Card number refused", detail);
    let at = |problem: Problem, pointer| problem.at(pointer, "must not hold a card number");
    pointers.into_iter().fold(problem, at)
}

/// The answer, or the problem with the path it is about.
fn answer(path: String, result: Result<Response, Problem>) -> Response {
    result.unwrap_or_else(|problem| Problem { instance: Some(path), ..problem }.into_response())
}

/// 200 with `body` as JSON.
fn ok<T: Serialize>(body: &T) -> Result<Response, Problem> {
    let answer = runtime::Answer::json(200, None, body)?;
    Ok((StatusCode::OK, [(header::CONTENT_TYPE, "application/json")], answer.body).into_response())
}
