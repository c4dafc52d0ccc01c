//! `banyan events publish`

use std::path::PathBuf;

use anyhow::Result;
use contracts::events::order::OrderPlacedV2;
use contracts::{Envelope, EventType};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::cli::{Context, Exit, Failure};
use crate::client::{Error, Patience, Write};
use crate::commands::read_input;
use crate::commands::shown::{counted, event_type};
use crate::output::table;

/// Publishes CloudEvents. Publishing the same ones again does no harm: their ids are remembered.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "\
All events are looked at before the first is published. Ends with 2 when one of them breaks its contract.

Examples:
  banyan events publish --file order-placed.json
  my-shop-export | banyan events publish")]
pub struct Args {
    /// JSON: one CloudEvent, an array, or one in each line [default: standard input]
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
}

/// Events in one request, which takes all or none of them.
const BATCH: usize = 500;
/// Bytes of one request, well below what the intake takes (1 MiB).
const BATCH_BYTES: usize = 768 << 10;

/// An event to publish.
struct Found {
    raw: Box<RawValue>,
    event: Envelope,
}

pub(super) async fn run(args: &Args, context: &Context) -> Result<Exit> {
    let events = checked(&read_input(args.file.as_deref())?)?;
    let mut published = 0;
    for batch in batches(&events) {
        let answer = send(batch, context).await;
        answer.map_err(|error| explained(error, published, batch.len()))?;
        published += batch.len();
    }
    let told: Vec<Value> = events.iter().map(|Found { event, .. }| told(event)).collect();
    context.output.answer(&json!({ "published": told }), |_| text(&events));
    match events.iter().find(|found| found.event.kind.family() == EventType::of::<OrderPlacedV2>().family()) {
        Some(order) => context.next(&[&format!("order timeline {}", order.event.subject), "events tail"]),
        None => context.next(&["events tail"]),
    }
    Ok(Exit::Ok)
}

fn told(event: &Envelope) -> Value {
    json!({ "id": event.id, "type": event.kind, "subject": event.subject })
}

fn text(events: &[Found]) -> String {
    let line = |Found { event, .. }: &Found| {
        vec![event.id.clone(), event_type(event.kind.as_str()).to_owned(), event.subject.clone()]
    };
    let lines: Vec<_> = events.iter().map(line).collect();
    format!("{}\n{} published", table(&lines), counted(events.len() as u64, "event"))
}

/// Every event of the input, or everything that is wrong with it.
fn checked(input: &[u8]) -> Result<Vec<Found>> {
    let broken = |message: String| Failure::new(Exit::Broken, message);
    let mut events = Vec::new();
    let mut wrong = Vec::new();
    for value in serde_json::Deserializer::from_slice(input).into_iter::<Box<RawValue>>() {
        let value = value.map_err(|error| broken(format!("the input is not JSON: {error}")))?;
        let elements = match value.get().starts_with('[') {
            true => serde_json::from_str(value.get())?,
            false => vec![value],
        };
        for raw in elements {
            match Envelope::decode(raw.get().as_bytes()) {
                Ok(event) => events.push(Found { raw, event }),
                Err(error) => {
                    let number = events.len() + wrong.len() + 1;
                    wrong.push(format!("event {number}: {:#}", anyhow::Error::new(error)));
                }
            }
        }
    }
    if !wrong.is_empty() {
        return Err(broken(format!("nothing was published: {}", wrong.join("; "))).into());
    }
    if events.is_empty() {
        return Err(Failure::usage(
            "there is no event in the input; give one with --file or on standard input",
        )
        .into());
    }
    Ok(events)
}

/// Parts that one request can hold.
fn batches(events: &[Found]) -> Vec<&[Found]> {
    let mut batches = Vec::new();
    let (mut begin, mut bytes) = (0, 0);
    for (at, found) in events.iter().enumerate() {
        let size = found.raw.get().len() + 1;
        if at > begin && (at - begin == BATCH || bytes + size > BATCH_BYTES) {
            batches.push(&events[begin..at]);
            (begin, bytes) = (at, 0);
        }
        bytes += size;
    }
    batches.push(&events[begin..]);
    batches
}

async fn send(batch: &[Found], context: &Context) -> Result<Value, Error> {
    let (media, body) = match batch {
        [one] => ("application/cloudevents+json", one.raw.get().as_bytes().to_vec()),
        many => {
            let many: Vec<&str> = many.iter().map(|found| found.raw.get()).collect();
            ("application/cloudevents-batch+json", format!("[{}]", many.join(",")).into_bytes())
        }
    };
    let write = Write { path: "/events".into(), key: None, media, body: body.into() };
    context.client.post_until_answered(&write, &context.env, Patience::PERSON).await
}

fn explained(error: Error, published: usize, batch: usize) -> anyhow::Error {
    let is_contract =
        matches!(&error, Error::Refused(problem) if matches!(problem.status, 400 | 403 | 413 | 422));
    let which = match (published, batch) {
        (0, 1) => "the event was not published".to_owned(),
        (_, 1) => format!("event {} was not published, those before it were", published + 1),
        (0, _) => format!("events 1 to {batch} were not published"),
        (_, _) => {
            format!("events {} to {} were not published, those before were", published + 1, published + batch)
        }
    };
    let exit = if is_contract { Exit::Broken } else { Exit::Error };
    anyhow::Error::new(error).context(Failure::new(exit, which))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(id: &str) -> String {
        format!(
            r#"{{"specversion":"1.0","id":"{id}","source":"/shop","type":"shop.banyan.order.placed.v1",
            "subject":"o-1","time":"2026-11-22T20:00:00Z","data":{{}}}}"#
        )
        .replace('\n', "")
    }

    fn ids(input: &str) -> Vec<String> {
        checked(input.as_bytes()).unwrap().into_iter().map(|found| found.event.id).collect()
    }

    #[test]
    fn one_many_and_an_array_are_read() {
        assert_eq!(ids(&event("a")), ["a"]);
        assert_eq!(ids(&format!("{}\n{}\n\n{}\n", event("a"), event("b"), event("c"))), ["a", "b", "c"]);
        assert_eq!(ids(&format!("[{},{}]", event("a"), event("b"))), ["a", "b"]);
    }

    #[test]
    fn everything_that_is_wrong_is_said_before_anything_is_published() {
        for (input, exit, why) in [
            ("", Exit::Usage, "no event"),
            ("not json", Exit::Broken, "not JSON"),
            (r#"[{"id":1}, 7]"#, Exit::Broken, "event 2"),
        ] {
            let error = checked(input.as_bytes()).err().unwrap();
            assert_eq!(error.downcast_ref::<Failure>().unwrap().exit, exit);
            assert!(error.to_string().contains(why), "{error}");
        }
    }

    #[test]
    fn requests_stay_below_what_the_intake_takes() {
        let many: Vec<String> = (0..1_201).map(|n| event(&format!("{n:0600}"))).collect();
        let events = checked(many.join("\n").as_bytes()).err();
        assert!(events.is_some(), "an id of 600 characters is too long");
        let many: Vec<String> = (0..1_201).map(|n| event(&format!("{n:0200}"))).collect();
        let events = checked(many.join("\n").as_bytes()).unwrap();
        let sizes: Vec<usize> = batches(&events).iter().map(|batch| batch.len()).collect();
        assert_eq!(sizes, [500, 500, 201]);
    }
}
