//! What became of every order, from the events as they happen.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::time::Duration;

use contracts::event::Event;
use contracts::events::order::{OrderCancelled, OrderConfirmed};
use contracts::{EventData, Timestamp};
use serde::Deserialize;

/// How an order ended, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum End {
    /// It will be sent.
    Confirmed(Timestamp),
    /// It will not, for this reason.
    Cancelled(Timestamp, String),
}

impl End {
    fn at(&self) -> Timestamp {
        match self {
            Self::Confirmed(at) | Self::Cancelled(at, _) => *at,
        }
    }
}

/// Which orders are open, and how the others ended.
#[derive(Debug, Default)]
pub(super) struct Watch {
    /// When each open order was due.
    open: BTreeMap<String, Timestamp>,
    /// Ends that were heard of before the answer to the request was.
    early: BTreeMap<String, End>,
    /// When the others were due, and how they ended.
    ended: BTreeMap<String, (Timestamp, End)>,
    /// How long those took that ended since somebody looked.
    recent: Vec<Duration>,
}

/// The parts of an event that say how an order ended.
#[derive(Deserialize)]
struct Heard {
    #[serde(rename = "type")]
    kind: String,
    subject: String,
    #[serde(default)]
    data: Reason,
}

#[derive(Default, Deserialize)]
struct Reason {
    #[serde(default)]
    reason: Option<String>,
}

impl Watch {
    /// An order was taken that was due at `due`.
    pub(super) fn placed(&mut self, order_id: String, due: Timestamp) {
        if self.ended.contains_key(&order_id) {
            return;
        }
        match self.early.remove(&order_id) {
            Some(end) => self.end(order_id, due, end),
            None => drop(self.open.insert(order_id, due)),
        }
    }

    /// An event was heard at `now`, which is a little after what it tells was committed.
    pub(super) fn heard(&mut self, event: &str, now: Timestamp) {
        let Ok(Heard { kind, subject, data }) = serde_json::from_str(event) else { return };
        match kind.as_str() {
            OrderConfirmed::TYPE => self.ended(subject, End::Confirmed(now)),
            OrderCancelled::TYPE => {
                self.ended(subject, End::Cancelled(now, data.reason.unwrap_or_default()));
            }
            _ => {}
        }
    }

    /// An order ended.
    pub(super) fn ended(&mut self, order_id: String, end: End) {
        match self.open.remove(&order_id) {
            Some(due) => self.end(order_id, due, end),
            None if self.ended.contains_key(&order_id) => {}
            None => drop(self.early.insert(order_id, end)),
        }
    }

    fn end(&mut self, order_id: String, due: Timestamp, end: End) {
        self.recent.push(end.at().since(due));
        self.ended.insert(order_id, (due, end));
    }

    /// How long those took that ended since the last look.
    pub(super) fn take_recent(&mut self) -> Vec<Duration> {
        std::mem::take(&mut self.recent)
    }

    /// Up to `many` orders that were due before `before` and are open, the next ones after the id `after`, round and round.
    pub(super) fn old(&self, before: Timestamp, after: &str, many: usize) -> Vec<String> {
        let behind = self.open.range::<str, _>((Bound::Excluded(after), Bound::Unbounded));
        let round = behind.chain(self.open.range::<str, _>((Bound::Unbounded, Bound::Included(after))));
        round.filter(|(_, due)| **due < before).take(many).map(|(id, _)| id.clone()).collect()
    }

    /// How many open orders were due since `since`.
    pub(super) fn young(&self, since: Timestamp) -> usize {
        self.open.values().filter(|due| **due >= since).count()
    }

    /// Whether the order is open.
    pub(super) fn is_open(&self, order_id: &str) -> bool {
        self.open.contains_key(order_id)
    }

    /// How many are open.
    pub(super) fn open(&self) -> usize {
        self.open.len()
    }

    /// How many ended confirmed, and how many cancelled by reason.
    pub(super) fn counts(&self) -> (u64, BTreeMap<&str, u64>) {
        let mut confirmed = 0;
        let mut cancelled = BTreeMap::new();
        for (_, end) in self.ended.values() {
            match end {
                End::Confirmed(_) => confirmed += 1,
                End::Cancelled(_, reason) => *cancelled.entry(reason.as_str()).or_default() += 1,
            }
        }
        (confirmed, cancelled)
    }

    /// How many ended.
    pub(super) fn ended_count(&self) -> usize {
        self.ended.len()
    }

    /// From when each confirmed order was due until it was confirmed, shortest first.
    pub(super) fn latencies(&self) -> Vec<Duration> {
        let confirmed = self.ended.values().filter_map(|(due, end)| match end {
            End::Confirmed(at) => Some(at.since(*due)),
            End::Cancelled(..) => None,
        });
        let mut latencies: Vec<Duration> = confirmed.collect();
        latencies.sort_unstable();
        latencies
    }

    /// From the first order to the last end.
    pub(super) fn took(&self) -> Duration {
        let begun = self.ended.values().map(|(due, _)| *due).min().unwrap_or_default();
        let ended = self.ended.values().map(|(_, end)| end.at()).max().unwrap_or_default();
        ended.since(begun)
    }
}

/// The value below which `percent` of `sorted` lie (nearest rank).
pub(super) fn percentile(sorted: &[Duration], percent: usize) -> Option<Duration> {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied()
}

/// What [`Heard`] reads must stay what the contracts say.
const _: fn(&Event<OrderCancelled>) -> &str = |event| event.data.reason.as_str();

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_micros(millis * 1_000)
    }

    fn event(kind: &str, id: &str) -> String {
        format!(
            r#"{{"type":"{kind}","subject":"{id}","data":{{"reason":"insufficient_stock","customer":"redacted"}}}}"#
        )
    }

    #[test]
    fn an_order_ends_once_whichever_is_heard_first() {
        let mut watch = Watch::default();
        watch.placed("a".into(), at(10));
        watch.heard(&event(OrderConfirmed::TYPE, "b"), at(25));
        watch.heard(&event(OrderConfirmed::TYPE, "a"), at(40));
        watch.heard(&event("shop.banyan.order.placed.v1", "c"), at(41));
        watch.placed("b".into(), at(5));
        watch.placed("c".into(), at(6));
        watch.heard(&event(OrderCancelled::TYPE, "c"), at(106));
        watch.ended("c".into(), End::Confirmed(at(500)));
        watch.placed("c".into(), at(7));
        assert_eq!(watch.open(), 0);
        assert_eq!(watch.counts(), (2, BTreeMap::from([("insufficient_stock", 1)])));
        assert_eq!(watch.latencies(), [20, 30].map(Duration::from_millis));
        assert_eq!(watch.took(), Duration::from_millis(101));
    }

    #[test]
    fn old_orders_are_looked_at_in_turn() {
        let mut watch = Watch::default();
        for (id, due) in [("a", 1), ("b", 9), ("c", 2), ("d", 3)] {
            watch.placed(id.into(), at(due));
        }
        assert_eq!(watch.old(at(5), "", 2), ["a", "c"]);
        assert_eq!(watch.old(at(5), "c", 2), ["d", "a"]);
        assert_eq!(watch.old(at(5), "c", 9), ["d", "a", "c"]);
        assert_eq!((watch.young(at(3)), watch.is_open("b"), watch.is_open("x")), (2, true, false));
    }

    #[test]
    fn percentiles_are_values_that_occurred() {
        let sorted: Vec<Duration> = (1..=200).map(Duration::from_millis).collect();
        let of = |percent| percentile(&sorted, percent).map(|value| value.as_millis());
        assert_eq!((of(50), of(99), of(100)), (Some(100), Some(198), Some(200)));
        assert_eq!(percentile(&sorted[..1], 99), Some(sorted[0]));
        assert_eq!(percentile(&[], 50), None);
    }
}
