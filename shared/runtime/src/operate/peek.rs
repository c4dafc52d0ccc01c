//! `GET /queues/{name}/messages`: what waits in a queue. Looking takes nothing.

use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use bus::{OutageKind, Peek, Peeked};
use contracts::{Envelope, Timestamp, card};
use serde::{Deserialize, Serialize};

use super::redacted;
use crate::problem::Problem;

/// Messages that one answer shows: at most, and when nothing is said.
const MAX_LIMIT: usize = 100;
const DEFAULT_LIMIT: usize = 20;
/// Messages that one request looks through for those of a type.
const LOOKED_AT: usize = 1_000;

/// A message that waits, as people see it: without anybody's name, address or card number, just as a dead letter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Waiting {
    /// The message's identity; empty when it cannot be decoded, as all that follows.
    pub id: String,
    /// Its type.
    pub event_type: String,
    /// What it is about.
    pub subject: String,
    /// When it happened.
    pub time: Option<Timestamp>,
    /// Delayed tries that failed.
    pub attempt: u32,
    /// It was, or may have been, delivered before.
    pub redelivered: bool,
    /// The message, personal data blanked and card numbers masked; text where it is not JSON.
    pub message: serde_json::Value,
}

#[derive(Debug, PartialEq, Serialize)]
struct Answered {
    queue: String,
    /// How many messages were looked at, from the next one on; those of another type are not shown.
    looked_at: usize,
    messages: Vec<Waiting>,
}

#[derive(Debug, Default, Deserialize)]
struct Asked {
    limit: Option<usize>,
    #[serde(rename = "type")]
    kind: Option<String>,
}

/// What waits in each queue, for a bus that can be looked into.
pub fn peek_routes(peek: Arc<dyn Peek>) -> Router {
    Router::new().route("/queues/{name}/messages", get(show)).with_state(peek)
}

async fn show(
    State(peek): State<Arc<dyn Peek>>,
    Path(queue): Path<String>,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Result<Response, Problem> {
    let Query(asked) = asked.map_err(|rejection| invalid(rejection.body_text()))?;
    Ok(Json(look(peek.as_ref(), queue, &asked).await?).into_response())
}

fn invalid(detail: impl Into<String>) -> Problem {
    Problem::new(400, "invalid-query", "Invalid query", detail)
}

async fn look(peek: &dyn Peek, queue: String, asked: &Asked) -> Result<Answered, Problem> {
    let limit = asked.limit.unwrap_or(DEFAULT_LIMIT);
    if !(1..=MAX_LIMIT).contains(&limit) {
        return Err(invalid(format!("limit must be 1 to {MAX_LIMIT}, got {limit}")));
    }
    let seen = peek.peek(queue.as_str().into(), if asked.kind.is_some() { LOOKED_AT } else { limit }).await;
    let seen = seen.map_err(|outage| match outage.kind {
        OutageKind::Undeclared => Problem::not_found("queue", &queue).hint("GET /queues lists them"),
        OutageKind::Full | OutageKind::Throttled | OutageKind::Unreachable | OutageKind::Broken => {
            outage.into()
        }
    })?;
    let looked_at = seen.len();
    let shown = seen.into_iter().map(Waiting::of).filter(|message| asked.wants(&message.event_type));
    let messages = shown.take(limit).collect();
    Ok(Answered { queue, looked_at, messages })
}

impl Asked {
    /// A type may leave out what all types begin with, and its version.
    fn wants(&self, kind: &str) -> bool {
        let short = kind.strip_prefix("shop.banyan.").unwrap_or(kind);
        self.kind.as_ref().is_none_or(|prefix| kind.starts_with(prefix) || short.starts_with(prefix))
    }
}

impl Waiting {
    fn of(peeked: Peeked) -> Self {
        let came = String::from_utf8_lossy(&peeked.body);
        let text = card::mask(&came).map_or_else(|| came.into_owned(), |masked| masked.text);
        let event = Envelope::decode(text.as_bytes()).ok();
        Self {
            id: event.as_ref().map(|event| event.id.clone()).unwrap_or_default(),
            event_type: event.as_ref().map(|event| event.kind.to_string()).unwrap_or_default(),
            time: event.as_ref().map(|event| event.time),
            subject: event.map(|event| event.subject).unwrap_or_default(),
            attempt: peeked.attempt,
            redelivered: peeked.redelivered,
            message: redacted(&text),
        }
    }
}

#[cfg(test)]
mod tests {
    use bus::{Address, Bus, Outgoing, Wiring};
    use bytes::Bytes;
    use contracts::MessageId;
    use serde_json::json;
    use store::sim::{JumpingTime, Manners, Rates, Setup, World};

    use super::*;

    const CARD: &str = "4111 1111 1111 1111";

    fn event(n: u32, kind: &str) -> String {
        json!({
            "specversion": "1.0", "id": format!("e-{n}"), "source": "/my-shop", "type": kind,
            "subject": format!("s-{n}"), "time": "2026-11-22T20:00:00Z",
            "data": { "customer": { "name": "Ada" }, "ship_to": { "city": "Leeds" }, "note": CARD },
        })
        .to_string()
    }

    /// What `GET /queues/toys/messages` answers once `bodies` wait there.
    fn asked(bodies: &[String], queue: &str, asked: &Asked) -> Result<Answered, Problem> {
        let time = JumpingTime::starting_at(Timestamp::from_micros(1_700_000_000_000_000));
        let setup = Setup { seed: 1, rates: Rates::NONE, fused: true, manners: Manners::Embedded };
        let world = World::new(Arc::new(time.clone()), &setup);
        let link = world.link();
        let bus: Arc<dyn Bus> = bus::sim::SimBus::handle(&world, &link);
        let peek = bus::sim::SimBus::peek_handle(&world, &link);
        let sent = |body: &String| Outgoing {
            id: MessageId::named(&[body]),
            address: Address::Queue("toys".to_owned()),
            lane: "lane".to_owned(),
            attempt: 3,
            body: Bytes::from(body.clone()),
        };
        let looking = async {
            bus.declare(Wiring { queues: ["toys".to_owned()].into(), ..Wiring::default() }).await?;
            bus.publish(bodies.iter().map(sent).collect()).await;
            look(peek.as_ref(), queue.to_owned(), asked).await
        };
        time.run(looking).unwrap()
    }

    #[test]
    fn what_waits_is_shown_without_names_addresses_and_card_numbers() {
        let bodies = [event(1, "shop.banyan.toy.sold.v1"), format!("pay with {CARD}")];
        let answer = asked(&bodies, "toys", &Asked::default()).unwrap();
        let [sold, odd] = <[Waiting; 2]>::try_from(answer.messages).unwrap();
        assert_eq!(
            (sold.id.as_str(), sold.event_type.as_str(), sold.subject.as_str(), sold.attempt),
            ("e-1", "shop.banyan.toy.sold.v1", "s-1", 3)
        );
        let data = json!({ "customer": "redacted", "ship_to": "redacted", "note": "**** **** **** ****" });
        assert_eq!(sold.message["data"], data);
        assert_eq!((odd.id.as_str(), odd.message), ("", json!("pay with **** **** **** ****")));
    }

    #[test]
    fn a_type_is_looked_for_behind_others_and_a_limit_is_kept() {
        let kind = |n| if n % 5 == 0 { "shop.banyan.toy.lost.v1" } else { "shop.banyan.toy.sold.v1" };
        let bodies: Vec<String> = (1..=50).map(|n| event(n, kind(n))).collect();
        for (kind, limit, looked_at, first, shown) in [
            (None, None, 20, "e-1", 20),
            (None, Some(2), 2, "e-1", 2),
            (Some("toy.lost"), None, 50, "e-5", 10),
            (Some("shop.banyan.toy.lost.v1"), Some(3), 50, "e-5", 3),
        ] {
            let answer = asked(&bodies, "toys", &Asked { limit, kind: kind.map(Into::into) }).unwrap();
            let got = (answer.looked_at, answer.messages[0].id.as_str(), answer.messages.len());
            assert_eq!(got, (looked_at, first, shown), "{kind:?} {limit:?}");
        }
    }

    #[test]
    fn what_cannot_be_shown_is_refused() {
        let none = asked(&[], "nobody", &Asked::default()).unwrap_err();
        assert_eq!((none.status, none.slug()), (404, "not-found"));
        for limit in [0, 101] {
            let refused = asked(&[], "toys", &Asked { limit: Some(limit), kind: None }).unwrap_err();
            assert_eq!((refused.status, refused.slug()), (400, "invalid-query"), "{limit}");
        }
    }
}
