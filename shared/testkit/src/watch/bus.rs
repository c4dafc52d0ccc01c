//! The Bus port of a process, watched; it also shows some messages damaged.

use std::sync::Arc;

use bus::{Bus, Caps, Delivery, Outage, Outgoing, Published, QueueState, Settle, Token, Wiring};
use bytes::Bytes;
use store::Boxed;

use super::{Damage, Watch, brief, short};
use crate::faults::DAMAGED;
use crate::trace::hash_of;

/// See the module.
pub(crate) struct WatchedBus {
    pub(crate) inner: Arc<dyn Bus>,
    pub(crate) watch: Arc<Watch>,
    pub(crate) process: usize,
}

impl Bus for WatchedBus {
    fn caps(&self) -> Caps {
        self.inner.caps()
    }

    fn declare(&self, wiring: Wiring) -> Boxed<'_, Result<(), Outage>> {
        self.inner.declare(wiring)
    }

    fn publish(&self, batch: Vec<Outgoing>) -> Boxed<'_, Vec<Published>> {
        Box::pin(async move {
            let ids: Vec<contracts::MessageId> = batch.iter().map(|message| message.id).collect();
            let answers = self.inner.publish(batch).await;
            for (id, answer) in ids.iter().zip(&answers) {
                self.watch.trace.fold(&[id.0.as_u64_pair().0, code(answer)]);
                self.watch
                    .tell(Some(self.process), || format!("publish {} {answer:?}", short(&id.to_string())));
            }
            answers
        })
    }

    fn receive(&self, queue: Arc<str>, credit: usize) -> Boxed<'_, Result<Vec<Delivery>, Outage>> {
        Box::pin(async move {
            let mut answer = self.inner.receive(queue, credit).await;
            for delivery in answer.iter_mut().flatten() {
                self.watch.shows(delivery);
                self.watch.trace.fold(&[delivery.token.seq, hash_of(&delivery.body)]);
                self.watch.tell(Some(self.process), || {
                    let again = if delivery.redelivered { " again" } else { "" };
                    let Token { queue, seq, .. } = &delivery.token;
                    format!("take {queue}#{seq}{again} {}", brief(&delivery.body))
                });
            }
            answer
        })
    }

    fn settle(&self, settlements: Vec<(Token, Settle)>) -> Boxed<'_, ()> {
        for (token, settle) in &settlements {
            self.watch.trace.fold(&[token.seq, u64::from(*settle == Settle::Acknowledge)]);
            self.watch
                .tell(Some(self.process), || format!("settle {}#{} {settle:?}", token.queue, token.seq));
        }
        self.inner.settle(settlements)
    }

    fn inspect(&self) -> Boxed<'_, Result<Vec<QueueState>, Outage>> {
        self.inner.inspect()
    }
}

impl Watch {
    /// Shows a delivery damaged, if it is its turn. The message in the queue stays what it is.
    fn shows(&self, delivery: &mut Delivery) {
        let log = &mut *self.log();
        let Some(dice) = log.dice.as_mut() else { return };
        if log.damage_rate == 0 || dice.u32(0..1_000_000) >= log.damage_rate {
            return;
        }
        let shown = damaged(&delivery.body, dice);
        if log.poison.contains(&delivery.body) || shown == delivery.body {
            return;
        }
        // One dead letter for two messages: nobody could tell which of them to put right.
        if log.damages.iter().any(|other| other.shown == shown && other.original != delivery.body) {
            return;
        }
        *log.counts.entry(DAMAGED).or_default() += 1;
        log.poison.insert(shown.clone());
        let original = std::mem::replace(&mut delivery.body, shown.clone());
        log.damages.push(Damage { queue: delivery.token.queue.clone(), original, shown });
    }
}

/// A message cut short, or with one byte changed so that it is no JSON any more.
fn damaged(body: &Bytes, dice: &mut fastrand::Rng) -> Bytes {
    if body.len() < 2 || dice.bool() {
        return body.slice(..body.len() / 2);
    }
    let mut bytes = body.to_vec();
    let last = bytes.len() - 1;
    bytes[last] = 0xff;
    bytes.into()
}

fn code(answer: &Published) -> u64 {
    match answer {
        Published::Confirmed => 0,
        Published::Refused(_) => 1,
        Published::Unknown => 2,
    }
}
