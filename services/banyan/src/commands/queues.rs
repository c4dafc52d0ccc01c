//! `banyan queues`: how full they are, and what waits in them.

use anyhow::Result;
use clap::Subcommand;
use contracts::Timestamp;
use serde_json::{Value, json};

use crate::cli::{Context, Exit};
use crate::client::{escaped, with_query};
use crate::commands::shown::{age, counted, event_type, rows, text, time};
use crate::output::table;

/// The verbs.
#[derive(Debug, Clone, Subcommand)]
pub enum Command {
    /// Show how full each queue is, how old its next message is, and how many messages were given up
    List,
    /// Show what waits in a queue, the next message first; takes nothing
    #[command(after_help = "\
Looking takes nothing, and counts as no attempt. Personal data is blanked. Messages that wait for a delayed try, for a timer
or for another message are in no queue. RabbitMQ and SQS show a message by delivering it: it is given back at once, and what
was looked at in the last five seconds is shown again.

Examples:
  banyan queues peek payment --limit 5
  banyan queues peek payment --type order.placed --json")]
    Peek {
        /// A service's queue
        #[arg(value_name = "QUEUE")]
        queue: String,
        /// At most this many, up to 100 [default: 20]
        #[arg(long, value_name = "N")]
        limit: Option<u32>,
        /// Only types that begin with this; shop.banyan. may be left out
        #[arg(long = "type", value_name = "PREFIX")]
        of_type: Option<String>,
    },
}

/// Dead letters that are counted; more are said to be more.
const COUNTED: usize = 500;

/// Does what was asked.
///
/// # Errors
/// What the running banyan refuses, or that there is none.
pub async fn run(command: Command, context: &Context) -> Result<Exit> {
    match command {
        Command::List => list(context).await,
        Command::Peek { queue, limit, of_type } => peek(&queue, limit, of_type.as_deref(), context).await,
    }
}

async fn list(context: &Context) -> Result<Exit> {
    let mut page: Value = context.client.get("/queues").await?;
    let letters: Value = context.client.get(&format!("/dead-letters?limit={COUNTED}")).await?;
    for queue in page.get_mut("queues").and_then(Value::as_array_mut).into_iter().flatten() {
        let name = text(queue, "/queue");
        let dead = rows(&letters, "/dead_letters").iter().filter(|letter| text(letter, "/service") == name);
        queue["dead_letters"] = json!(dead.count());
        if queue["waiting"].as_u64().unwrap_or(0) > 0 {
            let path = format!("/queues/{}/messages?limit=1", escaped(&name));
            let next: Value = context.client.get(&path).await?;
            queue["next_since"] = next.pointer("/messages/0/time").cloned().unwrap_or_default();
        }
    }
    let now = context.env.now();
    context.output.answer(&page, |page| list_text(rows(page, "/queues"), now));
    if rows(&letters, "/dead_letters").len() == COUNTED {
        context.output.note(format!("only {COUNTED} dead letters are counted here"));
    }
    let queues = rows(&page, "/queues").iter();
    let fullest = queues.max_by_key(|queue| queue["waiting"].as_u64()).map(|queue| text(queue, "/queue"));
    let peek = format!("queues peek {}", fullest.unwrap_or_else(|| "QUEUE".to_owned()));
    let next = [peek.as_str(), "dlq list"];
    context.next(if rows(&letters, "/dead_letters").is_empty() { &next[..1] } else { &next });
    Ok(Exit::Ok)
}

fn list_text(queues: &[Value], now: Timestamp) -> String {
    let mut lines =
        vec![["queue", "waiting", "in flight", "next is from", "dead letters"].map(str::to_owned).to_vec()];
    lines.extend(queues.iter().map(|queue| {
        vec![
            text(queue, "/queue"),
            text(queue, "/waiting"),
            text(queue, "/in_flight"),
            age(queue, "/next_since", now),
            text(queue, "/dead_letters"),
        ]
    }));
    table(&lines)
}

async fn peek(queue: &str, limit: Option<u32>, of_type: Option<&str>, context: &Context) -> Result<Exit> {
    let limit = limit.map(|limit| limit.to_string());
    let path = with_query(
        &format!("/queues/{}/messages", escaped(queue)),
        &[("limit", limit.as_deref()), ("type", of_type)],
    );
    let page: Value = context.client.get(&path).await?;
    context.output.answer(&page, peek_text);
    let order = rows(&page, "/messages").iter().find_map(|message| {
        message.pointer("/message/correlationid").and_then(Value::as_str).filter(|id| !id.is_empty())
    });
    match order {
        Some(order) => context.next(&[&format!("order timeline {order}"), "queues list"]),
        None => context.next(&["queues list"]),
    }
    Ok(Exit::Ok)
}

fn peek_text(page: &Value) -> String {
    let messages = rows(page, "/messages");
    let looked_at = page["looked_at"].as_u64().unwrap_or(0);
    if messages.is_empty() {
        return match looked_at {
            0 => "nothing waits".to_owned(),
            n => format!("no such message among the next {}", counted(n, "message")),
        };
    }
    let mut lines = vec![["type", "subject", "from", "tries", "again", "id"].map(str::to_owned).to_vec()];
    lines.extend(messages.iter().map(|message| {
        vec![
            event_type(&text(message, "/event_type")).to_owned(),
            text(message, "/subject"),
            time(message, "/time"),
            text(message, "/attempt"),
            if message["redelivered"] == json!(true) { "yes" } else { "no" }.to_owned(),
            text(message, "/id"),
        ]
    }));
    table(&lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queues_are_listed_with_the_age_of_their_next_message() {
        let queues = [
            json!({ "queue": "orders", "waiting": 0, "in_flight": 2, "dead_letters": 0 }),
            json!({ "queue": "payment", "waiting": 7, "in_flight": 0, "dead_letters": 1, "next_since": "2026-11-22T20:00:00Z" }),
        ];
        let now = "2026-11-22T20:02:05Z".parse().unwrap();
        let want = "\
queue    waiting  in flight  next is from  dead letters
orders   0        2          -             0
payment  7        0          2m 05s ago    1";
        assert_eq!(list_text(&queues, now), want);
    }

    #[test]
    fn what_waits_is_shown_or_said_not_to_be_there() {
        let message = json!({
            "id": "e-1", "event_type": "shop.banyan.order.placed.v1", "subject": "o-1", "attempt": 2,
            "time": "2026-11-22T20:00:00Z", "redelivered": true, "message": {},
        });
        let page =
            |looked_at: u64, messages: &[Value]| json!({ "looked_at": looked_at, "messages": messages });
        for (page, want) in [
            (page(0, &[]), "nothing waits"),
            (page(3, &[]), "no such message among the next 3 messages"),
            (
                page(3, &[message]),
                "type             subject  from                     tries  again  id\n\
                 order.placed.v1  o-1      2026-11-22 20:00:00.000  2      yes    e-1",
            ),
        ] {
            assert_eq!(peek_text(&page), want);
        }
    }
}
