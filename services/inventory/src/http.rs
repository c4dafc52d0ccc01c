//! The routes, and what they have in common.

mod adjust;
mod form;
mod holds;
mod openapi;
mod quarantine;
mod stock;
mod transfer;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use runtime::{Edge, Problem, no_cards};
use serde::Serialize;

use crate::config::Config;

pub use openapi::openapi;

/// A batch of 45 adjustments, or a cart of 80 lines, is some 10 KB; this is the limit of every route of Banyan.
const BODY_BYTES: usize = 1024 * 1024;

/// What the routes work with.
#[derive(Clone)]
struct Desk {
    edge: Edge,
    config: Config,
}

/// `/stock` and `/holds`.
pub(crate) fn routes(edge: Edge, config: Config) -> Router {
    Router::new()
        .route("/stock/adjust", post(adjust::adjust_many))
        .route("/stock/transfers", post(transfer::create))
        .route("/stock/{sku}", get(stock::show).put(stock::put_card))
        .route("/stock/{sku}/adjust", post(adjust::adjust_one))
        .route("/stock/{sku}/quarantine", post(quarantine::decide))
        .route("/holds", post(holds::create))
        .route("/holds/{id}", get(holds::show).delete(holds::release))
        .layer(DefaultBodyLimit::max(BODY_BYTES))
        .with_state(Desk { edge, config })
}

/// A body as it comes from axum: perhaps too large.
type Body = Result<axum::body::Bytes, BytesRejection>;

/// The bytes and the JSON of a body.
fn read(headers: &HeaderMap, body: Body) -> Result<(axum::body::Bytes, serde_json::Value), Problem> {
    let body = body.map_err(|rejection| match rejection {
        BytesRejection::FailedToBufferBody(failed) if failed.status().as_u16() == 413 => Problem::new(
            413,
            "body-too-large",
            "Body too large",
            format!("the body is larger than {BODY_BYTES} bytes"),
        ),
        other => Problem::new(400, "unreadable-body", "Unreadable body", other.body_text()),
    })?;
    let media = headers.get(header::CONTENT_TYPE).map(|value| value.to_str().unwrap_or_default());
    if media.is_some_and(|media| !is_json(media)) {
        return Err(Problem::new(
            415,
            "unsupported-media-type",
            "Unsupported media type",
            "the body must be JSON",
        )
        .hint("send content-type: application/json"));
    }
    no_cards(headers, &body)?;
    let value = serde_json::from_slice(&body).map_err(|error| Problem::malformed_json(&error))?;
    Ok((body, value))
}

fn is_json(media: &str) -> bool {
    let media = media.split(';').next().unwrap_or_default().trim();
    media.eq_ignore_ascii_case("application/json") || media.ends_with("+json")
}

/// An answer that is not stored.
fn json<T: Serialize>(body: &T) -> Result<Response, Problem> {
    let answer = runtime::Answer::json(200, None, body)?;
    Ok(([(header::CONTENT_TYPE, "application/json")], answer.body).into_response())
}
