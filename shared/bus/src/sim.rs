//! The Bus port in front of a simulated world.
//!
//! The queues themselves live in [`store::sim`], because a fused store enqueues with its commit.

use std::sync::Arc;

use store::sim::{Fault, Link, Sent, Taken, World};

use crate::{
    Boxed, Bus, Caps, Delivery, Outage, Outgoing, Peek, Peeked, Published, QueueState, Settle, Token, Wiring,
};

/// The bus of one world as one node sees it.
pub struct SimBus {
    world: Arc<World>,
    link: Link,
}

impl SimBus {
    /// The bus of `world` as it is seen over `link`.
    #[must_use]
    pub fn handle(world: &Arc<World>, link: &Link) -> Arc<dyn Bus> {
        Arc::new(Self { world: world.clone(), link: link.clone() })
    }

    /// The same, for who only looks.
    #[must_use]
    pub fn peek_handle(world: &Arc<World>, link: &Link) -> Arc<dyn Peek> {
        Arc::new(Self { world: world.clone(), link: link.clone() })
    }

    /// One call there and back. Severed on the way there, it has no effect; severed on the way back, no answer.
    async fn call<T>(&self, act: impl FnOnce(&World, &Link) -> T) -> T {
        self.world.travel(&self.link, Fault::SlowBus).await;
        let answer = act(&self.world, &self.link);
        self.world.travel(&self.link, Fault::SlowBus).await;
        answer
    }
}

impl Bus for SimBus {
    fn caps(&self) -> Caps {
        Caps { max_message_bytes: self.world.max_message_bytes(), dead_suffix: None }
    }

    fn declare(&self, wiring: Wiring) -> Boxed<'_, Result<(), Outage>> {
        Box::pin(self.call(move |world, link| world.declare(link, &wiring.queues, &wiring.subscribers)))
    }

    fn publish(&self, batch: Vec<Outgoing>) -> Boxed<'_, Vec<Published>> {
        Box::pin(
            self.call(move |world, link| {
                world.publish(link, &batch).into_iter().map(Published::from).collect()
            }),
        )
    }

    fn receive(&self, queue: Arc<str>, credit: usize) -> Boxed<'_, Result<Vec<Delivery>, Outage>> {
        // No detour after it: dropped between taking and answering it would take something.
        Box::pin(async move {
            self.world.travel(&self.link, Fault::SlowBus).await;
            let taken = self.world.receive(&self.link, &queue, credit).await?;
            Ok(taken.into_iter().map(Delivery::from).collect())
        })
    }

    fn settle(&self, settlements: Vec<(Token, Settle)>) -> Boxed<'_, ()> {
        Box::pin(async move {
            let takes_long = self.call(move |world, link| {
                let each = settlements
                    .iter()
                    .map(|(token, settle)| (token.queue.as_ref(), token.seq, *settle == Settle::Acknowledge));
                world.settle(link, each)
            });
            if takes_long.await {
                self.world.linger().await;
            }
        })
    }

    fn inspect(&self) -> Boxed<'_, Result<Vec<QueueState>, Outage>> {
        Box::pin(self.call(|world, link| {
            let states = world.inspect(link)?.into_iter();
            Ok(states
                .map(|(queue, waiting, in_flight)| QueueState {
                    queue: queue.as_ref().to_owned(),
                    waiting,
                    in_flight,
                })
                .collect())
        }))
    }
}

impl Peek for SimBus {
    fn peek(&self, queue: Arc<str>, limit: usize) -> Boxed<'_, Result<Vec<Peeked>, Outage>> {
        Box::pin(self.call(move |world, link| {
            let seen = world.peek(link, &queue, limit)?.into_iter();
            let peeked = |Taken { body, attempt, redelivered, .. }| Peeked { body, attempt, redelivered };
            Ok(seen.map(peeked).collect())
        }))
    }
}

impl From<Sent> for Published {
    fn from(sent: Sent) -> Self {
        match sent {
            Sent::Confirmed => Self::Confirmed,
            Sent::Refused(why) => Self::Refused(why),
            Sent::Unknown => Self::Unknown,
        }
    }
}

impl From<Taken> for Delivery {
    fn from(taken: Taken) -> Self {
        let token = Token { queue: taken.queue, seq: taken.seq, receipt: None };
        Self { token, body: taken.body, attempt: taken.attempt, redelivered: taken.redelivered }
    }
}
