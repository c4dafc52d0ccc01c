//! The Bus port: topics, one queue per service, deliveries at least once in any order.
//!
//! `README.md` tells the contract in prose; [`Bus`] holds the precise words.

#[cfg(feature = "aws")]
pub mod aws;
#[cfg(feature = "conformance")]
pub mod conformance;
mod embedded;
mod look;
#[cfg(feature = "rabbitmq")]
pub mod rabbitmq;
#[cfg(feature = "sim")]
pub mod sim;
mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bytes::Bytes;
use contracts::EventType;

pub use embedded::Embedded;
pub use look::ByDelivery;
pub use store::{Address, Boxed, Consumed, Outage, OutageKind, Outgoing};
pub use world::World;
use world::within;

/// Carries messages between services. A queue belongs to one service; any process of it may take from it.
pub trait Bus: Send + Sync + 'static {
    /// What this backend can carry.
    fn caps(&self) -> Caps;

    /// Makes sure that every queue and subscription of `wiring` exists. Idempotent; any process calls it at start.
    ///
    /// # Errors
    /// [`Outage`]: the bus cannot be reached; ask again later.
    fn declare(&self, wiring: Wiring) -> Boxed<'_, Result<(), Outage>>;

    /// Publishes each message for itself, and answers in the order of `batch`. A topic without subscribers
    /// confirms: nobody wanted it.
    fn publish(&self, batch: Vec<Outgoing>) -> Boxed<'_, Vec<Published>>;

    /// Takes up to `credit` messages of `queue`, waiting until there is at least one or the backend's own bounded
    /// wait is over (then: none). Dropping the future takes nothing.
    ///
    /// # Errors
    /// [`Outage`]: the bus cannot be reached; ask again later.
    fn receive(&self, queue: Arc<str>, credit: usize) -> Boxed<'_, Result<Vec<Delivery>, Outage>>;

    /// Settles deliveries. A lost or failed settlement means that the message comes again, never more, so there is
    /// nothing to answer.
    fn settle(&self, settlements: Vec<(Token, Settle)>) -> Boxed<'_, ()>;

    /// How full each queue is.
    ///
    /// # Errors
    /// [`Outage`]: the bus cannot be reached; ask again later.
    fn inspect(&self) -> Boxed<'_, Result<Vec<QueueState>, Outage>>;
}

/// What a backend can carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caps {
    /// The longest body of a message, in bytes, at least [`Caps::LEAST_BYTES`]. A longer one is
    /// [`Published::Refused`]; the runtime publishes none: its data goes by claim check.
    pub max_message_bytes: usize,
    /// How the queue is called into which the broker moves by itself what it gives up: like the queue that it belongs to,
    /// with this behind. It is received from like any other. `None`: this broker gives up nothing.
    pub dead_suffix: Option<&'static str>,
}

impl Caps {
    /// What every bus carries: an envelope whose data lies elsewhere, in bytes.
    pub const LEAST_BYTES: usize = 4 * 1024;
}

/// Looks at messages that wait, and takes none. A port of its own, as not every broker can: one look at a queue of SQS or
/// RabbitMQ is a delivery. There [`ByDelivery`] comes as near to it as it can.
pub trait Peek: Send + Sync + 'static {
    /// Up to `limit` messages that wait in `queue`, the next ones first; fewer when they are long. A picture: by the time
    /// it is read they may have been taken. What was peeked at is delivered as if nobody had looked.
    ///
    /// # Errors
    /// [`Outage`]: the bus cannot be reached; or there is no such queue ([`OutageKind::Undeclared`]).
    fn peek(&self, queue: Arc<str>, limit: usize) -> Boxed<'_, Result<Vec<Peeked>, Outage>>;
}

/// Which queues there are and what each subscribes to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Wiring {
    /// Every queue, also one that subscribes to nothing.
    pub queues: BTreeSet<String>,
    /// For each type, the queues that get a copy.
    pub subscribers: BTreeMap<EventType, BTreeSet<String>>,
}

/// Something that a broker or an account lacks of a [`Wiring`], or has otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// What it is about, by the name that it has there.
    pub what: String,
    /// How it is, where it should be otherwise.
    pub how: String,
}

/// What became of one published message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Published {
    /// Durable in every subscriber's queue.
    Confirmed,
    /// It can never be published: too large, not a queue, refused. A person should look.
    Refused(String),
    /// Perhaps published, perhaps not: publish again later, with the same id.
    Unknown,
}

/// Names one delivery of one message, for settling it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Token {
    /// The queue it was taken from.
    pub queue: Arc<str>,
    /// Its place there, or the broker's delivery tag.
    pub seq: u64,
    /// What the broker wants to hear besides, such as a receipt handle.
    pub receipt: Option<Arc<str>>,
}

impl Token {
    /// The delivery as a fused store knows it.
    #[must_use]
    pub fn consumed(&self) -> Consumed {
        Consumed { queue: self.queue.clone(), seq: self.seq }
    }
}

/// How a delivery ends when no commit of a fused store has ended it already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settle {
    /// Done with: it does not come again.
    Acknowledge,
    /// Given back: it comes again, marked as redelivered.
    Release,
}

/// One delivery of one message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// For settling it.
    pub token: Token,
    /// The envelope as it was published; may be anything when the publisher is not ours.
    pub body: Bytes,
    /// How many delayed tries of it have failed ([`Outgoing::attempt`]).
    pub attempt: u32,
    /// It was, or may have been, delivered before. A hint: duplicates come without it.
    pub redelivered: bool,
}

/// A message that waits, as it would be delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peeked {
    /// The envelope as it was published.
    pub body: Bytes,
    /// How many delayed tries of it have failed.
    pub attempt: u32,
    /// It was, or may have been, delivered before.
    pub redelivered: bool,
}

/// How full a queue is.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct QueueState {
    /// Its name, a service's.
    pub queue: String,
    /// Waiting to be taken.
    pub waiting: u64,
    /// Taken and not settled.
    pub in_flight: u64,
}
