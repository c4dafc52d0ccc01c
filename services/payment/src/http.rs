//! Routes: payments, asking about them again, and what providers tell.

use std::sync::Arc;

use axum::Router;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use runtime::{Edge, Problem};

use crate::config::Config;
use crate::gateway::Gateway;

mod again;
mod list;
mod openapi;
mod show;
mod webhook;

pub use openapi::openapi;
pub(crate) use show::reference;

/// What every route needs.
#[derive(Clone)]
struct Desk {
    edge: Edge,
    gateway: Arc<dyn Gateway>,
    config: Arc<Config>,
}

/// The routes of the payment service.
pub(crate) fn routes(
    gateway: Arc<dyn Gateway>,
    config: Arc<Config>,
) -> impl Fn(Edge) -> Router + Send + Sync {
    move |edge| {
        Router::new()
            .route("/payments", get(list::list))
            .route("/payments/{id}", get(show::show))
            .route("/payments/{id}/ask", post(again::ask))
            .route("/providers/{provider}/webhooks", post(webhook::told))
            .with_state(Desk { edge, gateway: gateway.clone(), config: config.clone() })
    }
}

/// The answer, or the problem with the path it is about.
fn answer(path: String, result: Result<Response, Problem>) -> Response {
    result.unwrap_or_else(|problem| Problem { instance: Some(path), ..problem }.into_response())
}

/// 200 with `body` as JSON.
fn ok<T: serde::Serialize>(body: &T) -> Result<Response, Problem> {
    let answer = runtime::Answer::json(200, None, body)?;
    Ok((StatusCode::OK, [(header::CONTENT_TYPE, "application/json")], answer.body).into_response())
}
