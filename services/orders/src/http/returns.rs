//! `POST /orders/{id}/returns`: the customer wants to send goods back.
//!
//! Allowed once the customer has them. No line may be more than what was bought and neither refunded nor on its way back
//! already. The refund falls due when the goods have arrived.

use axum::extract::{Path, Request, State};
use axum::response::Response;
use contracts::events::returns::ReturnRequested;
use contracts::order::{LineQuantity, MAX_TEXT_CHARS};
use contracts::{OrderId, ReturnId, Timestamp};
use runtime::{Answer, Command, Fail, Problem, Refusal, Uow};
use serde::{Deserialize, Serialize};

use super::{Asked, Desk, answer, not_found};
use crate::config::Config;
use crate::domain::{Case, NotReturnable, Wanted};
use crate::dossier::Dossier;
use crate::timeline::pieces;

pub(super) async fn send_back(
    State(desk): State<Desk>,
    Path(id): Path<String>,
    request: Request,
) -> Response {
    let asked = Asked::of(request);
    let path = asked.path.clone();
    answer(path, sent_back(&desk, id, asked).await)
}

async fn sent_back(desk: &Desk, id: String, asked: Asked) -> Result<Response, Problem> {
    let (headers, body) = asked.json().await?;
    let wanted: Body = serde_json::from_slice(&body).map_err(|error| match error.is_data() {
        true => invalid().at("", format!("is not the shape of a return: {error}")),
        false => Problem::malformed_json(&error),
    })?;
    if wanted.reason.chars().count() > MAX_TEXT_CHARS {
        return Err(invalid().at("/reason", format!("must have at most {MAX_TEXT_CHARS} characters")));
    }
    let order_id = OrderId::new(&*id).map_err(|_| not_found(&id))?;
    let write = desk.edge.write(format!("POST /orders/{order_id}/returns"), &headers, body)?;
    desk.edge.run(&write, &SendBack { order_id, wanted, config: desk.config.clone() }).await
}

fn invalid() -> Problem {
    Problem::new(422, "invalid-return", "Invalid return", "the return cannot be taken as it is")
        .hint("correct what `errors` names; {\"lines\": [{\"sku\": \"A\", \"quantity\": 1}], \"reason\": \"too small\"}")
}

#[derive(Deserialize)]
struct Body {
    lines: Vec<Wanted>,
    #[serde(default)]
    reason: String,
}

/// Opens a return.
struct SendBack {
    order_id: OrderId,
    wanted: Body,
    config: Config,
}

#[derive(Serialize)]
struct Requested<'a> {
    return_id: &'a ReturnId,
    order_id: &'a OrderId,
    status: &'static str,
    lines: &'a [LineQuantity],
    requested_at: Timestamp,
}

impl Command for SendBack {
    async fn run(&self, uow: &mut Uow) -> Result<Answer, Refusal> {
        let return_id = ReturnId::new(uow.derived_id("return").to_string())
            .map_err(|error| Fail::permanent(error.to_string()))?;
        let mut dossier = Dossier::open(uow, &self.config, &self.order_id).await?;
        let now = dossier.now();
        let order = match &mut dossier.doc.case {
            Case::Taken(order) => order,
            Case::Refused(_) => return Err(refusal(NotReturnable::NotDelivered).into()),
            Case::Heard { .. } => return Err(not_found(self.order_id.as_str()).into()),
        };
        let lines = order.send_back(return_id.clone(), &self.wanted.lines, now).map_err(refusal)?;
        let event = ReturnRequested {
            order_id: self.order_id.clone(),
            return_id,
            customer_id: order.terms.customer_id.clone(),
            shipment_id: order.shipment.shipment_id.clone(),
            lines,
            reason: self.wanted.reason.clone(),
            requested_at: now,
        };
        let count = event.lines.iter().map(|line| u64::from(line.quantity.get())).sum();
        let why = if event.reason.is_empty() { String::new() } else { format!(": {}", event.reason) };
        dossier.publish(&event, format!("the customer sends {} back{why}", pieces(count)))?;
        dossier.close()?;
        let ReturnRequested { order_id, return_id, lines, .. } = &event;
        let body = Requested { return_id, order_id, status: "requested", lines, requested_at: now };
        Ok(Answer::json(202, None, &body)?)
    }
}

fn refusal(why: NotReturnable) -> Problem {
    let hint = match why {
        NotReturnable::Invalid(faults) => {
            return faults
                .into_iter()
                .fold(invalid(), |problem, fault| problem.at(fault.pointer, fault.message));
        }
        NotReturnable::NotDelivered => "goods can be sent back once they are delivered; until then, cancel",
        NotReturnable::TooMany => "wait until the returns that are under way have arrived",
    };
    Problem::new(409, "not-returnable", "Not returnable", why.to_string()).hint(hint)
}
