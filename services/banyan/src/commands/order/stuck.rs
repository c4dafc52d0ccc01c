//! `banyan orders stuck`

use std::collections::BTreeMap;

use anyhow::Result;
use serde::Serialize;
use serde_json::Value;

use crate::cli::{Context, Exit};
use crate::client::escaped;
use crate::commands::shown::{counted, event_name, rows, text, time};
use crate::output::table;

/// Lists orders that do not get on by themselves, and what to do about each.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "\
An order is stuck when the next thing has not happened for too long (order.stalled), or when one of its messages could
not be handled and is a dead letter.

Examples:
  banyan orders stuck
  banyan orders stuck --json")]
pub struct Args {}

/// Orders, and dead letters, that are looked at.
const ORDERS: usize = 100;
const LETTERS: usize = 500;

/// An order that does not get on.
#[derive(Debug, Default, PartialEq, Serialize)]
struct Stuck {
    order_id: String,
    /// How it stands; absent when nobody knows such an order.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<String>,
    /// The event that has not come for too long.
    #[serde(skip_serializing_if = "Option::is_none")]
    waiting_for: Option<String>,
    /// Since when it waits for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<String>,
    dead_letters: Vec<Letter>,
}

/// A message of it that nobody could handle.
#[derive(Debug, PartialEq, Serialize)]
struct Letter {
    id: String,
    service: String,
    event_type: String,
    reason: String,
    /// What sends it back.
    redrive: String,
}

#[derive(Serialize)]
struct Answer {
    stuck: Vec<Stuck>,
}

pub(super) async fn run(context: &Context) -> Result<Exit> {
    let stalled: Value = context.client.get(&format!("/orders?stalled=true&limit={ORDERS}")).await?;
    let letters: Value = context.client.get(&format!("/dead-letters?limit={LETTERS}")).await?;
    let mut stuck = gathered(rows(&stalled, "/orders"), rows(&letters, "/dead_letters"), &|letter| {
        context.command(&format!("dlq redrive --id {letter}"))
    });
    for one in stuck.iter_mut().filter(|one| one.status.is_none()).take(ORDERS) {
        let order: Option<Value> =
            context.client.find(&format!("/orders/{}", escaped(&one.order_id))).await?;
        one.status = order.map(|order| text(&order, "/status"));
    }
    let answer = Answer { stuck };
    context.output.answer(&answer, |answer| stuck_text(&answer.stuck));
    if rows(&stalled, "/orders").len() == ORDERS || rows(&letters, "/dead_letters").len() == LETTERS {
        context.output.note(format!("only {ORDERS} orders and {LETTERS} dead letters were looked at"));
    }
    match answer.stuck.first() {
        Some(first) if first.dead_letters.is_empty() => {
            context.next(&[&format!("order timeline {}", first.order_id)]);
        }
        Some(first) => context.next(&[&format!("order timeline {}", first.order_id), "dlq list"]),
        None => context.next(&["audit"]),
    }
    Ok(Exit::Ok)
}

/// Orders that are stalled, then those that only have dead letters; each once.
fn gathered(orders: &[Value], letters: &[Value], redrive: &dyn Fn(&str) -> String) -> Vec<Stuck> {
    let mut by_order: BTreeMap<String, Vec<Letter>> = BTreeMap::new();
    for letter in letters {
        let id = text(letter, "/id");
        let (redrive, service) = (redrive(&id), text(letter, "/service"));
        let (event_type, reason) = (text(letter, "/event_type"), text(letter, "/reason"));
        by_order.entry(order_of(letter)).or_default().push(Letter {
            id,
            service,
            event_type,
            reason,
            redrive,
        });
    }
    // An older banyan that does not know what stalled is answers with all its orders.
    let is_stalled = |order: &&Value| order.get("stalled").is_some_and(Value::is_object);
    let mut stuck: Vec<Stuck> = Vec::new();
    for order in orders.iter().filter(is_stalled) {
        let order_id = text(order, "/order_id");
        stuck.push(Stuck {
            dead_letters: by_order.remove(&order_id).unwrap_or_default(),
            order_id,
            status: Some(text(order, "/status")),
            waiting_for: Some(text(order, "/stalled/waiting_for")),
            since: Some(time(order, "/stalled/since")),
        });
    }
    let others = by_order.into_iter();
    stuck.extend(others.map(|(order_id, dead_letters)| Stuck { order_id, dead_letters, ..Stuck::default() }));
    stuck
}

/// The order that a dead letter is about; what it is about, when that is no order.
fn order_of(letter: &Value) -> String {
    let names = ["/message/correlationid", "/message/data/order_id", "/subject"];
    let named = names.iter().find_map(|name| letter.pointer(name).and_then(Value::as_str));
    named.filter(|name| !name.is_empty()).unwrap_or("-").to_owned()
}

fn stuck_text(stuck: &[Stuck]) -> String {
    if stuck.is_empty() {
        return "no order is stuck".to_owned();
    }
    let mut lines = vec![["order", "status", "why", "what to do"].map(str::to_owned).to_vec()];
    for one in stuck {
        let mut head = [one.order_id.clone(), one.status.clone().unwrap_or_else(|| "-".to_owned())];
        let mut line = |why: String, what: String| {
            let [order, status] = std::mem::take(&mut head);
            lines.push(vec![order, status, why, what]);
        };
        if let (Some(event), Some(since)) = (&one.waiting_for, &one.since) {
            line(format!("{} has not come since {since}", event_name(event)), String::new());
        }
        for letter in &one.dead_letters {
            let what = event_name(&letter.event_type);
            line(format!("{} gave up {what}: {}", letter.service, letter.reason), letter.redrive.clone());
        }
    }
    format!("{} stuck\n{}", counted(stuck.len() as u64, "order"), table(&lines))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn stuck() -> Vec<Stuck> {
        let order =
            |id: &str, stalled: Value| json!({ "order_id": id, "status": "confirmed", "stalled": stalled });
        let waits = json!({ "waiting_for": "shipment.ready", "since": "2026-11-22T20:00:00Z" });
        let letter = |id: &str, message: Value| json!({ "id": id, "service": "payment", "event_type": "shop.banyan.order.placed.v1", "reason": "exhausted", "message": message, "subject": "o-3" });
        let orders = [order("o-1", waits), order("o-2", Value::Null), json!({ "order_id": "o-4" })];
        let letters = [letter("m-1", json!({ "correlationid": "o-1" })), letter("m-2", json!("not JSON"))];
        gathered(&orders, &letters, &|id| format!("banyan dlq redrive --id {id}"))
    }

    #[test]
    fn each_stuck_order_is_there_once_with_all_that_holds_it() {
        let told: Vec<(String, bool, usize)> = stuck()
            .into_iter()
            .map(|one| (one.order_id, one.waiting_for.is_some(), one.dead_letters.len()))
            .collect();
        assert_eq!(told, [("o-1".to_owned(), true, 1), ("o-3".to_owned(), false, 1)]);
    }

    #[test]
    fn why_and_what_to_do_are_said() {
        let want = [
            "2 orders stuck",
            "order  status     why                                                    what to do",
            "o-1    confirmed  shipment.ready has not come since 2026-11-22 20:00:00.000",
            "                  payment gave up order.placed: exhausted                    banyan dlq redrive --id m-1",
            "o-3    -          payment gave up order.placed: exhausted                    banyan dlq redrive --id m-2",
        ];
        let told = stuck_text(&stuck());
        let squeezed = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(told.lines().map(squeezed).collect::<Vec<_>>(), want.map(squeezed));
        assert_eq!(stuck_text(&[]), "no order is stuck");
    }
}
