//! What the broker itself gave up lies in a queue beside the service's own. From there it goes into the due table, as dead as
//! any other dead letter, so that people find all of them in one place.

use std::sync::Arc;
use std::time::Duration;

use bus::{Delivery, Settle};
use contracts::Envelope;
use store::Key;

use super::Message;
use crate::core::Core;
use crate::due::Due;
use crate::fail::Fail;
use crate::policy::{DEAD_AT_ONCE, PROBE_CAP};
use crate::stats::Stats;

/// Why a message is dead that no try of ours was the last one of.
const GIVEN_UP: &str = "given_up";

/// Empties the broker's dead `queue` until the process is to stop. Not watched as the other loops are: it rests for minutes, and
/// what it misses keeps.
pub(crate) async fn run(core: Arc<Core>, queue: Arc<str>) {
    let mut rest = Duration::ZERO;
    loop {
        let look = async {
            core.env.clock.sleep(rest).await;
            core.bus.receive(queue.clone(), DEAD_AT_ONCE).await
        };
        let found = tokio::select! {
            biased;
            () = core.asked_to_stop() => return,
            found = look => found,
        };
        rest = match found {
            Ok(found) if found.is_empty() => core.policy.dead_every,
            Ok(found) => core.bury_all(&found).await,
            Err(outage) => {
                tracing::debug!(%queue, %outage, "the dead queue was not looked into; again later");
                PROBE_CAP
            }
        };
    }
}

impl Core {
    /// Buries what was found; answers how long to rest before the next look.
    async fn bury_all(&self, found: &[Delivery]) -> Duration {
        let mut rest = Duration::ZERO;
        for delivery in found {
            if let Err(fail) = self.bury(delivery).await {
                tracing::debug!(queue = %delivery.token.queue, error = ?fail.chain(), "not buried; it comes again");
                self.bus.settle(vec![(delivery.token.clone(), Settle::Release)]).await;
                rest = PROBE_CAP;
            }
        }
        rest
    }

    /// Makes a dead letter of `delivery`, unless it was handled after all, or is known here already.
    async fn bury(&self, delivery: &Delivery) -> Result<(), Fail> {
        let event = match Envelope::decode(&delivery.body) {
            Ok(event) => event,
            Err(error) => return self.undecodable(delivery, &error).await,
        };
        let message = Message::of(delivery, &event);
        if self.record(self.record_key(message.id)).await?.is_some() {
            return self.duplicate(&message).await;
        }
        if self.is_for_others(&message) {
            Stats::add(&self.stats.ignored, 1);
            self.acknowledge(delivery).await;
            return Ok(());
        }
        let key = Key::new(self.names.due.clone(), message.id.to_string());
        if self.store.read(vec![key], self.env.now()).await?.pop().flatten().is_some() {
            // It will be tried again, or is dead for a better reason than the broker knows.
            self.acknowledge(delivery).await;
            return Ok(());
        }
        let why = format!("the broker moved it to {}", delivery.token.queue);
        let row = self.row(&message, GIVEN_UP, vec![why]);
        self.keep(&message, Due { attempts: delivery.attempt, ..row }).await
    }
}
