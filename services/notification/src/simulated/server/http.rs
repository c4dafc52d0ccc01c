//! HTTP in and out. Routes first.

use std::sync::Arc;

use axum::Router;
use axum::body::to_bytes;
use axum::extract::rejection::QueryRejection;
use axum::extract::{ConnectInfo, Path, Query, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde::{Deserialize, Serialize};

use super::cut::Cut;
use super::desk::Desk;
use crate::simulated::call::Call;
use crate::simulated::ids::MailId;
use crate::simulated::journal::PAGE;
use crate::simulated::post_office::Line;
use crate::simulated::problem::{Problem, Slug};
use crate::simulated::wire::{self, MAX_BODY_BYTES};

type Shared = State<Arc<Desk>>;

pub(super) fn router(desk: Desk) -> Router {
    Router::new()
        .route("/healthz", get(health))
        .route("/v1/ledger", get(ledger))
        .route("/v1/mails", get(mails).post(call))
        .route("/v1/mails/{id}", get(mail))
        .fallback(call)
        .method_not_allowed_fallback(call)
        .with_state(Arc::new(desk))
}

async fn health() -> Response {
    let body = serde_json::json!({"status": "ok", "simulated": true, "peer": "mailbox"});
    json(StatusCode::OK, "application/json", body.to_string())
}

/// Everything that [`Call::parse`] knows.
async fn call(State(desk): Shared, ConnectInfo(cut): ConnectInfo<Cut>, request: Request) -> Response {
    let call = match read(request).await.and_then(|request| Call::parse(&request)) {
        Ok(call) => call,
        Err(problem) => return from_wire(problem.into()),
    };
    let line = desk.answer(call).await;
    if line == Line::NeverAnswered {
        desk.hold().await;
    }
    match line {
        Line::Bytes(response) => from_wire(response),
        Line::NeverAnswered | Line::Reset => {
            cut.cut();
            // The connection is cut when this answer is about to be written.
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    after: u64,
    before: Option<u64>,
    #[serde(default = "whole_page")]
    limit: usize,
}

fn whole_page() -> usize {
    PAGE
}

type Paged = Result<Query<Asked>, QueryRejection>;

async fn ledger(State(desk): Shared, query: Paged) -> Response {
    match asked(query) {
        Ok(Asked { after, limit, .. }) => told(desk.export(after, limit).await),
        Err(problem) => from_wire(problem.into()),
    }
}

async fn mails(State(desk): Shared, query: Paged) -> Response {
    match asked(query) {
        Ok(Asked { before, limit, .. }) => told(desk.mails(before.unwrap_or(u64::MAX), limit).await),
        Err(problem) => from_wire(problem.into()),
    }
}

async fn mail(State(desk): Shared, Path(id): Path<String>) -> Response {
    let found = match MailId::try_from(id) {
        Ok(id) => desk.mail(id).await,
        Err(_) => Ok(None),
    };
    told(found.and_then(|mail| mail.ok_or_else(|| Problem::new(Slug::MailNotFound, "no such mail"))))
}

fn asked(query: Paged) -> Result<Asked, Problem> {
    let whole = |_| Problem::new(Slug::InvalidRequest, "after, before and limit must be whole numbers");
    query.map(|Query(asked)| asked).map_err(whole)
}

fn told<T: Serialize>(found: Result<T, Problem>) -> Response {
    match found {
        Ok(found) => from_wire(wire::Response::of(200, &found)),
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
        (header::SERVER, HeaderValue::from_static("banyan-simulated-mailbox")),
    ];
    (status, headers, body).into_response()
}
