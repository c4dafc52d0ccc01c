//! How long to wait before the carrier is asked once more, and when it is not asked any more.

use std::time::Duration;

use crate::config::Pace;

/// How often a booking is asked about: for a day. Then the parcel has failed, and the label is kept from coming.
pub(super) const BOOK_TRIES: u32 = 30;

/// How often a hand-over is asked about: for a week. The parcel may be gone, so it cannot be called failed: it stays
/// for a person.
pub(super) const HAND_OVER_TRIES: u32 = 174;

/// How often a label is asked back: for a month. Carriers take no longer to bill it.
pub(super) const VOID_TRIES: u32 = 726;

/// How long to wait before a question that was asked `tries` times, in seconds: at once, and then on the schedule that
/// answers quickly what is answerable quickly.
#[must_use]
pub fn wait_before(tries: u32) -> u64 {
    match tries {
        0 | 1 => 0,
        2 => 1,
        3 => 5,
        4 => 30,
        5 => 120,
        6 => 600,
        _ => 3_600,
    }
}

/// How long to wait before the parcel is looked for the `tries`-th time (from 1).
#[must_use]
pub fn wait_before_looking(tries: u32, pace: &Pace) -> Duration {
    let doubled = tries.saturating_sub(1).min(20);
    pace.first.saturating_mul(1 << doubled).min(pace.most)
}
