//! What becomes of the orders that were placed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Result, bail};
use contracts::events::order::{OrderCancelled, OrderCompleted, OrderConfirmed};
use contracts::{EventData, Timestamp};
use runtime::Env;
use serde::Deserialize;
use serde_json::Value;

use crate::client::{Client, Heard};
use crate::output::Output;

/// How often the end is looked for.
const LOOK_EVERY: Duration = Duration::from_millis(5);
/// Nothing was heard for so long: perhaps it was missed.
const QUIET: Duration = Duration::from_millis(500);
/// Nothing moved for so long: it hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// What is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Until {
    /// Confirmed, or cancelled.
    Decided,
    /// Completed, or cancelled.
    Ended,
}

/// Orders of which something was heard, and when.
#[derive(Debug, Default)]
struct Known {
    confirmed: BTreeMap<String, Timestamp>,
    completed: BTreeSet<String>,
    cancelled: BTreeSet<String>,
    /// Confirmed, but nobody heard when.
    unheard: BTreeSet<String>,
    /// Events that the shop did not wait to tell.
    missed: u64,
    /// What the stream of events ended with.
    trouble: Option<String>,
}

impl Known {
    /// How much is known: it grows with every answer.
    fn heard(&self) -> usize {
        self.confirmed.len() + self.completed.len() + self.cancelled.len() + self.unheard.len()
    }

    fn is(&self, until: Until, order: &str) -> bool {
        let has_ended = self.completed.contains(order) || self.cancelled.contains(order);
        let is_confirmed = self.confirmed.contains_key(order) || self.unheard.contains(order);
        has_ended || (until == Until::Decided && is_confirmed)
    }
}

/// Listens to what becomes of orders.
#[derive(Debug, Clone)]
pub(super) struct Fates(Arc<Mutex<Known>>);

impl Fates {
    pub(super) async fn follow(client: &Client, env: &Env) -> Result<Self> {
        let kinds = [OrderConfirmed::TYPE, OrderCompleted::TYPE, OrderCancelled::TYPE];
        let mut follower = client.follow_types(&kinds.join(",")).await?;
        let fates = Self(Arc::default());
        let (heard, clock) = (fates.clone(), env.clock.clone());
        let listen = async move {
            let trouble = loop {
                match follower.next().await {
                    Ok(Some(Heard::Event(event))) => heard.take(&event, clock.now()),
                    Ok(Some(Heard::Missed(many))) => heard.known().missed += many,
                    Ok(None) => break "the events ended".to_owned(),
                    Err(error) => break error.to_string(),
                }
            };
            heard.known().trouble = Some(trouble);
        };
        env.spawn.spawn("bench.follow".into(), Box::pin(listen));
        Ok(fates)
    }

    /// When orders were heard to be confirmed.
    pub(super) fn confirmed(&self) -> BTreeMap<String, Timestamp> {
        self.known().confirmed.clone()
    }

    /// Confirmed, but nobody heard when.
    pub(super) fn unheard(&self) -> u64 {
        self.known().unheard.len() as u64
    }

    /// How many were confirmed, completed and cancelled.
    pub(super) fn counts(&self) -> (u64, u64, u64) {
        let known = self.known();
        let confirmed = known.confirmed.len() + known.unheard.len();
        (confirmed as u64, known.completed.len() as u64, known.cancelled.len() as u64)
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, event: &str, now: Timestamp) {
        // Cheaper than reading every event as JSON, on a machine that the shop shares with this.
        let is = |kind: &str| event.contains(&format!("\"{kind}\""));
        let kinds = [OrderConfirmed::TYPE, OrderCompleted::TYPE, OrderCancelled::TYPE];
        let Some(kind) = kinds.into_iter().find(|kind| is(kind)) else { return };
        let Ok(Value::Object(event)) = serde_json::from_str(event) else { return };
        let Some(order) = event.get("subject").and_then(Value::as_str).map(str::to_owned) else { return };
        let known = &mut *self.known();
        match kind {
            OrderConfirmed::TYPE => drop(known.confirmed.entry(order).or_insert(now)),
            OrderCompleted::TYPE => drop(known.completed.insert(order)),
            _ => drop(known.cancelled.insert(order)),
        }
    }

    /// Waits for all of `placed`; asks the shop about those of which it may have missed the news.
    pub(super) async fn wait_for(
        &self,
        until: Until,
        placed: &BTreeSet<String>,
        (client, env, output): (&Client, &Env, Output),
    ) -> Result<()> {
        let mut open: Vec<&String> = placed.iter().collect();
        let (mut heard, mut moved) = (0, env.now());
        loop {
            let (so_far, has_missed) = self.drop_last(until, &mut open)?;
            if open.is_empty() {
                return Ok(());
            }
            if so_far > heard {
                (heard, moved) = (so_far, env.now());
                output.progress(format!("about {} of {} not {} yet", open.len(), placed.len(), until.word()));
            }
            let waited = env.now().since(moved);
            if waited > PATIENCE {
                let many = self.open_of(until, &open).len();
                bail!("{many} orders are not {}, and nothing moves", until.word());
            }
            if has_missed && waited > QUIET {
                self.ask(&self.open_of(until, &open), client).await?;
            }
            env.clock.sleep(LOOK_EVERY).await;
        }
    }

    /// Takes off the end of `open` what is no longer open; answers how much was heard so far, and whether something was
    /// missed. To look at all of them each time would take a core from the shop.
    fn drop_last(&self, until: Until, open: &mut Vec<&String>) -> Result<(usize, bool)> {
        let known = self.known();
        if let Some(trouble) = &known.trouble {
            bail!("the orders cannot be followed: {trouble}");
        }
        while open.pop_if(|last| known.is(until, last)).is_some() {}
        Ok((known.heard(), known.missed > 0))
    }

    /// Which of `orders` are open as far as was heard.
    fn open_of(&self, until: Until, orders: &[&String]) -> Vec<String> {
        let known = self.known();
        orders.iter().filter(|order| !known.is(until, order)).map(|order| (*order).clone()).collect()
    }

    async fn ask(&self, orders: &[String], client: &Client) -> Result<()> {
        #[derive(Deserialize)]
        struct Standing {
            status: String,
        }
        for order in orders {
            let Standing { status } = client.get(&format!("/orders/{order}")).await?;
            let known = &mut *self.known();
            if status == "cancelled" {
                known.cancelled.insert(order.clone());
                continue;
            }
            if status == "completed" {
                known.completed.insert(order.clone());
            }
            let is_decided = !matches!(status.as_str(), "placed" | "action_required");
            if is_decided && !known.confirmed.contains_key(order) {
                known.unheard.insert(order.clone());
            }
        }
        Ok(())
    }
}

impl Until {
    fn word(self) -> &'static str {
        match self {
            Self::Decided => "decided",
            Self::Ended => "at their end",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_order_is_taken_once_and_what_is_no_event_of_one_is_not() {
        let fates = Fates(Arc::default());
        let event = |kind: &str, order: &str| {
            format!(r#"{{"type":"shop.banyan.{kind}.v1","subject":"{order}","data":{{}}}}"#)
        };
        for (at, kind, order) in [
            (1, "order.placed", "a"),
            (2, "order.confirmed", "a"),
            (3, "order.cancelled", "b"),
            (4, "order.confirmed", "a"),
            (5, "stock.reserved", "c"),
            (6, "order.confirmed", "d"),
            (7, "order.completed", "a"),
        ] {
            fates.take(&event(kind, order), Timestamp::from_micros(at));
        }
        fates.take("not JSON", Timestamp::from_micros(8));
        assert_eq!(fates.confirmed()["a"], Timestamp::from_micros(2));
        assert_eq!(fates.counts(), (2, 1, 1));
        let all = ["a", "b", "c", "d"].map(str::to_owned);
        let all: Vec<&String> = all.iter().collect();
        let open = |until| fates.open_of(until, &all);
        assert_eq!(
            (open(Until::Decided), open(Until::Ended)),
            (vec!["c".into()], vec!["c".into(), "d".into()])
        );
        let mut open = all.clone();
        assert_eq!(fates.drop_last(Until::Decided, &mut open).unwrap(), (4, false));
        assert_eq!(open, all[..3]);
    }
}
