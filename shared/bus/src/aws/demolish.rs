//! Taking a topology down again.

use super::SnsSqs;
use super::topology::noun;
use crate::{Outage, Wiring};

impl SnsSqs {
    /// Deletes every queue and topic of `wiring`, and that was declared, with all that waits in them. Makes nothing first.
    ///
    /// # Errors
    /// [`Outage`]: the bus cannot be reached; some of it is still there.
    pub async fn demolish(&self, wiring: Wiring) -> Result<(), Outage> {
        self.topology.learn(wiring);
        let wiring = self.topology.wiring();
        // Topics first: where they are, is told by the queues.
        if self.topology.locate(&wiring).await? {
            let nouns: std::collections::BTreeSet<&str> = wiring.subscribers.keys().map(noun).collect();
            for noun in nouns {
                let arn = self.topology.topic_arn(noun)?;
                self.topology.account.delete_topic(&arn).await.map_err(|failed| failed.outage)?;
            }
        }
        for queue in &wiring.queues {
            self.demolish_queue(queue).await?;
        }
        Ok(())
    }

    /// Deletes one queue, with all that waits in it, and its dead queue.
    ///
    /// # Errors
    /// [`Outage`]: the bus cannot be reached.
    pub async fn demolish_queue(&self, queue: &str) -> Result<(), Outage> {
        for name in [self.settings.queue(queue), self.settings.dead(queue)] {
            let account = &self.topology.account;
            if let Some(url) = account.queue_url(&name).await.map_err(|failed| failed.outage)? {
                account.delete_queue(&name, &url).await.map_err(|failed| failed.outage)?;
            }
        }
        Ok(())
    }
}
