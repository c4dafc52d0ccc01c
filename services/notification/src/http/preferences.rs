//! `/customers/{id}/preferences`: what a customer wants to hear of.

use std::collections::BTreeSet;

use axum::extract::{Path, Request, State};
use axum::http::Uri;
use axum::response::Response;
use contracts::CustomerId;
use runtime::{Answer, Command, Edge, Problem, Refusal, Uow};
use serde_json::{Map, Value, json};

use super::{Asked, answer, ok};
use crate::document::PREFERENCES;
use crate::domain::{Preferences, Topic};

pub(super) async fn show(State(edge): State<Edge>, uri: Uri, Path(id): Path<String>) -> Response {
    answer(uri.path().to_owned(), shown(&edge, &id).await)
}

/// Whoever never chose anything hears of everything.
async fn shown(edge: &Edge, id: &str) -> Result<Response, Problem> {
    let customer = customer(id)?;
    let found = edge.reader().get(&PREFERENCES, customer.as_str()).await?;
    ok(&told(&customer, &found.map(|found| found.data).unwrap_or_default()))
}

pub(super) async fn set(State(edge): State<Edge>, Path(id): Path<String>, request: Request) -> Response {
    let asked = Asked::of(request);
    answer(asked.path.clone(), changed(&edge, &id, asked).await)
}

async fn changed(edge: &Edge, id: &str, asked: Asked) -> Result<Response, Problem> {
    let customer = customer(id)?;
    let (headers, body, value) = asked.json().await?;
    let preferences = Preferences { off: switched_off(&value)? };
    let write = edge.write(format!("PUT /customers/{customer}/preferences"), &headers, body)?;
    edge.run(&write, &Set { customer, preferences }).await
}

fn customer(id: &str) -> Result<CustomerId, Problem> {
    CustomerId::new(id).map_err(|error| invalid("", &error.to_string()))
}

fn told(customer: &CustomerId, preferences: &Preferences) -> Value {
    let topics: Map<String, Value> = Topic::CUSTOMERS
        .iter()
        .map(|topic| {
            (topic.name().to_owned(), json!(topic.always_goes() || !preferences.off.contains(topic)))
        })
        .collect();
    json!({ "customer_id": customer, "topics": topics })
}

/// Topics that `{"topics":{"shipping":false}}` switches off; one that is not named is on.
fn switched_off(value: &Value) -> Result<BTreeSet<Topic>, Problem> {
    let Some(topics) = value.get("topics").and_then(Value::as_object) else {
        return Err(invalid("/topics", "must be an object of topics and true or false"));
    };
    let mut off = BTreeSet::new();
    for (name, wish) in topics {
        let pointer = format!("/topics/{}", name.replace('~', "~0").replace('/', "~1"));
        let Some(topic) = Topic::CUSTOMERS.into_iter().find(|topic| topic.name() == name) else {
            let known = Topic::CUSTOMERS.map(Topic::name).join(", ");
            return Err(invalid(&pointer, &format!("is no topic; there are {known}")));
        };
        match wish.as_bool() {
            Some(true) => {}
            Some(false) if topic.always_goes() => {
                return Err(invalid(&pointer, "cannot be switched off: receipts always go"));
            }
            Some(false) => {
                off.insert(topic);
            }
            None => return Err(invalid(&pointer, "must be true or false")),
        }
    }
    Ok(off)
}

fn invalid(pointer: &str, message: &str) -> Problem {
    let detail = format!("{pointer} {message}").trim_start().to_owned();
    Problem::new(422, "invalid-preferences", "Invalid preferences", detail).at(pointer, message)
}

struct Set {
    customer: CustomerId,
    preferences: Preferences,
}

impl Command for Set {
    async fn run(&self, uow: &mut Uow) -> Result<Answer, Refusal> {
        let id = self.customer.as_str();
        let found = uow.load(&PREFERENCES, id).await?;
        let mut doc = found.unwrap_or_else(|| uow.fresh(id, Preferences::default()));
        doc.data.clone_from(&self.preferences);
        let answer = Answer::json(200, None, &told(&self.customer, &doc))?;
        uow.put(&PREFERENCES, doc)?;
        Ok(answer)
    }
}
