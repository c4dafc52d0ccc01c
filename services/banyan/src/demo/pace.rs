//! When the next order comes: at a rate of its own, whatever becomes of those before it.

use std::time::Duration;

use contracts::Timestamp;

/// The first rate, in orders a second; any laptop bears it.
const FIRST: f64 = 40.0;
/// Bounds of the rate: it always goes on, and never asks for more than one machine's client can send.
const SLOWEST: f64 = 2.0;
const FASTEST: f64 = 2_000.0;
/// Ends come this soon: more orders can come.
const SOON: Duration = Duration::from_millis(150);
/// Ends come this late: fewer orders should come.
const LATE: Duration = Duration::from_millis(400);

/// A steady stream of arrivals. An order is measured from when it was due, also if the client was late to send it:
/// otherwise a slow system would slow down its own measurement.
pub(super) struct Pace {
    rate: f64,
    next: Timestamp,
}

impl Pace {
    pub(super) fn begin(now: Timestamp) -> Self {
        Self { rate: FIRST, next: now }
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

    /// Looks at how long the orders took that ended since the last look, or at those that did not.
    pub(super) fn adjust(&mut self, mut ended: Vec<Duration>, open: usize) {
        ended.sort_unstable();
        let factor = match ended.get(ended.len() / 2) {
            Some(&middle) if middle < SOON => 1.25,
            Some(&middle) if middle > LATE => 0.75,
            // Nobody ends although many are open.
            None if open > 20 => 0.5,
            Some(_) | None => 1.0,
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
        pace.adjust(vec![Duration::from_millis(20); 9], 3);
        assert_eq!(pace.rate(), 50.0);
        pace.adjust(vec![Duration::from_secs(2); 9], 3);
        assert_eq!(pace.rate(), 37.5);
        pace.adjust(vec![], 100);
        assert_eq!(pace.rate(), 18.75);
        pace.adjust(vec![], 3);
        assert_eq!(pace.rate(), 18.75);
    }
}
