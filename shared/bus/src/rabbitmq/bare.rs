//! Publish, confirm, consume, acknowledge by hand: what the bus is measured against.
//!
//! The queue is declared as the bus declares its own, and each message travels with the same properties. One channel
//! publishes, with at most `window` messages unconfirmed; another consumes with that prefetch, and acknowledges each message
//! by itself.

use std::sync::Arc;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use lapin::options::{
    BasicAckOptions, BasicConsumeOptions, BasicPublishOptions, BasicQosOptions, ConfirmSelectOptions,
};
use lapin::types::FieldTable;
use lapin::{Connection, ConnectionProperties};

use super::failure::outage;
use super::message::{properties, route};
use super::settings::Settings;
use super::topology::Topology;
use crate::{Outage, OutageKind, Outgoing, Wiring, World};

/// A connection to publish and one to consume.
pub struct Bare {
    settings: Settings,
    world: Arc<dyn World>,
    publishing: Connection,
    consuming: Connection,
}

/// What went over one side.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Messages that were confirmed, or acknowledged.
    pub messages: u64,
    /// Bytes of their bodies.
    pub bytes: u64,
}

impl Bare {
    /// Connects twice, and declares `wiring`.
    ///
    /// # Errors
    /// [`Outage`]: the broker does not answer, or refuses.
    pub async fn connect(settings: Settings, world: Arc<dyn World>, wiring: Wiring) -> Result<Self, Outage> {
        let publishing = connect(&settings).await?;
        let consuming = connect(&settings).await?;
        let topology = Topology::new(Arc::new(settings.clone()));
        topology.learn(wiring);
        topology.declare(&publishing).await?;
        Ok(Self { settings, world, publishing, consuming })
    }

    /// Publishes all of `messages`, and waits for every confirm.
    ///
    /// # Errors
    /// [`Outage`]: the broker is gone, or did not take one of them.
    pub async fn publish(&self, messages: &[Outgoing], window: usize) -> Result<Tally, Outage> {
        let failed = |error: lapin::Error| outage("publish", &error);
        let channel = self.publishing.create_channel().await.map_err(failed)?;
        channel.confirm_select(ConfirmSelectOptions::default()).await.map_err(failed)?;
        let mut tally = Tally::default();
        let mut open = FuturesUnordered::new();
        for message in messages {
            let Some((exchange, key)) = route(&self.settings, &message.address) else { continue };
            let options = BasicPublishOptions { mandatory: true, ..BasicPublishOptions::default() };
            let properties = properties(message, self.world.now());
            let sent = channel.basic_publish(exchange, key, options, &message.body, properties).await;
            open.push(sent.map_err(failed)?);
            tally.bytes += message.body.len() as u64;
            if open.len() >= window {
                tally.messages += confirmed(open.next().await)?;
            }
        }
        while !open.is_empty() {
            tally.messages += confirmed(open.next().await)?;
        }
        channel.close(200, "published".into()).await.map_err(failed)?;
        Ok(tally)
    }

    /// Takes and acknowledges `count` messages of `queue`.
    ///
    /// # Errors
    /// [`Outage`]: the broker is gone.
    pub async fn consume(&self, queue: &str, count: u64, window: u16) -> Result<Tally, Outage> {
        let failed = |error: lapin::Error| outage("consume", &error);
        let channel = self.consuming.create_channel().await.map_err(failed)?;
        channel.basic_qos(window, BasicQosOptions::default()).await.map_err(failed)?;
        let (name, options) = (self.settings.physical(queue), BasicConsumeOptions::default());
        let consuming =
            channel.basic_consume(name.as_str().into(), "bare".into(), options, FieldTable::default());
        let mut consumer = consuming.await.map_err(failed)?;
        let mut tally = Tally::default();
        while tally.messages < count {
            let Some(delivery) = consumer.next().await else { return Err(lost("consume")) };
            let delivery = delivery.map_err(failed)?;
            tally.messages += 1;
            tally.bytes += delivery.data.len() as u64;
            delivery.acker.ack(BasicAckOptions::default()).await.map_err(failed)?;
        }
        // Answered once all before it was read.
        channel.close(200, "consumed".into()).await.map_err(failed)?;
        Ok(tally)
    }

    /// Closes both connections.
    pub async fn close(&self) {
        self.consuming.close(200, "closing".into()).await.ok();
        self.publishing.close(200, "closing".into()).await.ok();
    }
}

async fn connect(settings: &Settings) -> Result<Connection, Outage> {
    let connecting = Connection::connect_uri(settings.uri.clone(), ConnectionProperties::default());
    connecting.await.map_err(|error| outage(&format!("connect to {}", settings.place()), &error))
}

fn confirmed(confirm: Option<lapin::Result<lapin::Confirmation>>) -> Result<u64, Outage> {
    match confirm {
        Some(Ok(confirmation)) if confirmation.is_ack() => Ok(1),
        Some(Err(error)) => Err(outage("confirm", &error)),
        Some(Ok(_)) | None => Err(lost("confirm")),
    }
}

fn lost(what: &str) -> Outage {
    Outage { kind: OutageKind::Unreachable, detail: format!("rabbitmq: {what}: not done") }
}
