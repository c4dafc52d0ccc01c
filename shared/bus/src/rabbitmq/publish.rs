//! Publishing: a whole batch is sent before the first confirm is awaited, and each message has its own answer.
//!
//! A batch has a channel to itself. The client library hands a returned message to whichever confirm comes next on the
//! channel, so the confirm does not say what came back; but on a channel of its own it can only be of this batch, and is
//! recognised by its address and identity.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use lapin::options::{BasicPublishOptions, ConfirmSelectOptions};
use lapin::types::ShortString;
use lapin::{Channel, Confirmation, Connection};
use tokio::sync::Semaphore;

use super::failure::{in_time, is_missing};
use super::link::Link;
use super::message::{properties, route};
use super::settings::Settings;
use super::topology::Topology;
use crate::{Address, Outage, Outgoing, Published, World, within};

/// Batches under way at once; further ones wait for a channel.
const CHANNELS: usize = 16;
/// Messages in one batch on the wire: each is memory in the broker until it is confirmed. Not a measured number.
const WINDOW: usize = 1_024;

/// Publishes over one connection.
pub(super) struct Publisher {
    pub(super) settings: Arc<Settings>,
    pub(super) world: Arc<dyn World>,
    pub(super) topology: Arc<Topology>,
    pub(super) link: Link,
    idle: Mutex<Vec<Idle>>,
    permits: Semaphore,
}

/// A channel that waits for the next batch, and its connection.
struct Idle {
    connection: Arc<Connection>,
    channel: Channel,
}

/// What is known of a batch on its way.
struct Sending {
    answers: Vec<Published>,
    returned: BTreeSet<Mark>,
    /// The broker said that something is not there.
    is_missing: bool,
}

/// What a message is recognised by when it comes back.
type Mark = (String, String, String);

impl Publisher {
    pub(super) fn new(
        settings: Arc<Settings>,
        world: Arc<dyn World>,
        topology: Arc<Topology>,
        link: Link,
    ) -> Self {
        Self { settings, world, topology, link, idle: Mutex::default(), permits: Semaphore::new(CHANNELS) }
    }

    /// Publishes each message for itself, and answers in the order of `batch`.
    pub(super) async fn publish(&self, batch: Vec<Outgoing>) -> Vec<Published> {
        let mut answers = Vec::with_capacity(batch.len());
        for window in batch.chunks(WINDOW) {
            answers.extend(self.publish_window(window).await);
        }
        answers
    }

    async fn publish_window(&self, batch: &[Outgoing]) -> Vec<Published> {
        let mut answers: Vec<Option<Published>> = batch.iter().map(|message| self.refused(message)).collect();
        let fitting: Vec<&Outgoing> = batch
            .iter()
            .zip(&answers)
            .filter(|(_, refused)| refused.is_none())
            .map(|(message, _)| message)
            .collect();
        let mut sent = self.send(&fitting).await.into_iter();
        let open = answers.iter_mut().filter(|answer| answer.is_none());
        open.for_each(|answer| *answer = sent.next());
        answers.into_iter().map(|answer| answer.unwrap_or(Published::Unknown)).collect()
    }

    /// Why `message` can never be sent.
    fn refused(&self, message: &Outgoing) -> Option<Published> {
        let most = self.settings.max_message_bytes;
        if message.body.len() > most {
            return Some(Published::Refused(format!("it has more than {most} bytes")));
        }
        let is_too_long = route(&self.settings, &message.address).is_none();
        is_too_long.then(|| Published::Refused("its address is longer than the 255 bytes of AMQP".to_owned()))
    }

    async fn send(&self, batch: &[&Outgoing]) -> Vec<Published> {
        if batch.is_empty() {
            return vec![];
        }
        let mut sending = Sending {
            answers: vec![Published::Unknown; batch.len()],
            returned: BTreeSet::new(),
            is_missing: false,
        };
        within(&*self.world, self.settings.confirm_wait, self.exchange(batch, &mut sending)).await;
        let mut has_to_declare = sending.is_missing;
        for (message, answer) in batch.iter().zip(&mut sending.answers) {
            tracing::trace!(id = %message.id, to = ?message.address, ?answer, "published");
            if *answer == Published::Confirmed && sending.returned.contains(&self.mark(message)) {
                *answer = self.unroutable(message);
                has_to_declare |= *answer == Published::Unknown;
            }
        }
        if has_to_declare {
            self.declare_again().await;
        }
        sending.answers
    }

    /// Sends all of `batch` and collects the confirms. Whatever stops it, `sending` has what was known until then.
    async fn exchange(&self, batch: &[&Outgoing], sending: &mut Sending) {
        let Ok(_permit) = self.permits.acquire().await else { return };
        let Ok(idle) = self.channel().await else { return };
        let channel = &idle.channel;
        let mut confirms: FuturesUnordered<_> = batch
            .iter()
            .enumerate()
            .map(|(at, message)| async move { (at, self.send_one(channel, message).await) })
            .collect();
        while let Some((at, confirm)) = confirms.next().await {
            match confirm {
                Ok(confirmation) => {
                    if confirmation.is_ack() {
                        sending.answers[at] = Published::Confirmed;
                    }
                    sending.returned.extend(confirmation.take_message().map(|message| returned(&message)));
                }
                Err(error) => {
                    tracing::debug!(error = %error, "a message without a confirm");
                    sending.is_missing |= is_missing(&error);
                }
            }
        }
        drop(confirms);
        // All answers are there, so the channel can serve another batch.
        if channel.status().connected() {
            self.idle().push(idle);
        }
    }

    async fn send_one(&self, channel: &Channel, message: &Outgoing) -> lapin::Result<Confirmation> {
        let Some((exchange, key)) = route(&self.settings, &message.address) else {
            return Ok(Confirmation::NotRequested);
        };
        let mandatory = self.topology.expects_a_queue(&message.address);
        let options = BasicPublishOptions { mandatory, ..BasicPublishOptions::default() };
        let properties = properties(message, self.world.now());
        channel.basic_publish(exchange, key, options, &message.body, properties).await?.await
    }

    /// A channel of the present connection with confirms on.
    async fn channel(&self) -> Result<Idle, Outage> {
        let connection = self.link.connection().await?;
        loop {
            let Some(idle) = self.idle().pop() else { break };
            if Arc::ptr_eq(&idle.connection, &connection) && idle.channel.status().connected() {
                return Ok(idle);
            }
        }
        let failed = |error: &lapin::Error| super::failure::outage("open a channel", error);
        let channel = connection.create_channel().await.map_err(|error| failed(&error))?;
        channel.confirm_select(ConfirmSelectOptions::default()).await.map_err(|error| failed(&error))?;
        Ok(Idle { connection, channel })
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Idle>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn mark(&self, message: &Outgoing) -> Mark {
        let (exchange, key) = route(&self.settings, &message.address).unwrap_or_default();
        (exchange.to_string(), key.to_string(), message.id.to_string())
    }

    /// What it means that no queue took `message`.
    fn unroutable(&self, message: &Outgoing) -> Published {
        match &message.address {
            Address::Queue(queue) if !self.topology.has_queue(queue) => Published::Refused(format!(
                "the broker has no queue {}: correct the address, or let a process that has this queue in its wiring declare it",
                self.settings.physical(queue)
            )),
            // It was there once, or should be: once it is declared again the message can be sent.
            Address::Queue(_) | Address::Topic(_) => Published::Unknown,
        }
    }

    /// Puts back what somebody took away from the broker.
    pub(super) async fn declare_again(&self) {
        tracing::warn!("a queue or a binding is missing on the broker: declaring again");
        let declaring = async { self.topology.declare(&*self.link.connection().await?).await };
        match in_time(&*self.world, &self.settings, "declare the topology", declaring).await {
            Ok(()) => self.topology.repairs.send_modify(|n| *n += 1),
            Err(outage) => tracing::warn!(outage = %outage, "not all of it is declared again"),
        }
    }
}

fn returned(message: &lapin::message::BasicReturnMessage) -> Mark {
    let id = message.properties.message_id().as_ref().map(ShortString::to_string).unwrap_or_default();
    (message.exchange.to_string(), message.routing_key.to_string(), id)
}
