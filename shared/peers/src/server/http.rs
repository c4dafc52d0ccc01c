//! HTTP in and out. Routes first.

use std::sync::Arc;

use axum::Router;
use axum::body::to_bytes;
use axum::extract::rejection::QueryRejection;
use axum::extract::{ConnectInfo, Query, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde::{Deserialize, Serialize};

use super::cut::Cut;
use super::desk::Desk;
use super::name;
use crate::call::{Call, too_large};
use crate::journal::PAGE;
use crate::ledger::{Ledger, Peer};
use crate::line::Line;
use crate::problem::{Problem, Slug};
use crate::wire;

type Shared<L> = State<Arc<Desk<L>>>;

type Refused<L> = Problem<<<L as Ledger>::Call as Call>::Slug>;

pub(super) fn router<L: Peer>(desk: Desk<L>) -> Router {
    let named = HeaderValue::try_from(format!("banyan-{}", name::<L>()));
    let named = named.unwrap_or(HeaderValue::from_static("banyan-simulated-peer"));
    Router::new()
        .route("/healthz", get(health::<L>))
        .route("/v1/ledger", get(ledger::<L>))
        .merge(L::routes())
        .fallback(call::<L>)
        .method_not_allowed_fallback(call::<L>)
        .layer(axum::middleware::map_response(move |mut response: Response| {
            response.headers_mut().insert(header::SERVER, named.clone());
            std::future::ready(response)
        }))
        .with_state(Arc::new(desk))
}

async fn health<L: Peer>() -> Response {
    let peer = name::<L>().trim_start_matches("simulated-");
    reply(wire::Response::of(200, &serde_json::json!({"status": "ok", "simulated": true, "peer": peer})))
}

/// Everything that [`Call::parse`] knows.
async fn call<L: Peer>(
    State(desk): Shared<L>,
    ConnectInfo(cut): ConnectInfo<Cut>,
    request: Request,
) -> Response {
    let call = match read::<L>(request).await.and_then(|request| L::Call::parse(&request)) {
        Ok(call) => call,
        Err(problem) => return reply(problem.into()),
    };
    let line = desk.answer(call).await;
    if line == Line::NeverAnswered {
        desk.hold().await;
    }
    match line {
        Line::Bytes(response) => reply(response),
        Line::NeverAnswered | Line::Reset => {
            cut.cut();
            // The connection is cut when this answer is about to be written.
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
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

async fn ledger<L: Peer>(State(desk): Shared<L>, query: Result<Query<Export>, QueryRejection>) -> Response {
    let Ok(Query(Export { after, limit })) = query else {
        let detail = "after and limit must be whole numbers";
        return reply(Refused::<L>::new(Slug::INVALID_REQUEST, detail).into());
    };
    told(desk.look(move |journal| journal.page(after, limit)).await)
}

async fn read<L: Peer>(request: Request) -> Result<wire::Request, Refused<L>> {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, L::Call::MAX_BODY_BYTES).await.map_err(|_| too_large::<L::Call>())?;
    let not_text = |_| Refused::<L>::new(Slug::MALFORMED_REQUEST, "the body is not UTF-8");
    let key =
        parts.headers.get("idempotency-key").map(|key| String::from_utf8_lossy(key.as_bytes()).into_owned());
    Ok(wire::Request {
        method: parts.method.as_str().to_owned(),
        path: parts.uri.path().to_owned(),
        key,
        body: String::from_utf8(body.into()).map_err(not_text)?,
    })
}

/// What was found as JSON, or why it was not.
#[must_use]
pub fn told<T: Serialize, S: Slug>(found: Result<T, Problem<S>>) -> Response {
    reply(found.map_or_else(wire::Response::from, |found| wire::Response::of(200, &found)))
}

/// `response` over HTTP.
#[must_use]
pub fn reply(response: wire::Response) -> Response {
    let status = StatusCode::from_u16(response.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let media = if response.status < 400 { "application/json" } else { "application/problem+json" };
    let headers = [(header::CONTENT_TYPE, media), (header::CACHE_CONTROL, "no-store")];
    let mut response = (status, headers, response.body).into_response();
    if status == StatusCode::TOO_MANY_REQUESTS {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    }
    response
}
