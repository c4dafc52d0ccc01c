//! `POST /orders`: takes an order.

use axum::extract::{Request, State};
use axum::response::Response;
use contracts::events::majors::Succeeds;
use contracts::events::order::OrderPlacedV2;
use contracts::order::{Checked, NotAnOrder, PlaceOrder, Problem as OrderProblem};
use contracts::{Currency, OrderId, Timestamp};
use runtime::{Answer, Command, Fail, Problem, Refusal, Uow};
use serde::Serialize;

use super::{Asked, Desk, answer};
use crate::config::Config;
use crate::domain::{Origin, Terms};
use crate::dossier::Dossier;

pub(super) async fn place(State(desk): State<Desk>, request: Request) -> Response {
    let asked = Asked::of(request);
    let path = asked.path.clone();
    answer(path, placed(&desk, asked).await)
}

async fn placed(desk: &Desk, asked: Asked) -> Result<Response, Problem> {
    let (headers, body) = asked.json().await?;
    let checked = checked(&body)?;
    let write = desk.edge.write("POST /orders", &headers, body)?;
    let command = Place { checked, idempotency_key: write.key.clone(), config: desk.config.clone() };
    desk.edge.run(&write, &command).await
}

/// An order that may be taken, or everything that is wrong with it.
fn checked(body: &[u8]) -> Result<Checked, Problem> {
    let asked = PlaceOrder::from_json(body).map_err(|error| match error {
        NotAnOrder::Malformed(error) => Problem::malformed_json(&error),
        NotAnOrder::Shape(error) => {
            invalid("invalid-order").at("", format!("is not the shape of an order: {error}"))
        }
    })?;
    asked.check().map_err(|problems| {
        let only_currency = problems.iter().all(|problem| problem.slug == "unknown-currency");
        let slug = if only_currency { "unknown-currency" } else { "invalid-order" };
        let at = |problem: Problem, found: OrderProblem| problem.at(found.pointer, found.message);
        problems.into_iter().fold(invalid(slug), at)
    })
}

fn invalid(slug: &'static str) -> Problem {
    let (title, detail) = match slug {
        "unknown-currency" => ("Unknown currency", "the order's currency is not one that people pay with"),
        _ => ("Invalid order", "the order cannot be taken as it is"),
    };
    Problem::new(422, slug, title, detail).hint("correct what `errors` names and send it again")
}

/// Takes a checked order.
struct Place {
    checked: Checked,
    idempotency_key: String,
    config: Config,
}

#[derive(Serialize)]
struct Placed<'a> {
    order_id: &'a OrderId,
    status: &'static str,
    currency: Currency,
    total_minor: i64,
    placed_at: Timestamp,
}

impl Command for Place {
    async fn run(&self, uow: &mut Uow) -> Result<Answer, Refusal> {
        let order_id = OrderId::new(uow.derived_id("order").to_string())
            .map_err(|error| Fail::permanent(error.to_string()))?;
        let placed_at = uow.now();
        let event = OrderPlacedV2::step_up(self.checked.clone().placed(order_id.clone(), placed_at));
        let terms = Terms::from(event.clone());
        let origin = Origin::Http { idempotency_key: self.idempotency_key.clone() };
        let mut dossier = Dossier::fresh(uow, &self.config, order_id.clone());
        dossier
            .doc
            .case
            .place(terms, origin, placed_at)
            .map_err(|taken| Fail::permanent(format!("a fresh order id {taken}")))?;
        dossier.publish(&event, "taken".to_owned())?;
        dossier.close()?;
        let body = Placed {
            order_id: &order_id,
            status: "placed",
            currency: event.currency,
            total_minor: event.total_minor,
            placed_at,
        };
        Ok(Answer::json(201, Some(format!("/orders/{order_id}")), &body)?)
    }
}
