//! Taking a topology down again.

use lapin::options::{ExchangeDeleteOptions, QueueDeleteOptions};

use super::RabbitMq;
use super::failure::outage;
use crate::{Outage, Wiring};

impl RabbitMq {
    /// Deletes every queue of `wiring`, and that was declared, with all that waits in it, and the exchange. Makes nothing first.
    ///
    /// # Errors
    /// [`Outage`]: the bus cannot be reached, or does not answer; some of it is still there.
    pub async fn demolish(&self, wiring: Wiring) -> Result<(), Outage> {
        self.topology.learn(wiring);
        for queue in self.topology.queues() {
            self.demolish_queue(&queue).await?;
        }
        let deleting = async {
            let failed = |error: lapin::Error| outage("demolish", &error);
            let connection = self.publisher.link.connection().await?;
            let channel = connection.create_channel().await.map_err(failed)?;
            let options = ExchangeDeleteOptions::default();
            channel.exchange_delete(self.settings.exchange.as_str().into(), options).await.map_err(failed)
        };
        self.bounded("delete the exchange", deleting).await
    }

    /// Deletes one queue, with all that waits in it, and its dead queue.
    ///
    /// # Errors
    /// [`Outage`]: the bus cannot be reached, or does not answer.
    pub async fn demolish_queue(&self, queue: &str) -> Result<(), Outage> {
        let deleting = async {
            let failed = |error: lapin::Error| outage("demolish", &error);
            let connection = self.publisher.link.connection().await?;
            let channel = connection.create_channel().await.map_err(failed)?;
            for name in [self.settings.physical(queue), self.settings.dead(queue)] {
                let options = QueueDeleteOptions::default();
                channel.queue_delete(name.as_str().into(), options).await.map_err(failed)?;
            }
            Ok(())
        };
        self.bounded(&format!("delete the queue {queue}"), deleting).await
    }
}
