//! When the next order comes: at a rate of its own, whatever becomes of those before it.

use std::time::Duration;

use contracts::Timestamp;

/// The first rate, in orders a second; any laptop bears it.
const FIRST: f64 = 40.0;
/// Bounds of the rate: it always goes on, and never asks for more than one machine's client can send.
const SLOWEST: f64 = 5.0;
const FASTEST: f64 = 2_000.0;
/// What does not count as late in any case: the clocks of schedulers are not finer.
const GRAIN: Duration = Duration::from_millis(20);

/// A steady stream of arrivals. An order is measured from when it was due, also if the client was late to send it:
/// otherwise a slow system would slow down its own measurement.
pub(super) struct Pace {
    rate: f64,
    next: Timestamp,
    /// The shortest middle so far of how long orders took: what this machine does when nothing waits.
    unhurried: Option<Duration>,
}

impl Pace {
    pub(super) fn begin(now: Timestamp) -> Self {
        Self { rate: FIRST, next: now, unhurried: None }
    }

    /// When the next order is due.
    pub(super) fn next(&self) -> Timestamp {
        self.next
    }

    /// Takes the next order; when it was due.
    pub(super) fn take(&mut self) -> Timestamp {
        let due = self.next;
        self.next = due.plus(Duration::from_secs_f64(1.0 / self.rate));
        due
    }

    /// Looks at how long the orders took that ended since the last look, or at those that did not. More can come while
    /// orders take hardly longer than on an idle machine; fewer should when they take several times that.
    pub(super) fn adjust(&mut self, mut ended: Vec<Duration>, open: usize) {
        ended.sort_unstable();
        let factor = match ended.get(ended.len() / 2) {
            Some(&middle) => {
                let unhurried = self.unhurried.map_or(middle, |shortest| shortest.min(middle));
                self.unhurried = Some(unhurried);
                match middle {
                    _ if middle <= unhurried * 3 / 2 + GRAIN => 1.25,
                    _ if middle > unhurried * 3 + GRAIN * 4 => 0.8,
                    _ => 1.0,
                }
            }
            // Nobody ends although many are open.
            None if open > 20 => 0.8,
            None => 1.0,
        };
        self.rate = (self.rate * factor).clamp(SLOWEST, FASTEST);
    }

    /// Orders a second at the moment.
    pub(super) fn rate(&self) -> f64 {
        self.rate
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_come_at_the_rate_also_when_the_client_is_late() {
        let begun = Timestamp::from_micros(1_000_000);
        let mut pace = Pace::begin(begun);
        let due: Vec<Duration> = (0..3).map(|_| pace.take().since(begun)).collect();
        assert_eq!(due, [0, 25, 50].map(Duration::from_millis));
    }

    #[test]
    fn quick_ends_bring_more_orders_and_late_or_no_ends_fewer() {
        let mut pace = Pace::begin(Timestamp::EPOCH);
        for (middle_ms, open, rate) in [
            (Some(100), 3, 50.0),
            (Some(160), 3, 62.5),
            (Some(300), 3, 62.5),
            (Some(400), 3, 50.0),
            (None, 100, 40.0),
            (None, 3, 40.0),
        ] {
            let ended = middle_ms.map(|ms| vec![Duration::from_millis(ms); 9]).unwrap_or_default();
            pace.adjust(ended, open);
            assert!((pace.rate() - rate).abs() < 0.001, "{middle_ms:?} {open}: {}", pace.rate());
        }
    }
}
