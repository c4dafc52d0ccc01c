//! The one place where this backend waits on the clock: for a socket that may never answer.

use std::time::Duration;

/// What `work` answers, or `None` when it takes longer than `at_most`. Then it is dropped where it stands.
#[expect(
    clippy::disallowed_methods,
    reason = "bounds a wait on the network; decides nothing else, and the simulator never runs it"
)]
pub(super) async fn at_most<T>(at_most: Duration, work: impl Future<Output = T>) -> Option<T> {
    tokio::time::timeout(at_most, work).await.ok()
}
