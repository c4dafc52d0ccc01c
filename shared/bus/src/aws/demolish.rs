//! Taking a topology down again: for tests and benches, which leave nothing behind.

use super::SnsSqs;
use super::topology::noun;
use crate::Outage;

impl SnsSqs {
    /// Deletes every queue and topic that was declared, with all that waits in them.
    ///
    /// # Errors
    /// [`Outage`]: the bus cannot be reached; some of it is still there.
    pub async fn demolish(&self) -> Result<(), Outage> {
        let wiring = self.topology.wiring();
        for queue in &wiring.queues {
            self.demolish_queue(queue).await?;
        }
        let nouns: std::collections::BTreeSet<&str> = wiring.subscribers.keys().map(noun).collect();
        for noun in nouns {
            let arn = self.topology.topic_arn(noun)?;
            self.topology.account.delete_topic(&arn).await.map_err(|failed| failed.outage)?;
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
