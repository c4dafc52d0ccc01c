//! Routes: shipments and their labels, returns and theirs, and what carriers tell.

use std::sync::Arc;

use axum::Router;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use runtime::{Edge, Problem};

use crate::carrier::Carrier;
use crate::config::Config;

mod again;
mod label;
mod list;
mod openapi;
mod show;
mod webhook;

pub use openapi::openapi;

/// What every route needs.
#[derive(Clone)]
struct Desk {
    edge: Edge,
    carrier: Arc<dyn Carrier>,
    config: Arc<Config>,
}

/// The routes of the shipping service.
pub(crate) fn routes(
    carrier: Arc<dyn Carrier>,
    config: Arc<Config>,
) -> impl Fn(Edge) -> Router + Send + Sync {
    move |edge| {
        Router::new()
            .route("/shipments", get(list::list))
            .route("/shipments/{id}", get(show::shipment))
            .route("/shipments/{id}/label", get(label::of_shipment))
            .route("/shipments/{id}/ask", post(again::shipment))
            .route("/returns/{id}", get(show::returned))
            .route("/returns/{id}/label", get(label::of_return))
            .route("/returns/{id}/ask", post(again::returned))
            .route("/carriers/{carrier}/webhooks", post(webhook::told))
            .with_state(Desk { edge, carrier: carrier.clone(), config: config.clone() })
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
