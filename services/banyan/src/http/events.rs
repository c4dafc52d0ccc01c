//! `POST /events`: what other applications publish. `GET /events?follow=1`: what happens, as it happens.

mod apart;

use std::borrow::Cow;
use std::convert::Infallible;

use axum::Json;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::sse::{Event as Sse, KeepAlive};
use axum::response::{IntoResponse, Response};
use bus::{Address, Outgoing, Published};
use bytes::Bytes;
use contracts::event::{DecodeError, OWN_SOURCE};
use contracts::events::order::{OrderPlaced, OrderPlacedV2};
use contracts::validate::{self, Invalid};
use contracts::{Envelope, EventData, Topology, card};
use futures_util::StreamExt;
use runtime::Problem;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tokio::sync::broadcast::error::RecvError;

use super::Site;

/// Events of one request: they are checked and published as one.
const BATCH: usize = 1_000;

/// The parties that publish through this route; services of ours do not.
const OUTSIDE: [&str; 4] = ["application", "storefront", "facade", "legacy"];

#[derive(Debug, Serialize)]
struct Accepted {
    id: String,
    #[serde(rename = "type")]
    kind: String,
    subject: String,
}

/// Publishes all of a request's events, or none when one of them is wrong.
pub(super) async fn publish(
    State(site): State<Site>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    check_media(&headers)?;
    let events = split(&body)?;
    let claims = site.node.claims();
    let mut checked = Vec::new();
    for (at, raw) in events.iter().enumerate() {
        let at = if events.len() == 1 { String::new() } else { format!("/{at}") };
        let body = apart::whole(&claims, raw, &at).await?;
        checked.push(check(body, &at)?);
    }
    for message in &mut checked {
        message.body = claims.fitting(message.body.clone(), site.env.now()).await?;
    }
    let accepted: Vec<Accepted> = checked.iter().filter_map(|message| accepted(&message.body)).collect();
    let answers = site.bus.publish(checked).await;
    if let Some(Published::Refused(why)) = answers.iter().find(|a| matches!(a, Published::Refused(_))) {
        return Err(Problem::new(422, "event-refused", "Event refused", why.clone()));
    }
    if answers.contains(&Published::Unknown) {
        return Err(
            Problem::outcome_unknown().hint("send the same events again: their ids make that harmless")
        );
    }
    Ok((StatusCode::ACCEPTED, Json(serde_json::json!({ "accepted": accepted }))).into_response())
}

fn check_media(headers: &HeaderMap) -> Result<(), Problem> {
    let media = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media = media.split(';').next().unwrap_or_default().trim();
    if media == "application/json" || media.starts_with("application/cloudevents") && media.ends_with("json")
    {
        return Ok(());
    }
    Err(Problem::new(415, "unsupported-media-type", "Unsupported media type", format!("{media:?} is not taken here"))
        .hint("send one CloudEvent as application/cloudevents+json, or several as application/cloudevents-batch+json"))
}

/// One event, or an array of them.
fn split(body: &Bytes) -> Result<Vec<Box<RawValue>>, Problem> {
    let is_batch = body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[');
    let read = if is_batch {
        serde_json::from_slice(body)
    } else {
        serde_json::from_slice(body).map(|event: Box<RawValue>| vec![event])
    };
    let events: Vec<Box<RawValue>> = read.map_err(|error| Problem::malformed_json(&error))?;
    if events.is_empty() || events.len() > BATCH {
        let detail = format!("a request has 1 to {BATCH} events, this one has {}", events.len());
        return Err(Problem::new(422, "invalid-event", "Invalid event", detail));
    }
    Ok(events)
}

/// An event that other applications may publish, sound in every respect.
fn check(body: Bytes, at: &str) -> Result<Outgoing, Problem> {
    let invalid = |detail: &str| Problem::new(422, "invalid-event", "Invalid event", detail);
    let value: serde_json::Value = serde_json::from_slice(&body).map_err(|e| Problem::malformed_json(&e))?;
    let event = Envelope::decode(&body).map_err(|error| match &error {
        DecodeError::Attribute { name, problem } => {
            invalid("an attribute of the event is wrong").at(format!("{at}/{name}"), *problem)
        }
        DecodeError::Envelope(source) => {
            invalid("this is not a CloudEvent in JSON").at(at, source.to_string())
        }
        DecodeError::Data { .. } | DecodeError::Apart => {
            invalid("the event's data is wrong").at(format!("{at}/data"), error.to_string())
        }
    })?;
    let cards = card::in_value(&value);
    if !cards.is_empty() {
        return Err(Problem::card_number_refused(cards.iter().map(|pointer| format!("{at}{pointer}"))));
    }
    if event.source.starts_with(OWN_SOURCE) {
        return Err(
            invalid("the source is reserved").at(format!("{at}/source"), "must not begin with /banyan/")
        );
    }
    judge(&event, at)?;
    let publishers = Topology::embedded().publishers(&event.kind);
    if !publishers.iter().any(|party| OUTSIDE.contains(&party.as_str())) {
        return Err(Problem::new(
            403,
            "not-publishable",
            "Not publishable",
            format!("{} is published by {} only", event.kind, publishers.join(", ")),
        )
        .at(format!("{at}/type"), "other applications may not publish this"));
    }
    Ok(Outgoing {
        id: event.message_id(),
        lane: event.lane().to_owned(),
        address: Address::Topic(event.kind),
        attempt: 0,
        body,
    })
}

fn judge(event: &Envelope, at: &str) -> Result<(), Problem> {
    let invalid = match validate::input(&event.kind, event.body_text()) {
        Ok(()) => return adds_up(event, at),
        Err(invalid) => invalid,
    };
    let problem = |slug: &str, title: &'static str| Problem::new(422, slug, title, invalid.to_string());
    Err(match &invalid {
        Invalid::UnknownType { .. } => problem("unknown-event-type", "Unknown event type")
            .at(format!("{at}/type"), "not in the catalogue"),
        Invalid::UnknownMajor { .. } => problem("unsupported-major-version", "Unsupported major version")
            .at(format!("{at}/type"), "this major version is not known here"),
        Invalid::NotJson(_) => problem("invalid-event", "Invalid event").at(format!("{at}/data"), "not JSON"),
        Invalid::Data { violations, .. } => {
            violations.iter().fold(problem("invalid-event", "Invalid event"), |problem, violation| {
                problem.at(format!("{at}/data{}", violation.pointer), violation.message.clone())
            })
        }
    })
}

/// An order that another application took must be one that `POST /orders` would have taken.
fn adds_up(event: &Envelope, at: &str) -> Result<(), Problem> {
    let body = event.body_text();
    let found = match event.kind.as_str() {
        OrderPlaced::TYPE => serde_json::from_str::<OrderPlaced>(body).map(|order| order.check().err()),
        OrderPlacedV2::TYPE => {
            serde_json::from_str::<OrderPlacedV2>(body).map(|order| order.check_for_one_parcel().err())
        }
        _ => return Ok(()),
    };
    let found = found.map_err(|error| {
        Problem::new(422, "invalid-order", "Invalid order", "the order cannot be read")
            .at(format!("{at}/data"), error.to_string())
    })?;
    let Some(found) = found else { return Ok(()) };
    let problem = Problem::new(422, "invalid-order", "Invalid order", "the order cannot be taken");
    Err(found
        .into_iter()
        .fold(problem, |problem, one| problem.at(format!("{at}/data{}", one.pointer), one.message)))
}

fn accepted(body: &Bytes) -> Option<Accepted> {
    let event = Envelope::decode(body).ok()?;
    Some(Accepted { id: event.id, kind: event.kind.to_string(), subject: event.subject })
}

#[derive(Deserialize)]
pub(super) struct Follow {
    #[serde(default)]
    follow: u8,
    /// Only types that begin with one of these, separated by commas; `shop.banyan.` may be left out.
    #[serde(default, rename = "type")]
    types: String,
}

/// The type of an event, without reading the rest of it.
#[derive(Deserialize)]
struct Typed<'e> {
    #[serde(borrow, rename = "type")]
    kind: Cow<'e, str>,
}

impl Follow {
    fn wants(&self, event: &[u8]) -> bool {
        if self.types.is_empty() {
            return true;
        }
        let Ok(Typed { kind }) = serde_json::from_slice(event) else { return false };
        let short = kind.strip_prefix("shop.banyan.").unwrap_or(&kind);
        let prefixes = self.types.split(',').map(str::trim).filter(|prefix| !prefix.is_empty());
        prefixes.into_iter().any(|prefix| kind.starts_with(prefix) || short.starts_with(prefix))
    }
}

/// Every public event from now on, personal data blanked. A follower that is too slow misses some and is told.
pub(super) async fn follow(
    State(site): State<Site>,
    Query(asked): Query<Follow>,
) -> Result<Response, Problem> {
    if asked.follow != 1 {
        return Err(Problem::new(
            400,
            "bad-request",
            "Bad request",
            "events are not kept; they can be followed",
        )
        .hint("GET /events?follow=1"));
    }
    let tap = site.tap.listen();
    let claims = site.node.claims();
    let events = futures_util::stream::unfold((tap, asked, claims), |(mut tap, asked, claims)| async move {
        let sse = loop {
            match tap.recv().await {
                Ok(body) if !asked.wants(&body) => {}
                Ok(body) => break Sse::default().data(claims.shown(&body).await.to_string()),
                Err(RecvError::Lagged(missed)) => {
                    break Sse::default().event("missed").data(missed.to_string());
                }
                Err(RecvError::Closed) => return None,
            }
        };
        Some((sse, (tap, asked, claims)))
    });
    let stream = events.map(Ok::<_, Infallible>);
    Ok(axum::response::Sse::new(stream).keep_alive(KeepAlive::default()).into_response())
}

#[cfg(test)]
mod tests {
    use super::Follow;

    #[test]
    fn a_follower_hears_the_types_it_asked_for() {
        let wants =
            |types: &str, event: &str| Follow { follow: 1, types: types.to_owned() }.wants(event.as_bytes());
        let event = r#"{"id":"1","type":"shop.banyan.order.placed.v1","data":{"type":"x"}}"#;
        for types in ["", "order.", "payment., order.placed", "shop.banyan.order"] {
            assert!(wants(types, event), "{types:?}");
        }
        for types in ["payment.", "placed", ","] {
            assert!(!wants(types, event), "{types:?}");
        }
        assert!(!wants("order.", "not json") && wants("", "not json"));
    }
}
