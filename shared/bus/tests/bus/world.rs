//! The world as it is: brokers keep real time, and are reached over a network.

use std::borrow::Cow;
use std::hash::{BuildHasher, RandomState};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bus::{Boxed, World};
use contracts::Timestamp;

/// The world as it is.
pub(crate) struct Real;

impl World for Real {
    #[expect(clippy::disallowed_methods, reason = "a broker keeps real time")]
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap())
    }

    #[expect(clippy::disallowed_methods, reason = "a broker keeps real time")]
    fn sleep(&self, duration: Duration) -> Boxed<'static, ()> {
        Box::pin(tokio::time::sleep(duration))
    }

    #[expect(clippy::disallowed_methods, reason = "the spawn that is passed in")]
    fn spawn(&self, _name: Cow<'static, str>, task: Boxed<'static, ()>) {
        tokio::spawn(task);
    }

    fn next_u64(&self) -> u64 {
        // Every state of the standard library's hashers has keys of its own.
        RandomState::new().hash_one(0)
    }
}
