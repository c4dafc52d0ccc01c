//! HTTP in and out. Routes first.

use std::io;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use futures_util::stream;
use serde::Deserialize;

use super::desk::Desk;
use crate::simulated::call::Call;
use crate::simulated::depot::Line;
use crate::simulated::journal::PAGE;
use crate::simulated::problem::{Problem, Slug};
use crate::simulated::wire::{self, MAX_BODY_BYTES};

type Shared = State<Arc<Desk>>;

pub(super) fn router(desk: Desk) -> Router {
    Router::new()
        .route("/healthz", get(health))
        .route("/v1/ledger", get(ledger))
        .fallback(call)
        .method_not_allowed_fallback(call)
        .with_state(Arc::new(desk))
}

async fn health() -> Response {
    let body = serde_json::json!({"status": "ok", "simulated": true, "peer": "carrier"});
    json(StatusCode::OK, "application/json", body.to_string())
}

/// Everything that [`Call::parse`] knows.
async fn call(State(desk): Shared, request: Request) -> Response {
    let call = match read(request).await.and_then(|request| Call::parse(&request)) {
        Ok(call) => call,
        Err(problem) => return from_wire(problem.into()),
    };
    match desk.answer(call).await {
        Line::Bytes(response) => from_wire(response),
        Line::NeverAnswered => {
            desk.hold().await;
            broken()
        }
        Line::Reset => broken(),
    }
}

/// An answer that breaks off before its first byte, and with it the connection.
fn broken() -> Response {
    let broken: Result<Vec<u8>, io::Error> = Err(io::ErrorKind::ConnectionReset.into());
    Body::from_stream(stream::iter([broken])).into_response()
}

#[derive(Deserialize)]
struct Export {
    #[serde(default)]
    after: u64,
    #[serde(default = "whole_page")]
    limit: usize,
}

fn whole_page() -> usize {
    PAGE
}

async fn ledger(State(desk): Shared, query: Result<Query<Export>, QueryRejection>) -> Response {
    let Ok(Query(Export { after, limit })) = query else {
        return from_wire(Problem::new(Slug::InvalidRequest, "after and limit must be whole numbers").into());
    };
    match desk.export(after, limit).await {
        Ok(page) => from_wire(wire::Response::of(200, &page)),
        Err(problem) => from_wire(problem.into()),
    }
}

async fn read(request: Request) -> Result<wire::Request, Problem> {
    let (parts, body) = request.into_parts();
    let too_large = |_| Problem::new(Slug::BodyTooLarge, format!("at most {MAX_BODY_BYTES} bytes"));
    let body = to_bytes(body, MAX_BODY_BYTES).await.map_err(too_large)?;
    let not_text = |_| Problem::new(Slug::MalformedRequest, "the body is not UTF-8");
    let key =
        parts.headers.get("idempotency-key").map(|key| String::from_utf8_lossy(key.as_bytes()).into_owned());
    Ok(wire::Request {
        method: parts.method.as_str().to_owned(),
        path: parts.uri.path().to_owned(),
        key,
        body: String::from_utf8(body.into()).map_err(not_text)?,
    })
}

fn from_wire(response: wire::Response) -> Response {
    let status = StatusCode::from_u16(response.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let media = if response.status < 400 { "application/json" } else { "application/problem+json" };
    let mut response = json(status, media, response.body);
    if status == StatusCode::TOO_MANY_REQUESTS {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    }
    response
}

fn json(status: StatusCode, media: &'static str, body: String) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(media)),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::SERVER, HeaderValue::from_static("banyan-simulated-carrier")),
    ];
    (status, headers, body).into_response()
}
