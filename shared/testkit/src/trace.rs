//! What happened in a world, folded into one number, and told in lines when somebody wants to read it.

use std::sync::{Mutex, MutexGuard, PoisonError};

use contracts::Timestamp;

/// Lines that one history keeps: a world that goes on for ever must not fill the memory.
const MOST_LINES: usize = 200_000;

/// The trace of one world: the same seed gives the same.
pub struct Trace(Mutex<Inner>);

struct Inner {
    hash: u64,
    lines: Option<Vec<String>>,
}

impl Trace {
    /// An empty trace; keeps lines to read only if `told`.
    #[must_use]
    pub fn new(told: bool) -> Self {
        Self(Mutex::new(Inner { hash: 0xcbf2_9ce4_8422_2325, lines: told.then(Vec::new) }))
    }

    /// Folds numbers in, in this order.
    pub fn fold(&self, numbers: &[u64]) {
        let mut inner = self.inner();
        for number in numbers {
            inner.hash = mixed(inner.hash, *number);
        }
    }

    /// Folds bytes in.
    pub fn fold_bytes(&self, bytes: &[u8]) {
        let mut inner = self.inner();
        inner.hash = mixed(inner.hash, hash_of(bytes));
    }

    /// Adds a line, if anybody wants to read it.
    pub fn tell(&self, now: Timestamp, who: Option<usize>, line: impl FnOnce() -> String) {
        let mut inner = self.inner();
        let Some(lines) = inner.lines.as_mut().filter(|lines| lines.len() < MOST_LINES) else { return };
        let since = now.as_micros() - crate::START_US;
        let who = who.map_or_else(|| "-".to_owned(), |process| process.to_string());
        lines.push(format!("{:>14} {who} {}", MicrosAsSeconds(since), line()));
    }

    /// The number.
    #[must_use]
    pub fn hash(&self) -> u64 {
        self.inner().hash
    }

    /// The lines, if they were kept.
    #[must_use]
    pub fn take_lines(&self) -> Vec<String> {
        self.inner().lines.take().unwrap_or_default()
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct MicrosAsSeconds(i64);

impl std::fmt::Display for MicrosAsSeconds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = format!("{}.{:06}", self.0 / 1_000_000, (self.0 % 1_000_000).abs());
        f.pad(&text)
    }
}

/// A number that stands for `bytes`: quick, and the same on every machine.
#[must_use]
pub fn hash_of(bytes: &[u8]) -> u64 {
    let mut hash = bytes.len() as u64;
    let mut chunks = bytes.chunks_exact(8);
    for chunk in chunks.by_ref() {
        let mut word = [0; 8];
        word.copy_from_slice(chunk);
        hash = mixed(hash, u64::from_le_bytes(word));
    }
    chunks.remainder().iter().fold(hash, |hash, byte| mixed(hash, u64::from(*byte)))
}

/// One round of a multiply-and-fold mixer.
fn mixed(hash: u64, number: u64) -> u64 {
    let product = u128::from(hash ^ number.rotate_left(23) ^ 0x9e37_79b9_7f4a_7c15)
        * u128::from(0xd6e8_feb8_6659_fd93_u64);
    let [low, high] = [product & u128::from(u64::MAX), product >> 64];
    u64::try_from(low ^ high).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_and_content_both_count() {
        let of = |numbers: &[u64]| {
            let trace = Trace::new(false);
            trace.fold(numbers);
            trace.hash()
        };
        assert_ne!(of(&[1, 2]), of(&[2, 1]));
        assert_ne!(of(&[0]), of(&[0, 0]));
        assert_ne!(hash_of(b"12345678a"), hash_of(b"12345678b"));
    }
}
