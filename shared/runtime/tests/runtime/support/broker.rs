//! A broker with a dead queue, and with ills that a test gives it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bus::{Bus, Caps, Delivery, Outage, Outgoing, Published, QueueState, Settle, Token, Wiring};
use contracts::{MessageId, Timestamp};
use store::Boxed;
use store::sim::{JumpingTime, SimTime};

/// What the name of a dead queue ends with here.
pub(crate) const DEAD_SUFFIX: &str = ".dead";

/// What is wrong with it, and what it saw.
#[derive(Default)]
pub(crate) struct Ills {
    /// Publishing takes so long.
    pub(crate) publish_takes: Duration,
    /// These are never confirmed.
    pub(crate) is_stuck: Option<fn(&Outgoing) -> bool>,
    /// What it was asked to publish, and when.
    pub(crate) published: Vec<(Timestamp, MessageId)>,
}

pub(super) struct Broker {
    pub(super) bus: Arc<dyn Bus>,
    pub(super) time: JumpingTime,
    pub(super) ills: Arc<Mutex<Ills>>,
}

impl Broker {
    async fn publish_some(&self, batch: Vec<Outgoing>) -> Vec<Published> {
        let (takes, is_stuck) = {
            let mut ills = self.ills.lock().unwrap();
            let now = self.time.now();
            ills.published.extend(batch.iter().map(|message| (now, message.id)));
            (ills.publish_takes, ills.is_stuck.unwrap_or(|_| false))
        };
        if !takes.is_zero() {
            self.time.sleep(takes).await;
        }
        let stuck: Vec<bool> = batch.iter().map(is_stuck).collect();
        let sent = batch.into_iter().filter(|message| !is_stuck(message)).collect();
        let mut answers = self.bus.publish(sent).await.into_iter();
        let answer = |is_stuck: bool| if is_stuck { None } else { answers.next() };
        stuck.into_iter().map(answer).map(|answer| answer.unwrap_or(Published::Unknown)).collect()
    }
}

impl Bus for Broker {
    fn caps(&self) -> Caps {
        Caps { dead_suffix: Some(DEAD_SUFFIX), ..self.bus.caps() }
    }

    fn declare(&self, wiring: Wiring) -> Boxed<'_, Result<(), Outage>> {
        self.bus.declare(wiring)
    }

    fn publish(&self, batch: Vec<Outgoing>) -> Boxed<'_, Vec<Published>> {
        Box::pin(self.publish_some(batch))
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
