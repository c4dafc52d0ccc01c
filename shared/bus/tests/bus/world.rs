//! The world as it is: brokers keep real time, and are reached over a network.

use std::borrow::Cow;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bus::{Boxed, Bus, Delivery, OutageKind, World};
use contracts::Timestamp;
use tokio::net::{TcpListener, TcpStream};

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
