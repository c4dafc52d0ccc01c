//! Peeking, misunderstood.

use std::sync::Arc;

use bus::{Outage, OutageKind, Peeked, Settle};
use bytes::Bytes;

use super::{Flaw, Wrong};

impl Wrong {
    pub(super) async fn peek_wrongly(&self, queue: Arc<str>, limit: usize) -> Result<Vec<Peeked>, Outage> {
        let limit = if self.flaw == Flaw::PeeksIgnoreTheLimit { limit + 2 } else { limit };
        let Some(peek) = &self.inner.peek else { return Ok(vec![]) };
        let mut seen = match peek.peek(queue.clone(), limit).await {
            Err(outage)
                if outage.kind == OutageKind::Undeclared && self.flaw == Flaw::UnknownQueuesAreEmpty =>
            {
                vec![]
            }
            answer => answer?,
        };
        match self.flaw {
            Flaw::PeeksTake | Flaw::PeeksMark if !seen.is_empty() => {
                let taken = self.inner.bus.receive(queue, seen.len()).await?;
                let how = if self.flaw == Flaw::PeeksTake { Settle::Acknowledge } else { Settle::Release };
                self.inner.bus.settle(taken.into_iter().map(|one| (one.token, how)).collect()).await;
            }
            Flaw::PeeksShowTaken => {
                let taken = std::mem::take(&mut self.memory.seen().taken);
                let shown = taken.iter().map(|one| Peeked {
                    body: one.body.clone(),
                    attempt: one.attempt,
                    redelivered: one.redelivered,
                });
                seen.extend(shown);
            }
            Flaw::AttemptsForgotten => seen.iter_mut().for_each(|one| one.attempt = 0),
            Flaw::BodiesAsText => seen
                .iter_mut()
                .for_each(|one| one.body = Bytes::from(String::from_utf8_lossy(&one.body).into_owned())),
            _ => {}
        }
        Ok(seen)
    }
}
