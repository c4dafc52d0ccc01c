//! What the model of RabbitMQ assumes, tried on a broker.

use std::sync::Arc;
use std::time::Duration;

use bus::conformance::{Node, Subject};
use bus::rabbitmq::Settings;
use bus::{Boxed, World};
use contracts::Timestamp;
use store::sim::{Fault, Manners};

use super::proxy::Cut;
use super::subject::Broker;
use super::{runtime, url};
use crate::assumptions::{Peer, hold};
use crate::world::Real;

/// In seconds: short for a test, and long enough that a busy machine keeps it.
const HEARTBEAT_S: u32 = 2;

/// The same with another heartbeat.
fn hastened(settings: &Settings, url: &str, port: u16) -> Settings {
    let mut hastened =
        Settings::parse(&format!("{url}?heartbeat={HEARTBEAT_S}")).unwrap().by("127.0.0.1", port);
    hastened.exchange.clone_from(&settings.exchange);
    hastened.prefix.clone_from(&settings.prefix);
    hastened.reconnect_wait = settings.reconnect_wait;
    hastened
}

impl Peer for Broker {
    fn manners(&self) -> Manners {
        Manners::RabbitQuorum
    }

    fn now(&self) -> Timestamp {
        Real.now()
    }

    fn pass(&self, how_long: Duration) -> Boxed<'_, ()> {
        Real.sleep(how_long)
    }

    fn lease(&self) -> Duration {
        // It ends with the connection.
        Duration::ZERO
    }

    fn fault(&self, fault: Fault) -> bool {
        let cut = match fault {
            Fault::PublishUnknownSent => Cut::Confirm,
            Fault::PublishUnknownLost => Cut::Publish(0),
            Fault::PublishUnknownLate => Cut::Delay,
            Fault::SettleLost => Cut::Ack,
            Fault::ReceiveLost => Cut::Deliver,
            Fault::Duplicate
            | Fault::Reorder
            | Fault::Delay
            | Fault::SettleUnheard
            | Fault::LeaseLost
            | Fault::HintMissing
            | Fault::BusDown
            | Fault::SlowBus
            | Fault::Conflict
            | Fault::Throttled
            | Fault::Unreachable
            | Fault::Full
            | Fault::Broken
            | Fault::UnknownApplied
            | Fault::UnknownLost
            | Fault::UnknownLate
            | Fault::StaleIndex
            | Fault::SlowStore
            | Fault::BlobsDown
            | Fault::BlobsReplyLost
            | Fault::SlowBlobs => return false,
        };
        self.disturb(cut);
        true
    }

    fn land(&self) -> Boxed<'_, ()> {
        Box::pin(self.proxy.deliver())
    }

    fn fleeting(&self, told: Duration) -> Boxed<'_, (Node, Duration)> {
        Box::pin(async move {
            let usual = Settings::parse(&url().unwrap()).unwrap().unnoticed_wait();
            let mut here = usual;
            self.renew(|settings| {
                *settings = hastened(settings, &url().unwrap(), self.proxy.port());
                here = settings.unnoticed_wait();
            })
            .await;
            (Node { bus: self.join(), peek: None, fused: None }, told.mul_f64(here.div_duration_f64(usual)))
        })
    }

    fn least_hidden(&self) -> Duration {
        Duration::from_secs(HEARTBEAT_S.into())
    }

    fn vanish(&self, node: Node) -> Boxed<'_, Node> {
        self.proxy.silence();
        drop(node);
        Box::pin(async { self.second().await.expect("there is always another") })
    }

    fn calls(&self) -> Option<usize> {
        None
    }
}

#[test]
fn rabbitmq_is_as_its_model_says() {
    let Some(url) = url() else { return };
    let runtime = runtime();
    let broker = Arc::new(runtime.block_on(Broker::at(&url)));
    let skipped = hold(&*broker, &|one| runtime.block_on(one));
    runtime.block_on(Arc::into_inner(broker).expect("nobody else has it").leave());
    assert_eq!(skipped, Vec::<String>::new());
}
