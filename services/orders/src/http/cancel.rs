//! `POST /orders/{id}/cancel`: the customer does not want it any more.
//!
//! Until the order is confirmed it is cancelled at once: 200, as for one that is cancelled already, for whatever reason.
//! For a confirmed one shipping is asked to stop the parcel: 202, also while its answer is awaited. Once the parcel has
//! left, or could not be stopped: 409.

use axum::extract::{Path, Request, State};
use axum::response::Response;
use contracts::OrderId;
use contracts::events::order::CancelReason;
use contracts::order::{MAX_TEXT_CHARS, OrderStatus};
use runtime::{Answer, Command, Problem, Refusal, Uow};
use serde::{Deserialize, Serialize};

use super::{Asked, Desk, answer, not_found};
use crate::config::Config;
use crate::domain::{Case, NotCancellable};
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
    status: OrderStatus,
    cancel_reason: CancelReason,
}

impl Command for Cancel {
    async fn run(&self, uow: &mut Uow) -> Result<Answer, Refusal> {
        let mut dossier = Dossier::open(uow, &self.config, &self.order_id).await?;
        let now = dossier.now();
        let order = match &mut dossier.doc.case {
            Case::Taken(order) => order,
            Case::Refused(refused) => return self.answer(200, OrderStatus::Cancelled, refused.reason),
            Case::Heard { .. } => return Err(not_found(self.order_id.as_str()).into()),
        };
        let decisions = order.cancel(now).map_err(refusal)?;
        let (status, reason) = (order.status(), order.cancel_reason());
        if !decisions.is_empty() {
            dossier.announce(&decisions, Some(&self.reason))?;
            dossier.close()?;
        }
        let code = if status == OrderStatus::Cancelling { 202 } else { 200 };
        self.answer(code, status, reason.unwrap_or(CancelReason::CustomerRequest))
    }
}

fn refusal(why: NotCancellable) -> Problem {
    let hint = match why {
        NotCancellable::IsCompleted => "send the goods back: POST /orders/{id}/returns",
        NotCancellable::HasLeft | NotCancellable::Refused => {
            "send the goods back once they have arrived: POST /orders/{id}/returns"
        }
    };
    Problem::new(409, "not-cancellable", "Not cancellable", why.to_string()).hint(hint)
}

impl Cancel {
    fn answer(&self, code: u16, status: OrderStatus, cancel_reason: CancelReason) -> Result<Answer, Refusal> {
        let body = Cancelled { order_id: &self.order_id, status, cancel_reason };
        Ok(Answer::json(code, None, &body)?)
    }
}
