//! The one place where backends on a network wait on the clock: for an answer that may never come, and before they ask
//! again.

use std::time::Duration;

/// What `work` answers, or `None` when it takes longer than `at_most`. Then it is dropped where it stands.
#[expect(
    clippy::disallowed_methods,
    reason = "bounds a wait on the network; decides nothing else, and the simulator never runs it"
)]
pub(crate) async fn at_most<T>(at_most: Duration, work: impl Future<Output = T>) -> Option<T> {
    tokio::time::timeout(at_most, work).await.ok()
}

/// Waits before something is asked again.
#[cfg(feature = "aws")]
pub(crate) async fn pause(pause: Duration) {
    at_most(pause, std::future::pending::<()>()).await;
}
