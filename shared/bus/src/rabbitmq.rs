//! RabbitMQ as a [`Bus`]: a topic exchange, a quorum queue per service, confirms for everything that is published.
//!
//! Works with version 3.10 and later, on one node or many. Two connections, so that a broker that holds publishers back
//! does not hold back those who settle. Nothing is asked of the management plugin.

pub mod bare;
mod demolish;
mod failure;
mod intake;
mod link;
mod message;
mod publish;
mod session;
mod settings;
mod settling;
mod topology;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::future::join_all;
use lapin::options::QueueDeclareOptions;
use lapin::types::FieldTable;
use tokio::sync::watch;

use crate::{
    Boxed, Bus, Caps, Delivery, Difference, Outage, Outgoing, Published, QueueState, Settle, Token, Wiring,
    World, within,
};
use failure::{in_time, outage};
use intake::Intake;
use link::Link;
use publish::Publisher;
use session::Server;
use topology::Topology;

pub use settings::{BadUrl, Settings};

/// The queues of a RabbitMQ broker. Dropping it closes both connections, and the broker gives everything that is not
/// settled to somebody else.
pub struct RabbitMq {
    settings: Arc<Settings>,
    world: Arc<dyn World>,
    topology: Arc<Topology>,
    publisher: Arc<Publisher>,
    consuming: Link,
    intakes: Mutex<BTreeMap<Arc<str>, Arc<Intake>>>,
    closing: watch::Sender<bool>,
}

/// Of more consumers than these a queue of RabbitMQ before 4.2 may lose messages when the broker is killed: a quorum queue walks
/// them in an order that is another one when it reads its log after a restart, gives messages back in that order, and takes
/// what was acknowledged for something else (rabbitmq-server 2db4843, #14136).
pub const SAFE_CONSUMERS: u32 = 32;

impl RabbitMq {
    /// The bus of the broker that `settings` name. Connects in the background and for ever, so this neither waits nor
    /// fails; call inside a tokio runtime. `world` runs the tasks.
    #[must_use]
    pub fn connect(settings: Settings, world: Arc<dyn World>) -> Self {
        let settings = Arc::new(settings);
        let (closing, closes) = watch::channel(false);
        let topology = Arc::new(Topology::new(settings.clone()));
        let publishing = Link::start("publish", &settings, &world, Some(topology.clone()), closes.clone());
        let consuming = Link::start("consume", &settings, &world, None, closes);
        let publisher = Publisher::new(settings.clone(), world.clone(), topology.clone(), publishing);
        let publisher = Arc::new(publisher);
        Self { settings, world, topology, publisher, consuming, intakes: Mutex::default(), closing }
    }

    /// Closes both connections and waits until they are. What was received and is not settled comes again, here or
    /// elsewhere. Afterwards every call is an outage.
    pub async fn close(&self) {
        self.closing.send_replace(true);
        self.consuming.closed().await;
        self.publisher.link.closed().await;
    }

    /// What of `wiring` the broker lacks, or has otherwise. Bindings are not among it: AMQP has no question for them.
    ///
    /// # Errors
    /// [`Outage`]: the broker cannot be asked.
    pub async fn compare(&self, wiring: &Wiring) -> Result<Vec<Difference>, Outage> {
        let asking = async { self.topology.compare(&*self.publisher.link.connection().await?, wiring).await };
        self.bounded("compare", asking).await
    }

    /// How many consumers each queue of `wiring` has, those of all processes together.
    ///
    /// # Errors
    /// [`Outage`]: the broker cannot be asked, or a queue is not there.
    pub async fn consumers(&self, wiring: &Wiring) -> Result<Vec<(String, u32)>, Outage> {
        let told =
            self.bounded("count consumers", self.ask_about(wiring.queues.iter().cloned().collect())).await?;
        Ok(told.into_iter().map(|(queue, told)| (queue, told.consumer_count())).collect())
    }

    /// What serves `queue`, from the first time it is asked for.
    fn intake(&self, queue: &Arc<str>) -> Arc<Intake> {
        let mut intakes = self.intakes.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(intake) = intakes.get(queue) {
            return intake.clone();
        }
        let intake = Arc::new(Intake::new(queue.clone()));
        intakes.insert(queue.clone(), intake.clone());
        let server = Server {
            intake: intake.clone(),
            link: self.consuming.clone(),
            settings: self.settings.clone(),
            world: self.world.clone(),
            publisher: self.publisher.clone(),
        };
        let serve = server.run(self.closing.subscribe());
        self.world.spawn(format!("rabbitmq.{queue}").into(), Box::pin(serve));
        intake
    }

    fn known_intake(&self, queue: &str) -> Option<Arc<Intake>> {
        self.intakes.lock().unwrap_or_else(PoisonError::into_inner).get(queue).cloned()
    }

    async fn bounded<T>(
        &self,
        what: &str,
        future: impl Future<Output = Result<T, Outage>>,
    ) -> Result<T, Outage> {
        in_time(&*self.world, &self.settings, what, future).await
    }

    async fn ask_states(&self) -> Result<Vec<QueueState>, Outage> {
        let mut states = vec![];
        for (queue, told) in self.ask_about(self.topology.queues()).await? {
            let (buffered, handed) = self.known_intake(&queue).map_or((0, 0), |intake| intake.held());
            let waiting = u64::from(told.message_count()) + u64::try_from(buffered).unwrap_or(u64::MAX);
            states.push(QueueState { queue, waiting, in_flight: u64::try_from(handed).unwrap_or(u64::MAX) });
        }
        Ok(states)
    }

    /// What the broker says of queues that are there.
    async fn ask_about(&self, queues: Vec<String>) -> Result<Vec<(String, lapin::Queue)>, Outage> {
        let connection = self.publisher.link.connection().await?;
        let channel = connection.create_channel().await.map_err(|error| outage("open a channel", &error))?;
        let mut told = vec![];
        for queue in queues {
            let name = self.settings.physical(&queue);
            let passive = QueueDeclareOptions { passive: true, ..QueueDeclareOptions::default() };
            let asked = channel.queue_declare(name.as_str().into(), passive, FieldTable::default()).await;
            told.push((queue, asked.map_err(|error| outage(&format!("ask about {name}"), &error))?));
        }
        channel.close(200, "asked".into()).await.ok();
        Ok(told)
    }
}

impl Drop for RabbitMq {
    fn drop(&mut self) {
        self.closing.send_replace(true);
    }
}

impl Bus for RabbitMq {
    fn caps(&self) -> Caps {
        Caps { max_message_bytes: self.settings.max_message_bytes, dead_suffix: Some(settings::DEAD) }
    }

    fn declare(&self, wiring: Wiring) -> Boxed<'_, Result<(), Outage>> {
        // Learnt before it is declared: should the connection be lost meanwhile, the next one declares it.
        self.topology.learn(wiring);
        let declaring = async { self.topology.declare(&*self.publisher.link.connection().await?).await };
        Box::pin(self.bounded("declare", declaring))
    }

    fn publish(&self, batch: Vec<Outgoing>) -> Boxed<'_, Vec<Published>> {
        Box::pin(self.publisher.publish(batch))
    }

    fn receive(&self, queue: Arc<str>, credit: usize) -> Boxed<'_, Result<Vec<Delivery>, Outage>> {
        let intake = self.intake(&queue);
        Box::pin(async move { intake.receive(credit, &self.consuming, &self.settings, &*self.world).await })
    }

    fn settle(&self, settlements: Vec<(Token, Settle)>) -> Boxed<'_, ()> {
        Box::pin(async move {
            let mut by_queue: BTreeMap<Arc<str>, Vec<(Token, Settle)>> = BTreeMap::new();
            for (token, how) in settlements {
                by_queue.entry(token.queue.clone()).or_default().push((token, how));
            }
            let told = by_queue.iter().filter_map(|(queue, all)| self.known_intake(queue)?.settle(all));
            // An error means that the channel is gone, so all of it comes again.
            within(&*self.world, self.settings.confirm_wait, join_all(told)).await;
        })
    }

    /// `waiting` is what the broker has ready plus what lies in this process unasked for. `in_flight` is what this
    /// process has in hand: what others have cannot be asked without the management plugin. Both are of the moment: a
    /// message on its way between broker and process is counted in neither or in both.
    fn inspect(&self) -> Boxed<'_, Result<Vec<QueueState>, Outage>> {
        Box::pin(self.bounded("inspect", self.ask_states()))
    }
}
