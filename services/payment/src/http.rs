//! Routes: one payment, and payments by how they stand.

use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use runtime::{Edge, Problem};
use serde::{Deserialize, Serialize};

use crate::document::PAYMENTS;
use crate::domain::{Payment, State as Stands};

/// The routes of the payment service.
pub(crate) fn routes(edge: Edge) -> Router {
    Router::new().route("/payments", get(list)).route("/payments/{id}", get(show)).with_state(edge)
}

/// A payment as it is shown: without the token that pays.
#[derive(Debug, Serialize)]
struct Shown {
    payment_id: String,
    order_id: String,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    amount_minor: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    currency: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    provider_reference: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    action_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

impl Shown {
    fn of(payment: &Payment) -> Self {
        let (reference, action_url, reason) = match &payment.state {
            Stands::Authorized { reference, .. } => (Some(reference), None, None),
            Stands::ActionRequired { reference, action_url, .. } => {
                (Some(reference), Some(action_url.clone()), None)
            }
            Stands::Declined { reason, code } => (None, None, Some(format!("{reason} ({code})"))),
            Stands::Voiding { void, .. } => (void.reference.as_ref(), None, None),
            Stands::Voided { reference } => (reference.as_ref(), None, None),
            Stands::Waiting | Stands::Authorizing { .. } | Stands::Free | Stands::Closed => {
                (None, None, None)
            }
        };
        Self {
            payment_id: payment.order_id.to_string(),
            order_id: payment.order_id.to_string(),
            status: payment.state.name(),
            amount_minor: payment.placed.as_ref().map(|placed| placed.money.amount_minor),
            currency: payment.placed.as_ref().map(|placed| placed.money.currency.code().to_owned()),
            provider_reference: reference.map(|reference| reference.as_str().to_owned()),
            action_url,
            reason,
        }
    }
}

async fn show(State(edge): State<Edge>, Path(id): Path<String>) -> Result<Response, Problem> {
    let payment =
        edge.reader().get(&PAYMENTS, &id).await?.ok_or_else(|| Problem::not_found("payment", &id))?;
    Ok(Json(Shown::of(&payment)).into_response())
}

#[derive(Deserialize)]
struct ListQuery {
    status: Option<String>,
    limit: Option<usize>,
    cursor: Option<String>,
}

/// Largest page.
const PAGE: usize = 100;

async fn list(State(edge): State<Edge>, Query(asked): Query<ListQuery>) -> Result<Response, Problem> {
    let status = asked.status.unwrap_or_else(|| "unknown".to_owned());
    let mut query = runtime::Query::new(PAYMENTS.name(), "state", status);
    query.limit = asked.limit.unwrap_or(PAGE).clamp(1, PAGE);
    query.after = asked.cursor;
    let (payments, next) = edge.reader().list(&PAYMENTS, query).await?;
    let payments: Vec<Shown> = payments.iter().map(|payment| Shown::of(payment)).collect();
    Ok(Json(serde_json::json!({ "payments": payments, "next_cursor": next })).into_response())
}

/// What can be asked of payments, OpenAPI 3.1.
#[must_use]
pub fn openapi() -> serde_json::Value {
    let answer = |text: &str| serde_json::json!({ "200": { "description": text } });
    serde_json::json!({ "paths": {
        "/payments": { "get": { "summary": "Payments by status, unknown ones by default", "responses": answer("A page") } },
        "/payments/{id}": { "get": { "summary": "One payment", "responses": answer("The payment") } },
    }})
}
