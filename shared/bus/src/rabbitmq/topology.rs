//! What there is on the broker: one topic exchange, and for each service a durable quorum queue and a second one for what
//! the broker itself gives up.
//!
//! Declaring only adds. A binding that no wiring names any more stays until a person removes it: the broker cannot be asked
//! which there are, and a process of the version before, declaring again after a lost connection, must not take away what the
//! next version needs. What comes by a stale binding is a type that its service does not know, or knows as a duplicate.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use contracts::EventType;
use lapin::options::{ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{Channel, Connection, ExchangeKind};

use tokio::sync::watch;

use super::failure::outage;
use super::settings::{DEAD, Settings};
use crate::{Address, Difference, Outage, OutageKind, Wiring};

/// Everything that was declared, to declare it again after a lost connection.
pub(super) struct Topology {
    settings: Arc<Settings>,
    known: Mutex<Option<Wiring>>,
    /// Changes when something that was missing was declared again.
    pub(super) repairs: watch::Sender<u64>,
}

impl Topology {
    pub(super) fn new(settings: Arc<Settings>) -> Self {
        Self { settings, known: Mutex::default(), repairs: watch::Sender::new(0) }
    }

    fn known(&self) -> MutexGuard<'_, Option<Wiring>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds `wiring` to what is declared.
    pub(super) fn learn(&self, wiring: Wiring) {
        let mut known = self.known();
        let all = known.get_or_insert_default();
        all.queues.extend(wiring.queues);
        for (kind, queues) in wiring.subscribers {
            all.queues.extend(queues.iter().cloned());
            all.subscribers.entry(kind).or_default().extend(queues);
        }
    }

    /// Every queue that was declared.
    pub(super) fn queues(&self) -> Vec<String> {
        self.known().iter().flat_map(|wiring| wiring.queues.iter().cloned()).collect()
    }

    /// Whether a message to `address` has to reach a queue. Who has declared nothing cannot know better.
    pub(super) fn expects_a_queue(&self, address: &Address) -> bool {
        match (address, &*self.known()) {
            (Address::Queue(_), _) | (Address::Topic(_), None) => true,
            (Address::Topic(kind), Some(wiring)) => has_subscribers(wiring, kind),
        }
    }

    /// Whether `queue` was declared, or the queue that it is the dead queue of.
    pub(super) fn has_queue(&self, queue: &str) -> bool {
        let queue = queue.strip_suffix(DEAD).unwrap_or(queue);
        self.known().as_ref().is_some_and(|wiring| wiring.queues.contains(queue))
    }

    /// Declares all that is known. What is there with other arguments is passed over, and told once the rest is declared.
    pub(super) async fn declare(&self, connection: &Connection) -> Result<(), Outage> {
        let Some(wiring) = self.known().clone() else { return Ok(()) };
        let mut declaring = Declaring { channel: open(connection).await?, connection, differs: None };
        declaring.one(async |channel| self.declare_exchange(channel).await).await?;
        for (name, arguments) in wiring.queues.iter().flat_map(|queue| self.wanted(queue)) {
            declaring.one(async |channel| declare(channel, &name, arguments).await).await?;
        }
        for (kind, queues) in &wiring.subscribers {
            for queue in queues {
                declaring.one(async |channel| self.bind(channel, kind, queue).await).await?;
            }
        }
        declaring.channel.close(200, "declared".into()).await.ok();
        declaring.differs.map_or(Ok(()), Err)
    }

    async fn declare_exchange(&self, channel: &Channel) -> Result<(), Outage> {
        let exchange = &self.settings.exchange;
        let durable = ExchangeDeclareOptions { durable: true, ..ExchangeDeclareOptions::default() };
        let none = FieldTable::default();
        let declared = channel.exchange_declare(exchange.as_str().into(), ExchangeKind::Topic, durable, none);
        declared.await.map_err(|error| outage(&format!("declare the exchange {exchange}"), &error))
    }

    /// The queues of one service, and what they are declared with.
    fn wanted(&self, queue: &str) -> [(String, FieldTable); 2] {
        let (name, dead) = (self.settings.physical(queue), self.settings.dead(queue));
        let mut arguments = FieldTable::default();
        arguments.insert("x-queue-type".into(), text("quorum"));
        arguments
            .insert("x-delivery-limit".into(), AMQPValue::LongLongInt(self.settings.delivery_limit.into()));
        // A full queue refuses (and the publisher is told); dropping the oldest, the default, would lose silently.
        arguments.insert("x-overflow".into(), text("reject-publish"));
        let of_dead = arguments.clone();
        arguments.insert("x-dead-letter-exchange".into(), text(""));
        arguments.insert("x-dead-letter-routing-key".into(), text(&dead));
        // The default forgets the message when the dead queue is out of service just then. Needs reject-publish.
        arguments.insert("x-dead-letter-strategy".into(), text("at-least-once"));
        // The dead queue first: what is dead-lettered to a queue that is not there would wait in the broker's memory.
        [(dead, of_dead), (name, arguments)]
    }

    /// What of `wiring` the broker lacks, or has otherwise.
    pub(super) async fn compare(
        &self,
        connection: &Connection,
        wiring: &Wiring,
    ) -> Result<Vec<Difference>, Outage> {
        let mut found = Vec::new();
        let exchange = self.settings.exchange.as_str();
        let passive = ExchangeDeclareOptions { passive: true, ..ExchangeDeclareOptions::default() };
        let channel = open(connection).await?;
        let none = FieldTable::default();
        let asked = channel.exchange_declare(exchange.into(), ExchangeKind::Topic, passive, none).await;
        found.extend(differs(&format!("exchange {exchange}"), asked)?);
        for (name, arguments) in wiring.queues.iter().flat_map(|queue| self.wanted(queue)) {
            let what = format!("queue {name}");
            // A question that is answered with an error ends its channel.
            let channel = open(connection).await?;
            let passive = QueueDeclareOptions { passive: true, ..QueueDeclareOptions::default() };
            let asked = channel.queue_declare(name.as_str().into(), passive, FieldTable::default()).await;
            let difference = match differs(&what, asked)? {
                // It is there, so that declaring makes nothing, and only says whether it is the same.
                None => {
                    let durable = QueueDeclareOptions { durable: true, ..QueueDeclareOptions::default() };
                    differs(&what, channel.queue_declare(name.as_str().into(), durable, arguments).await)?
                }
                missing => missing,
            };
            found.extend(difference);
            channel.close(200, "asked".into()).await.ok();
        }
        Ok(found)
    }

    async fn bind(&self, channel: &Channel, kind: &EventType, queue: &str) -> Result<(), Outage> {
        let (name, exchange) = (self.settings.physical(queue), self.settings.exchange.as_str());
        let options = QueueBindOptions::default();
        let key = kind.as_str().into();
        let bound =
            channel.queue_bind(name.as_str().into(), exchange.into(), key, options, FieldTable::default());
        bound.await.map_err(|error| outage(&format!("bind the queue {name} to {kind}"), &error))
    }
}

/// Declares one thing after another.
struct Declaring<'c> {
    connection: &'c Connection,
    channel: Channel,
    /// The first that is there otherwise.
    differs: Option<Outage>,
}

impl Declaring<'_> {
    async fn one(&mut self, declare: impl AsyncFnOnce(&Channel) -> Result<(), Outage>) -> Result<(), Outage> {
        match declare(&self.channel).await {
            Err(outage) if outage.kind == OutageKind::Broken && self.connection.status().connected() => {
                // The error ended its channel.
                self.channel = open(self.connection).await?;
                self.differs.get_or_insert(outage);
                Ok(())
            }
            declared => declared,
        }
    }
}

async fn open(connection: &Connection) -> Result<Channel, Outage> {
    connection.create_channel().await.map_err(|error| outage("open a channel", &error))
}

/// What an answer says of `what`, unless that the broker cannot be asked.
fn differs<T>(what: &str, answer: lapin::Result<T>) -> Result<Option<Difference>, Outage> {
    let Err(error) = answer else { return Ok(None) };
    let outage = outage(&format!("ask about the {what}"), &error);
    let how = match outage.kind {
        OutageKind::Undeclared => "is not there".to_owned(),
        OutageKind::Broken => format!("is otherwise: {error}"),
        _ => return Err(outage),
    };
    Ok(Some(Difference { what: what.to_owned(), how }))
}

async fn declare(channel: &Channel, name: &str, arguments: FieldTable) -> Result<(), Outage> {
    let durable = QueueDeclareOptions { durable: true, ..QueueDeclareOptions::default() };
    let declared = channel.queue_declare(name.into(), durable, arguments).await;
    declared.map(drop).map_err(|error| outage(&format!("declare the queue {name}"), &error))
}

fn has_subscribers(wiring: &Wiring, kind: &EventType) -> bool {
    wiring.subscribers.get(kind).is_some_and(|queues| !queues.is_empty())
}

fn text(text: &str) -> AMQPValue {
    AMQPValue::LongString(text.into())
}
