//! Routes for operators, and for whoever runs the process.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use bytes::Bytes;
use serde::Deserialize;

use super::{Discard, Filter, PAGE, Redrive, message_id, metrics};
use crate::node::Node;
use crate::problem::Problem;

/// `/healthz/*` and `/metrics`.
pub fn health_routes(node: Arc<Node>) -> Router {
    Router::new()
        .route("/healthz/live", get(live))
        .route("/healthz/ready", get(ready))
        .route("/healthz/started", get(|| async { "started\n" }))
        .route("/metrics", get(metrics::show))
        .with_state(node)
}

/// `/queues` and `/dead-letters`.
pub fn operator_routes(node: Arc<Node>) -> Router {
    Router::new()
        .route("/queues", get(queues))
        .route("/dead-letters", get(list))
        .route("/dead-letters/{id}", get(show))
        .route("/dead-letters/redrive", post(redrive))
        .route("/dead-letters/discard", post(discard))
        .with_state(node)
}

async fn live(State(node): State<Arc<Node>>) -> Response {
    verdict(node.stuck(), "live")
}

async fn ready(State(node): State<Arc<Node>>) -> Response {
    verdict(node.not_ready(), "ready")
}

fn verdict(against: Vec<String>, what: &str) -> Response {
    if against.is_empty() {
        return format!("{what}\n").into_response();
    }
    (
        StatusCode::SERVICE_UNAVAILABLE,
        Json(serde_json::json!({ "status": format!("not {what}"), "reasons": against })),
    )
        .into_response()
}

async fn queues(State(node): State<Arc<Node>>) -> Result<Response, Problem> {
    let queues = node.queues().await?;
    Ok(Json(serde_json::json!({ "queues": queues })).into_response())
}

#[derive(Deserialize)]
struct ListQuery {
    service: Option<String>,
    reason: Option<String>,
    event_type: Option<String>,
    limit: Option<usize>,
}

async fn list(State(node): State<Arc<Node>>, Query(asked): Query<ListQuery>) -> Result<Response, Problem> {
    let filter =
        Filter { ids: vec![], service: asked.service, reason: asked.reason, event_type: asked.event_type };
    let limit = asked.limit.unwrap_or(100).clamp(1, PAGE);
    let letters = node.dead_letters(&filter, limit).await?;
    Ok(Json(serde_json::json!({ "dead_letters": letters })).into_response())
}

async fn show(State(node): State<Arc<Node>>, Path(id): Path<String>) -> Result<Response, Problem> {
    let missing = || Problem::not_found("dead letter", &id).hint("GET /dead-letters lists them");
    let known = message_id(&id).ok_or_else(missing)?;
    let filter = Filter { ids: vec![known.to_string()], ..Filter::default() };
    let mut letter = node.dead_letters(&filter, 1).await?.pop().ok_or_else(missing)?;
    if letter.message.get("dataref").is_some() {
        letter.message = node.claims().shown(letter.message.to_string().as_bytes()).await;
    }
    Ok(Json(letter).into_response())
}

async fn redrive(State(node): State<Arc<Node>>, body: Bytes) -> Result<Response, Problem> {
    let order: Redrive = read(&body)?;
    Ok(Json(node.redrive(&order).await?).into_response())
}

async fn discard(State(node): State<Arc<Node>>, body: Bytes) -> Result<Response, Problem> {
    let order: Discard = read(&body)?;
    Ok(Json(node.discard(&order).await?).into_response())
}

fn read<T: serde::de::DeserializeOwned>(body: &Bytes) -> Result<T, Problem> {
    let body: &[u8] = if body.is_empty() { b"{}" } else { body };
    serde_json::from_slice(body).map_err(|error| Problem::malformed_json(&error))
}
