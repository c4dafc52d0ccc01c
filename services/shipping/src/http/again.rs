//! `POST /shipments/{id}/ask` and `POST /returns/{id}/ask`: a person has the carrier asked again about a parcel that
//! was given up.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use contracts::ReturnId;
use runtime::{Answer, Command, Doc, Problem, Refusal, Uow};
use serde_json::json;

use super::{Desk, answer};
use crate::config::Config;
use crate::document::{SHIPMENTS, load_return, save, save_return};
use crate::domain::{Next, Return, Shipment};

pub(super) async fn shipment(
    State(desk): State<Desk>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let path = format!("/shipments/{id}/ask");
    let command = AskAgain { of: Of::Shipment(id), config: desk.config.clone() };
    answer(path.clone(), asked(&desk, path, (headers, body), command).await)
}

pub(super) async fn returned(
    State(desk): State<Desk>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let path = format!("/returns/{id}/ask");
    let command = AskAgain { of: Of::Return(id), config: desk.config.clone() };
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
    of: Of,
    config: Arc<Config>,
}

enum Of {
    Shipment(String),
    Return(String),
}

impl Command for AskAgain {
    async fn run(&self, uow: &mut Uow) -> Result<Answer, Refusal> {
        match &self.of {
            Of::Shipment(id) => {
                let found: Option<Doc<Shipment>> = uow.load(&SHIPMENTS, id).await?;
                let mut shipment = found.ok_or_else(|| Problem::not_found("shipment", id))?;
                let ask = Some(shipment.ask_again().ok_or_else(|| not_given_up("shipment", id))?);
                save(uow, shipment, Next { news: vec![], ask }, &self.config)?;
                Ok(Answer::json(202, None, &json!({ "shipment_id": id }))?)
            }
            Of::Return(id) => {
                let missing = || Problem::not_found("return", id);
                let return_id = ReturnId::new(id.clone()).map_err(|_| missing())?;
                let mut found: Doc<Return> = load_return(uow, &return_id).await?.ok_or_else(missing)?;
                let ask = Some(found.ask_again().ok_or_else(|| not_given_up("return", id))?);
                save_return(uow, found, Next { news: vec![], ask }, &self.config)?;
                Ok(Answer::json(202, None, &json!({ "return_id": id }))?)
            }
        }
    }
}

fn not_given_up(what: &str, id: &str) -> Problem {
    let detail =
        format!("{what} {id} was not given up: the carrier is asked by itself, or has nothing to say");
    Problem::new(409, "not-given-up", "Not given up", detail)
}
