//! How long to wait before a question is asked again, and when a person has to look.

/// Repetitions of one question to the provider: a day. Providers forget keys after a day too, and after that the same
/// request may have a second effect, so nobody asks again by himself.
pub const TRIES: u32 = 30;

/// Repetitions of a question about what the customer does: a day. The order's deadline ends it long before.
pub const LOOKS: u32 = 1_450;

/// How long to wait before the `tries`-th repetition of a question (from 1), in seconds: the schedule that answers
/// quickly what is answerable quickly. `None`: it was asked often enough.
#[must_use]
pub fn wait_before(tries: u32) -> Option<u64> {
    Some(match tries {
        0 | 1 => 1,
        2 => 5,
        3 => 30,
        4 => 120,
        5 => 600,
        6..=TRIES => 3_600,
        _ => return None,
    })
}

/// The same for a question about what the customer does: people take seconds to minutes.
#[must_use]
pub fn wait_for_customer(tries: u32) -> Option<u64> {
    Some(match tries {
        0..=2 => 2,
        3..=5 => 10,
        6..=LOOKS => 60,
        _ => return None,
    })
}
