//! `POST /orders/{id}/cancel`: the customer does not want it any more.
//!
//! Until the order is confirmed it is cancelled at once: 202. One that is cancelled already, for whatever reason, is
//! what the caller wants: 200. A confirmed one cannot be cancelled here: 409; stopping its parcel joins with shipping.

use axum::extract::{Path, Request, State};
use axum::response::Response;
use contracts::OrderId;
use contracts::events::order::CancelReason;
use contracts::order::MAX_TEXT_CHARS;
use runtime::{Answer, Command, Problem, Refusal, Uow};
use serde::{Deserialize, Serialize};

use super::{Asked, Desk, answer, not_found};
use crate::config::Config;
use crate::domain::{Case, Decision, Stage};
use crate::dossier::Dossier;

pub(super) async fn cancel(State(desk): State<Desk>, Path(id): Path<String>, request: Request) -> Response {
    let asked = Asked::of(request);
    let path = asked.path.clone();
    answer(path, cancelled(&desk, id, asked).await)
}

async fn cancelled(desk: &Desk, id: String, asked: Asked) -> Result<Response, Problem> {
    let (headers, body) = asked.json().await?;
    let Body { reason } = serde_json::from_slice(&body).map_err(|error| {
        invalid(
            if error.is_data() { "" } else { "/" },
            format!("is not the shape of a cancellation: {error}"),
        )
    })?;
    if reason.chars().count() > MAX_TEXT_CHARS {
        return Err(invalid("/reason", format!("must have at most {MAX_TEXT_CHARS} characters")));
    }
    let order_id = OrderId::new(&*id).map_err(|_| not_found(&id))?;
    let write = desk.edge.write(format!("POST /orders/{order_id}/cancel"), &headers, body)?;
    let command = Cancel { order_id, reason, config: desk.config.clone() };
    desk.edge.run(&write, &command).await
}

fn invalid(pointer: &str, message: String) -> Problem {
    Problem::new(422, "invalid-cancellation", "Invalid cancellation", "the cancellation cannot be understood")
        .at(pointer, message)
        .hint("send {\"reason\": \"in a few words\"}")
}

#[derive(Deserialize)]
struct Body {
    #[serde(default)]
    reason: String,
}

/// Cancels for the customer.
struct Cancel {
    order_id: OrderId,
    reason: String,
    config: Config,
}

#[derive(Serialize)]
struct Cancelled<'a> {
    order_id: &'a OrderId,
    status: &'static str,
    cancel_reason: CancelReason,
}

impl Command for Cancel {
    async fn run(&self, uow: &mut Uow) -> Result<Answer, Refusal> {
        let mut dossier = Dossier::open(uow, &self.config, &self.order_id).await?;
        let now = dossier.now();
        let order = match &mut dossier.doc.case {
            Case::Taken(order) => order,
            Case::Refused(refused) => return self.answer(200, refused.reason),
            Case::Heard { .. } => return Err(not_found(self.order_id.as_str()).into()),
        };
        if let Stage::Cancelled { reason, .. } = order.stage {
            return self.answer(200, reason);
        }
        let decision = order.cancel(now).map_err(|why| {
            Problem::new(409, "not-cancellable", "Not cancellable", why.to_string())
                .hint("return the goods when they have arrived")
        })?;
        dossier.announce(&decision, Some(&self.reason))?;
        dossier.close()?;
        match decision {
            Decision::Cancel(reason) => self.answer(202, reason),
            Decision::Confirm { .. } | Decision::Note => self.answer(202, CancelReason::CustomerRequest),
        }
    }
}

impl Cancel {
    fn answer(&self, status: u16, cancel_reason: CancelReason) -> Result<Answer, Refusal> {
        let body = Cancelled { order_id: &self.order_id, status: "cancelled", cancel_reason };
        Ok(Answer::json(status, None, &body)?)
    }
}
