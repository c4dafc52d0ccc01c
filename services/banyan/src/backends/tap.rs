//! Hearing what is published, for whoever watches.

use std::sync::Arc;

use bus::{
    Address, Boxed, Bus, Caps, Delivery, Outage, Outgoing, Published, QueueState, Settle, Token, Wiring,
};
use bytes::Bytes;
use store::sqlite::Engine;
use tokio::sync::broadcast;

/// Who is further behind misses some, and is told how many.
const KEPT: usize = 4_096;

/// Where events are heard.
#[derive(Clone)]
pub enum Tap {
    /// All that are committed in this file.
    File(Arc<Engine>),
    /// All that this process published and the broker confirmed.
    Process(broadcast::Sender<Bytes>),
}

impl Tap {
    /// Every event from now on.
    pub(crate) fn listen(&self) -> broadcast::Receiver<Bytes> {
        match self {
            Self::File(engine) => engine.tap(),
            Self::Process(heard) => heard.subscribe(),
        }
    }
}

/// `bus`, and a tap on what goes through it.
pub(super) fn tapped(bus: Arc<dyn Bus>) -> (Arc<dyn Bus>, Tap) {
    let heard = broadcast::Sender::new(KEPT);
    (Arc::new(Tapped { bus, heard: heard.clone() }), Tap::Process(heard))
}

/// A bus that tells what was published. A message that was published twice is heard twice.
struct Tapped {
    bus: Arc<dyn Bus>,
    heard: broadcast::Sender<Bytes>,
}

impl Bus for Tapped {
    fn caps(&self) -> Caps {
        self.bus.caps()
    }

    fn declare(&self, wiring: Wiring) -> Boxed<'_, Result<(), Outage>> {
        self.bus.declare(wiring)
    }

    fn publish(&self, batch: Vec<Outgoing>) -> Boxed<'_, Vec<Published>> {
        // Not what goes to one queue: a delayed try of what was heard before, or a service's own job.
        let public =
            |message: &Outgoing| matches!(message.address, Address::Topic(_)).then(|| message.body.clone());
        let bodies: Vec<Option<Bytes>> = match self.heard.receiver_count() {
            0 => Vec::new(),
            _ => batch.iter().map(public).collect(),
        };
        Box::pin(async move {
            let outcomes = self.bus.publish(batch).await;
            for (outcome, body) in outcomes.iter().zip(bodies) {
                if let (Published::Confirmed, Some(body)) = (outcome, body) {
                    self.heard.send(body).ok();
                }
            }
            outcomes
        })
    }

    fn receive(&self, queue: Arc<str>, credit: usize) -> Boxed<'_, Result<Vec<Delivery>, Outage>> {
        self.bus.receive(queue, credit)
    }

    fn settle(&self, settlements: Vec<(Token, Settle)>) -> Boxed<'_, ()> {
        self.bus.settle(settlements)
    }

    fn inspect(&self) -> Boxed<'_, Result<Vec<QueueState>, Outage>> {
        self.bus.inspect()
    }
}
