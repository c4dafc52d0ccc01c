//! The bus that lies in the same SQLite file as the store: nothing to install, and one fsync for both.

use std::sync::Arc;

use store::sqlite::{Engine, Taken, Unsent};

use crate::{
    Boxed, Bus, Caps, Consumed, Delivery, Outage, Outgoing, Peek, Peeked, Published, QueueState, Settle,
    Token, Wiring,
};

/// The queues of an [`Engine`]. Its store is the engine itself, and fused with this bus.
#[derive(Debug, Clone)]
pub struct Embedded {
    engine: Arc<Engine>,
    max_message_bytes: usize,
}

/// The longest message, in bytes, unless somebody wants less: as much as SQS takes, and a quarter of a unit of work.
const MESSAGE_BYTES: usize = 1024 * 1024;

impl Embedded {
    /// The bus in `engine`'s file.
    #[must_use]
    pub fn new(engine: Arc<Engine>) -> Self {
        Self { engine, max_message_bytes: MESSAGE_BYTES }
    }

    /// The same with a narrower bound: for tests of what is done with larger messages.
    #[must_use]
    pub fn with_max_message_bytes(self, max_message_bytes: usize) -> Self {
        Self { max_message_bytes, ..self }
    }
}

impl Bus for Embedded {
    fn caps(&self) -> Caps {
        Caps { max_message_bytes: self.max_message_bytes, dead_suffix: None }
    }

    fn declare(&self, wiring: Wiring) -> Boxed<'_, Result<(), Outage>> {
        Box::pin(async move { self.engine.declare(&wiring.queues, &wiring.subscribers).await })
    }

    fn publish(&self, batch: Vec<Outgoing>) -> Boxed<'_, Vec<Published>> {
        let fits = |message: &Outgoing| message.body.len() <= self.max_message_bytes;
        let fitting: Vec<bool> = batch.iter().map(fits).collect();
        Box::pin(async move {
            let sent = self.engine.publish(batch.into_iter().filter(fits).collect()).await;
            let mut sent = sent.into_iter();
            let refused = || Published::Refused(format!("it has more than {} bytes", self.max_message_bytes));
            let answer = |fits: bool| match fits {
                true => sent.next().map_or(Published::Unknown, published),
                false => refused(),
            };
            fitting.into_iter().map(answer).collect()
        })
    }

    fn receive(&self, queue: Arc<str>, credit: usize) -> Boxed<'_, Result<Vec<Delivery>, Outage>> {
        Box::pin(async move {
            let taken = self.engine.receive(&queue, credit).await?;
            Ok(taken.into_iter().map(|message| delivery(&queue, message)).collect())
        })
    }

    fn settle(&self, settlements: Vec<(Token, Settle)>) -> Boxed<'_, ()> {
        Box::pin(async move {
            let (done, back): (Vec<_>, Vec<_>) =
                settlements.into_iter().partition(|(_, settle)| *settle == Settle::Acknowledge);
            let consumed = |all: Vec<(Token, Settle)>| -> Vec<Consumed> {
                all.into_iter().map(|(token, _)| token.consumed()).collect()
            };
            self.engine.release(&consumed(back));
            self.engine.acknowledge(&consumed(done)).await;
        })
    }

    fn inspect(&self) -> Boxed<'_, Result<Vec<QueueState>, Outage>> {
        let states = self.engine.backlog().into_iter().map(|backlog| QueueState {
            queue: backlog.queue,
            waiting: backlog.waiting,
            in_flight: backlog.in_flight,
        });
        Box::pin(std::future::ready(Ok(states.collect())))
    }
}

impl Peek for Embedded {
    fn peek(&self, queue: Arc<str>, limit: usize) -> Boxed<'_, Result<Vec<Peeked>, Outage>> {
        Box::pin(async move {
            let seen = self.engine.peek(&queue, limit)?.into_iter();
            let peeked = |Taken { body, attempt, redelivered, .. }| Peeked { body, attempt, redelivered };
            Ok(seen.map(peeked).collect())
        })
    }
}

fn published(sent: Result<(), Unsent>) -> Published {
    match sent {
        Ok(()) => Published::Confirmed,
        Err(Unsent::Refused(reason)) => Published::Refused(reason),
        Err(Unsent::Unknown) => Published::Unknown,
    }
}

fn delivery(queue: &Arc<str>, message: Taken) -> Delivery {
    Delivery {
        token: Token { queue: queue.clone(), seq: message.seq, receipt: None },
        body: message.body,
        attempt: message.attempt,
        redelivered: message.redelivered,
    }
}
