//! Receiving, misunderstood.

use std::sync::Arc;

use bus::{Delivery, Outage, Settle};

use super::{Flaw, Wrong};

/// A consumer that waits.
struct Waiting<'a> {
    wrong: &'a Wrong,
    is_answered: bool,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let mut seen = self.wrong.memory.seen();
        seen.receiving -= 1;
        seen.ghosts += usize::from(!self.is_answered);
    }
}

impl Wrong {
    pub(super) async fn receive_wrongly(
        &self,
        queue: Arc<str>,
        credit: usize,
    ) -> Result<Vec<Delivery>, Outage> {
        let credit = if self.flaw == Flaw::CreditIgnored { credit + 5 } else { credit };
        match self.flaw {
            Flaw::ReceiveNeverWaits if self.waits_in(&queue).await? == 0 => return Ok(vec![]),
            Flaw::OneConsumerWaits | Flaw::DroppedReceivesTake => {
                return self.wait_wrongly(queue, credit).await;
            }
            _ => {}
        }
        let taken = self.swallow(self.inner.bus.receive(queue, credit).await);
        let Ok(mut taken) = taken else {
            return if self.flaw == Flaw::TakenIsGone { self.gone(taken).await } else { taken };
        };
        if self.flaw == Flaw::DeliveredThriceAtMost {
            taken = self.not_too_often(taken).await;
        }
        self.memory.seen().taken.extend(taken.iter().cloned());
        match self.flaw {
            Flaw::NoLeases => {
                let all = taken.iter().map(|one| (one.token.clone(), Settle::Release)).collect();
                self.inner.bus.settle(all).await;
                taken.iter_mut().for_each(|one| one.redelivered = false);
            }
            Flaw::TakenIsGone => self.acknowledge(&taken).await,
            _ => {}
        }
        taken.iter_mut().for_each(|one| self.mark(one));
        Ok(taken)
    }

    fn mark(&self, one: &mut Delivery) {
        match self.flaw {
            Flaw::AllMarked => one.redelivered = true,
            Flaw::AttemptsMark => one.redelivered |= one.attempt > 0,
            Flaw::NoneMarked => one.redelivered = false,
            Flaw::TokensAlike => one.token.seq = 1,
            _ => {}
        }
    }

    async fn waits_in(&self, queue: &str) -> Result<u64, Outage> {
        let states = self.inner.bus.inspect().await?;
        Ok(states.into_iter().find(|state| state.queue == queue).map_or(0, |state| state.waiting))
    }

    pub(super) async fn acknowledge(&self, taken: &[Delivery]) {
        let all = taken.iter().map(|one| (one.token.clone(), Settle::Acknowledge)).collect();
        self.inner.bus.settle(all).await;
    }

    /// Only one consumer is ever woken; or consumers that are gone still get their messages.
    async fn wait_wrongly(&self, queue: Arc<str>, credit: usize) -> Result<Vec<Delivery>, Outage> {
        self.memory.seen().receiving += 1;
        let mut waiting = Waiting { wrong: self, is_answered: false };
        let is_alone = self.memory.seen().receiving == 1;
        if self.flaw == Flaw::OneConsumerWaits && !is_alone {
            return std::future::pending().await;
        }
        let mut taken = self.inner.bus.receive(queue, credit).await?;
        waiting.is_answered = true;
        if self.flaw == Flaw::DroppedReceivesTake {
            let ghosts = std::mem::take(&mut self.memory.seen().ghosts);
            taken.drain(..ghosts.min(taken.len()));
        }
        Ok(taken)
    }

    /// What was lost on the way is taken for handled.
    async fn gone(&self, lost: Result<Vec<Delivery>, Outage>) -> Result<Vec<Delivery>, Outage> {
        let queue: Arc<str> = Arc::from(bus::conformance::trial::LEFT);
        let taken = self.inner.bus.receive(queue, 100).await?;
        self.acknowledge(&taken).await;
        lost
    }

    /// Drops what was released three times.
    async fn not_too_often(&self, taken: Vec<Delivery>) -> Vec<Delivery> {
        let often =
            |one: &Delivery| self.memory.seen().releases.get(one.body.as_ref()).copied().unwrap_or(0) >= 3;
        let (dropped, kept): (Vec<Delivery>, Vec<Delivery>) = taken.into_iter().partition(often);
        self.acknowledge(&dropped).await;
        kept
    }
}
