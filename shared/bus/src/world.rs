//! What a backend needs of the world around it, passed in like everything that a test has to own.

use std::borrow::Cow;
use std::time::Duration;

use contracts::Timestamp;

use crate::Boxed;

/// Time, tasks and dice for a backend that talks to a broker over a network.
pub trait World: Send + Sync + 'static {
    /// The time now.
    fn now(&self) -> Timestamp;

    /// Ends after `duration`.
    fn sleep(&self, duration: Duration) -> Boxed<'static, ()>;

    /// Runs `task` beside the caller's.
    fn spawn(&self, name: Cow<'static, str>, task: Boxed<'static, ()>);

    /// The next 64 random bits, for jitter and names; never for a decision.
    fn next_u64(&self) -> u64;
}

/// `future`'s answer, unless it takes longer than `wait`.
pub(crate) async fn within<T>(
    world: &dyn World,
    wait: Duration,
    future: impl Future<Output = T>,
) -> Option<T> {
    tokio::select! {
        biased;
        answer = future => Some(answer),
        () = world.sleep(wait) => None,
    }
}
