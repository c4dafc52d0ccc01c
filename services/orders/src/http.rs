//! `/orders`: place, show, list, timeline, cancel, send back.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use runtime::{Edge, Problem, no_cards};
use serde::Serialize;

use crate::config::Config;

mod cancel;
mod list;
mod openapi;
mod place;
mod returns;
mod show;
mod view;

pub use openapi::openapi;

/// The longest body, in bytes: 80 lines and an address are under 20 KB.
pub(crate) const MAX_BODY_BYTES: usize = 1024 * 1024;

/// What every route needs.
#[derive(Clone)]
pub(crate) struct Desk {
    edge: Edge,
    config: Config,
}

pub(crate) fn routes(config: Config) -> impl Fn(Edge) -> Router + Send + Sync {
    move |edge| {
        Router::new()
            .route("/orders", post(place::place).get(list::list))
            .route("/orders/{id}", get(show::show))
            .route("/orders/{id}/timeline", get(show::timeline))
            .route("/orders/{id}/cancel", post(cancel::cancel))
            .route("/orders/{id}/returns", post(returns::send_back))
            .with_state(Desk { edge, config: config.clone() })
    }
}

/// A request's parts that a write looks at.
pub(crate) struct Asked {
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
    async fn json(self) -> Result<(HeaderMap, axum::body::Bytes), Problem> {
        let media = self.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        if !media.is_some_and(is_json) {
            return Err(Problem::new(
                415,
                "unsupported-media-type",
                "Unsupported media type",
                "the body must be JSON",
            )
            .hint("send the header Content-Type: application/json"));
        }
        let body = to_bytes(self.body, MAX_BODY_BYTES).await.map_err(|_| {
            let detail = format!("the body must have at most {MAX_BODY_BYTES} bytes, and arrive whole");
            Problem::new(413, "body-too-large", "Body too large", detail)
        })?;
        no_cards(&self.headers, &body)?;
        Ok((self.headers, body))
    }
}

fn is_json(media: &str) -> bool {
    let essence = media.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
}

fn not_found(id: &str) -> Problem {
    Problem::not_found("order", id)
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
