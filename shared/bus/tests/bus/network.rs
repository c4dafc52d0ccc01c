//! What the tests of brokers on a network share.

use std::sync::Arc;
use std::time::Duration;

use bus::{Bus, Delivery, OutageKind, World};
use tokio::net::{TcpListener, TcpStream};

use crate::world::Real;

/// Takes `n` messages, however slow the machine; what cannot be reached for a while is asked again.
pub(crate) async fn take_within(most: Duration, bus: &dyn Bus, queue: &str, n: usize) -> Vec<Delivery> {
    let mut taken = vec![];
    let mut latest = None;
    let taking = async {
        while taken.len() < n {
            match bus.receive(queue.into(), n - taken.len()).await {
                Ok(received) => taken.extend(received),
                Err(outage) if outage.kind == OutageKind::Unreachable => latest = Some(outage),
                Err(outage) => panic!("{outage}"),
            }
        }
    };
    let is_done = tokio::select! {
        biased;
        () = taking => true,
        () = Real.sleep(most) => false,
    };
    assert!(is_done, "{} of {n} came, latest outage {latest:?}", taken.len());
    taken
}

/// Hands each connection to a port of its own to `connect`, until nobody has `shared` any more. Answers the port.
pub(crate) async fn listen<S, F>(
    shared: &Arc<S>,
    connect: impl Fn(Arc<S>, TcpStream) -> F + Send + 'static,
) -> u16
where
    S: Send + Sync + 'static,
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let weak = Arc::downgrade(shared);
    let accept = async move {
        while let Ok((client, _)) = listener.accept().await {
            let Some(shared) = weak.upgrade() else { return };
            Real.spawn("connection".into(), Box::pin(connect(shared, client)));
        }
    };
    Real.spawn("proxy".into(), Box::pin(accept));
    port
}
