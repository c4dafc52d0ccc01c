//! `POST /providers/{provider}/webhooks`: what a provider tells of its own accord. It may come before the answer to the
//! call that it is about, late, twice or out of order, into the same reducer.

use std::sync::Arc;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Path, Request, State};
use axum::http::HeaderMap;
use axum::response::Response;
use contracts::OrderId;
use runtime::signature::{HEADER, is_signed};
use runtime::{Answer, Command, Problem, Refusal, Uow};
use serde_json::json;

use super::{Desk, answer};
use crate::config::Config;
use crate::document::{HearLater, PAYMENTS};
use crate::gateway::Told;
use crate::handlers::hear;

/// The longest body, in bytes: what happened to one payment is under 2 KB.
const MAX_BODY_BYTES: usize = 64 * 1024;

/// How many things one webhook tells at most, each about a payment that is written in one unit of work, which holds a
/// hundred items.
const MAX_TOLD: usize = 20;

pub(super) async fn told(
    State(desk): State<Desk>,
    Path(provider): Path<String>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let path = format!("/providers/{provider}/webhooks");
    answer(path, taken(&desk, &provider, parts.headers, body).await)
}

async fn taken(desk: &Desk, provider: &str, headers: HeaderMap, body: Body) -> Result<Response, Problem> {
    if provider != desk.config.provider || desk.config.webhook_secrets.is_empty() {
        return Err(Problem::not_found("webhook of provider", provider)
            .hint("webhooks are heard once a secret is configured that signs them"));
    }
    let body = whole(body).await?;
    let signature = headers.get(HEADER).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !is_signed(&desk.config.webhook_secrets, &body, signature) {
        let detail = format!("the header {HEADER} does not sign this body with a secret of ours");
        return Err(Problem::new(401, "not-signed", "Not signed", detail));
    }
    let told = desk
        .gateway
        .told(&body)
        .ok_or_else(|| invalid(format!("the body is not a webhook of {provider}")))?;
    if told.len() > MAX_TOLD {
        return Err(invalid(format!("one webhook may tell {MAX_TOLD} things, not {}", told.len())));
    }
    let write = desk.edge.write(format!("POST /providers/{provider}/webhooks"), &headers, body)?;
    desk.edge.run(&write, &Hear { told, config: desk.config.clone() }).await
}

fn invalid(detail: String) -> Problem {
    Problem::new(422, "invalid-webhook", "Invalid webhook", detail)
}

async fn whole(body: Body) -> Result<Bytes, Problem> {
    to_bytes(body, MAX_BODY_BYTES).await.map_err(|_| {
        let detail = format!("the body must have at most {MAX_BODY_BYTES} bytes, and arrive whole");
        Problem::new(413, "body-too-large", "Body too large", detail)
    })
}

/// Hears what is told, in its order.
struct Hear {
    told: Vec<Told>,
    config: Arc<Config>,
}

impl Command for Hear {
    async fn run(&self, uow: &mut Uow) -> Result<Answer, Refusal> {
        let (mut heard, mut later) = (0, 0);
        for told in &self.told {
            // A payment has the name of its order, so whatever cannot name an order is none of ours.
            let Ok(order_id) = OrderId::new(told.payment_id.as_str()) else { continue };
            let found = uow.load(&PAYMENTS, order_id.as_str()).await?;
            if let Some(payment) = found.filter(|payment| payment.placed.is_some()) {
                hear(uow, payment, told.clone(), &self.config)?;
                heard += 1;
            } else {
                uow.enqueue(&HearLater { order_id, told: told.clone() })?;
                later += 1;
            }
        }
        Ok(Answer::json(202, None, &json!({ "heard": heard, "kept_for_later": later }))?)
    }
}
