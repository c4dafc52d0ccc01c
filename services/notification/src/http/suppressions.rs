//! `/suppressions`: addresses that are left alone, and why. An address comes in and never goes out again.

use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use contracts::Timestamp;
use contracts::order::MAX_TEXT_CHARS;
use runtime::{Answer, Command, Edge, Problem, Refusal, Uow};
use serde::Serialize;
use serde_json::Value;

use super::page::{self, wanted};
use super::{Asked, answer, ok};
use crate::document::{ALL, SUPPRESSIONS, sort_of};
use crate::domain::{Address, Suppression, SuppressionCause};

/// A suppression as it is shown.
#[derive(Serialize)]
struct Shown<'a> {
    suppression_id: &'a str,
    email: &'a str,
    reason: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<&'a str>,
    since: Timestamp,
}

impl<'a> Shown<'a> {
    fn of(id: &'a str, suppression: &'a Suppression) -> Self {
        Self {
            suppression_id: id,
            email: &suppression.masked,
            reason: suppression.cause.name(),
            note: suppression.code.as_deref(),
            since: suppression.at,
        }
    }
}

#[derive(Serialize)]
struct Listing<'a> {
    suppressions: Vec<Shown<'a>>,
    next_cursor: Option<String>,
}

pub(super) async fn list(State(edge): State<Edge>, asked: page::Asked) -> Response {
    answer("/suppressions".to_owned(), listed(&edge, asked).await)
}

async fn listed(edge: &Edge, asked: page::Asked) -> Result<Response, Problem> {
    let sort = |id: &str, suppression: &Suppression| sort_of(id, suppression.at);
    let (docs, next_cursor) = wanted(asked)?.page(&edge.reader(), &SUPPRESSIONS, (ALL, ALL), sort).await?;
    ok(&Listing { suppressions: docs.iter().map(|doc| Shown::of(&doc.id, doc)).collect(), next_cursor })
}

pub(super) async fn show(State(edge): State<Edge>, uri: Uri, Path(id): Path<String>) -> Response {
    answer(uri.path().to_owned(), shown(&edge, &id).await)
}

async fn shown(edge: &Edge, id: &str) -> Result<Response, Problem> {
    let found = edge.reader().get(&SUPPRESSIONS, id).await?;
    let suppression = found.ok_or_else(|| Problem::not_found("suppression", id))?;
    ok(&Shown::of(id, &suppression))
}

pub(super) async fn add(State(edge): State<Edge>, request: Request) -> Response {
    answer("/suppressions".to_owned(), added(&edge, Asked::of(request)).await)
}

async fn added(edge: &Edge, asked: Asked) -> Result<Response, Problem> {
    let (headers, body, value) = asked.json().await?;
    let text = |name: &str| value.get(name).and_then(Value::as_str);
    let address = text("email").and_then(|email| Address::new(email).ok());
    let cause = SuppressionCause::ALL.into_iter().find(|cause| text("reason") == Some(cause.name()));
    let note = text("note").filter(|note| !note.is_empty()).map(str::to_owned);
    let is_long = note.as_ref().is_some_and(|note| note.chars().count() > MAX_TEXT_CHARS);
    let (Some(address), Some(cause), false) = (&address, cause, is_long) else {
        return Err(wrong(address.is_none(), cause.is_none(), is_long));
    };
    let write = edge.write("POST /suppressions", &headers, body)?;
    edge.run(&write, &Add { address: address.clone(), cause, note }).await
}

fn wrong(no_address: bool, no_cause: bool, is_long: bool) -> Problem {
    let causes = SuppressionCause::ALL.map(SuppressionCause::name).join(", ");
    let problem = Problem::new(422, "invalid-suppression", "Invalid suppression", "see errors");
    [
        (no_address, "/email", "must be an e-mail address".to_owned()),
        (no_cause, "/reason", format!("must be one of {causes}")),
        (is_long, "/note", format!("must have at most {MAX_TEXT_CHARS} characters")),
    ]
    .into_iter()
    .filter(|(is_wrong, _, _)| *is_wrong)
    .fold(problem, |problem, (_, pointer, message)| problem.at(pointer, message))
}

struct Add {
    address: Address,
    cause: SuppressionCause,
    note: Option<String>,
}

impl Command for Add {
    /// The first reason stays.
    async fn run(&self, uow: &mut Uow) -> Result<Answer, Refusal> {
        let id = self.address.fingerprint();
        let location = Some(format!("/suppressions/{id}"));
        if let Some(doc) = uow.load(&SUPPRESSIONS, &id).await? {
            return Ok(Answer::json(200, location, &Shown::of(&id, &doc))?);
        }
        let (masked, cause, code) = (self.address.masked(), self.cause, self.note.clone());
        let doc = uow.fresh(id.clone(), Suppression { masked, cause, code, at: uow.now() });
        let answer = Answer::json(201, location, &Shown::of(&id, &doc))?;
        uow.put(&SUPPRESSIONS, doc)?;
        Ok(answer)
    }
}

pub(super) async fn lift(State(edge): State<Edge>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    let path = format!("/suppressions/{id}");
    let lifted = async {
        let write = edge.write(format!("DELETE {path}"), &headers, axum::body::Bytes::new())?;
        edge.run(&write, &Lift { id }).await
    };
    answer(path.clone(), lifted.await)
}

struct Lift {
    id: String,
}

impl Command for Lift {
    async fn run(&self, uow: &mut Uow) -> Result<Answer, Refusal> {
        let found = uow.load(&SUPPRESSIONS, &self.id).await?;
        let doc = found.ok_or_else(|| Problem::not_found("suppression", &self.id))?;
        let answer = Answer::json(200, None, &Shown::of(&self.id, &doc))?;
        uow.delete(&SUPPRESSIONS, doc)?;
        Ok(answer)
    }
}
