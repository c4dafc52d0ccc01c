//! `POST /payments/{id}/ask`: a person has the provider asked again about a payment that nobody asks about any more.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use runtime::{Answer, Command, Problem, Refusal, Uow};
use serde_json::json;

use super::{Desk, answer};
use crate::config::Config;
use crate::document::{Because, PAYMENTS, save};

pub(super) async fn ask(
    State(desk): State<Desk>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let path = format!("/payments/{id}/ask");
    let command = AskAgain { id, config: desk.config.clone() };
    answer(path.clone(), asked(&desk, path, (headers, body), command).await)
}

async fn asked(
    desk: &Desk,
    path: String,
    (headers, body): (HeaderMap, Bytes),
    command: AskAgain,
) -> Result<Response, Problem> {
    let write = desk.edge.write(format!("POST {path}"), &headers, body)?;
    desk.edge.run(&write, &command).await
}

struct AskAgain {
    id: String,
    config: Arc<Config>,
}

impl Command for AskAgain {
    async fn run(&self, uow: &mut Uow) -> Result<Answer, Refusal> {
        let found = uow.load(&PAYMENTS, &self.id).await?;
        let mut payment = found.ok_or_else(|| Problem::not_found("payment", &self.id))?;
        let next = payment.ask_again().ok_or_else(|| not_given_up(&self.id))?;
        save(uow, payment, next, Because::default(), self.config.provider)?;
        Ok(Answer::json(202, None, &json!({ "payment_id": self.id }))?)
    }
}

fn not_given_up(id: &str) -> Problem {
    let detail =
        format!("payment {id} was not given up: the provider is asked by itself, or has nothing to say");
    Problem::new(409, "not-given-up", "Not given up", detail)
}
