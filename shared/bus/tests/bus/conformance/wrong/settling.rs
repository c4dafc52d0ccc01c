//! Settling, misunderstood.

use std::sync::Arc;

use bus::{Address, Outgoing, Settle, Token};
use contracts::MessageId;

use super::{Flaw, Wrong};

impl Wrong {
    pub(super) async fn settle_wrongly(&self, mut settlements: Vec<(Token, Settle)>) {
        match self.flaw {
            Flaw::AcknowledgementsIgnored => settlements.retain(|(_, how)| *how == Settle::Release),
            Flaw::ReleasesAcknowledge => {
                settlements.iter_mut().for_each(|(_, how)| *how = Settle::Acknowledge)
            }
            Flaw::FirstSettlementOnly => settlements.truncate(1),
            Flaw::SettlingNothingEndsLeases if settlements.is_empty() => settlements = self.all_taken(),
            Flaw::UnknownTokensEndLeases if settlements.iter().any(|(token, _)| !self.is_taken(token)) => {
                settlements = self.all_taken();
            }
            Flaw::SettlesEverywhere => settlements = self.everywhere(settlements),
            Flaw::SettlesUpTo => settlements = self.up_to(&settlements),
            Flaw::ReleasesCopy => self.copy(&settlements).await,
            Flaw::AcknowledgingTwiceTakesNext => self.take_next(&settlements).await,
            Flaw::DeliveredThriceAtMost => self.count(&settlements),
            Flaw::GoneIsConflict => {
                self.memory.seen().settled.extend(settlements.iter().map(|(token, _)| token.clone()));
            }
            _ => {}
        }
        self.inner.bus.settle(settlements).await;
    }

    fn all_taken(&self) -> Vec<(Token, Settle)> {
        self.memory.seen().taken.iter().map(|one| (one.token.clone(), Settle::Acknowledge)).collect()
    }

    fn is_taken(&self, token: &Token) -> bool {
        self.memory.seen().taken.iter().any(|one| one.token == *token)
    }

    /// The same for every delivery with this body, in whatever queue.
    fn everywhere(&self, settlements: Vec<(Token, Settle)>) -> Vec<(Token, Settle)> {
        let seen = self.memory.seen();
        let mut all = vec![];
        for (token, how) in settlements {
            let Some(body) = seen.taken.iter().find(|one| one.token == token).map(|one| one.body.clone())
            else {
                continue;
            };
            all.extend(seen.taken.iter().filter(|one| one.body == body).map(|one| (one.token.clone(), how)));
        }
        all
    }

    /// Everything that was taken before is settled as well, as with `multiple` of AMQP.
    fn up_to(&self, settlements: &[(Token, Settle)]) -> Vec<(Token, Settle)> {
        let seen = self.memory.seen();
        let mut all = vec![];
        for (token, how) in settlements {
            let before = seen.taken.iter().take_while(|one| one.token != *token).map(|one| one.token.clone());
            all.extend(before.chain([token.clone()]).map(|token| (token, *how)));
        }
        all
    }

    /// Each further settlement of a delivery puts one more copy into its queue.
    async fn copy(&self, settlements: &[(Token, Settle)]) {
        let mut copies = vec![];
        for (token, _) in settlements {
            let mut seen = self.memory.seen();
            let is_new = seen.settled.insert(token.clone());
            let Some(one) = seen.taken.iter().find(|one| one.token == *token).filter(|_| !is_new) else {
                continue;
            };
            copies.push(Outgoing {
                id: MessageId::named(&["copy"]),
                address: Address::Queue(token.queue.as_ref().to_owned()),
                lane: String::new(),
                attempt: one.attempt,
                body: one.body.clone(),
            });
        }
        copies.extend(copies.clone());
        self.inner.bus.publish(copies).await;
    }

    /// A second acknowledgement is taken for one of the next message.
    async fn take_next(&self, settlements: &[(Token, Settle)]) {
        for (token, _) in settlements {
            let is_new = self.memory.seen().settled.insert(token.clone());
            if is_new {
                continue;
            }
            let next = self.memory.seen().taken.iter().find(|one| one.token != *token).cloned();
            if let Some(next) = next {
                self.acknowledge(&[next]).await;
            }
            let queue: Arc<str> = token.queue.clone();
            let waiting = self.inner.bus.inspect().await.unwrap_or_default();
            if waiting.iter().any(|state| state.queue == queue.as_ref() && state.waiting > 0) {
                let taken = self.inner.bus.receive(queue, 1).await.unwrap_or_default();
                self.acknowledge(&taken).await;
            }
        }
    }

    fn count(&self, settlements: &[(Token, Settle)]) {
        let mut seen = self.memory.seen();
        for (token, how) in settlements {
            let body = seen.taken.iter().find(|one| one.token == *token).map(|one| one.body.to_vec());
            if let Some(body) = body.filter(|_| *how == Settle::Release) {
                *seen.releases.entry(body).or_insert(0) += 1;
            }
        }
    }
}
