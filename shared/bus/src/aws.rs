//! SNS and SQS as a [`Bus`]: a topic for each noun, a queue for each service, batches of ten both ways.
//!
//! Talks to whatever endpoint the SDK's configuration names, with whatever credentials its own chain finds.

mod account;
pub mod calls;
mod demolish;
mod failure;
mod intake;
mod lane;
mod message;
mod plan;
mod policy;
mod publish;
mod server;
mod settings;
mod settling;
mod topology;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_sdk_sqs::config::SharedHttpClient;
use aws_smithy_http_client::tls;
use aws_types::SdkConfig;
use futures_util::future::{Either, join_all};
use futures_util::stream::{self, StreamExt, TryStreamExt};
use tokio::sync::watch;

use crate::{
    Boxed, Bus, Caps, Delivery, Difference, Outage, Outgoing, Published, QueueState, Settle, Token, Wiring,
    World, within,
};
use account::Account;
use failure::Failed;
use intake::Intake;
use publish::Publisher;
use server::Server;
use settling::Settling;
use topology::Topology;

pub use plan::{Plan, PlannedQueue};
pub use settings::Settings;

/// An HTTP client for an [`SdkConfig`]: TLS by rustls with ring and the system's certificates. The SDK's own default would
/// bring a second library for cryptography, written in C.
#[must_use]
pub fn http_client() -> SharedHttpClient {
    let rustls = tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring);
    aws_smithy_http_client::Builder::new().tls_provider(rustls).build_https()
}

/// How long settling waits for its answers. What has none by then comes again.
const SETTLE_WAIT: Duration = Duration::from_secs(20);
/// How long closing waits for what is given back.
const CLOSE_WAIT: Duration = Duration::from_secs(5);
/// Queues that are asked for their state at once.
const INSPECTED_AT_ONCE: usize = 8;

/// The topics and queues of an account. Dropping it without [`SnsSqs::close`] gives nothing back: what is not settled comes
/// again after the visibility timeout.
pub struct SnsSqs {
    settings: Arc<Settings>,
    world: Arc<dyn World>,
    topology: Arc<Topology>,
    publisher: Publisher,
    served: Mutex<BTreeMap<Arc<str>, Served>>,
    closing: watch::Sender<bool>,
}

/// A queue that this process has received from.
#[derive(Clone)]
struct Served {
    intake: Arc<Intake>,
    settling: Arc<Settling>,
}

impl SnsSqs {
    /// The bus of the account and endpoint that `config` names, which also says how to sign and by which HTTP client. Its
    /// retries and timeouts are replaced by the bus's own. Neither waits nor fails; call inside a tokio runtime. `world` runs
    /// the tasks.
    #[must_use]
    pub fn new(config: &SdkConfig, settings: Settings, world: Arc<dyn World>) -> Self {
        let settings = Arc::new(settings);
        let (closing, closes) = watch::channel(false);
        let account = Account::new(config, settings.clone());
        let topology = Arc::new(Topology::new(account, settings.clone(), world.clone()));
        let publisher = Publisher::new(settings.clone(), world.clone(), topology.clone(), closes);
        Self { settings, world, topology, publisher, served: Mutex::default(), closing }
    }

    /// Gives back what was received and is not settled, and ends all calls. Afterwards every receive is an outage, and nothing
    /// is published.
    pub async fn close(&self) {
        let served: Vec<Served> = self.served().values().cloned().collect();
        let back = served.iter().flat_map(|served| {
            served.intake.close().into_iter().map(|receipt| served.settling.change(receipt, 0))
        });
        within(&*self.world, CLOSE_WAIT, join_all(back.collect::<Vec<_>>())).await;
        self.closing.send_replace(true);
    }

    fn served(&self) -> std::sync::MutexGuard<'_, BTreeMap<Arc<str>, Served>> {
        self.served.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What of `wiring` the account lacks, or has otherwise.
    ///
    /// # Errors
    /// [`Outage`]: the account cannot be asked.
    pub async fn compare(&self, wiring: &Wiring) -> Result<Vec<Difference>, Outage> {
        self.topology.compare(wiring).await
    }

    /// How long a message that was taken stays away from others: as each queue of `wiring` that is there says, and as this
    /// bus asks for, both in seconds.
    ///
    /// # Errors
    /// [`Outage`]: the account cannot be asked.
    pub async fn visibility(&self, wiring: &Wiring) -> Result<(Vec<(String, i32)>, i32), Outage> {
        Ok((self.topology.visibility(wiring).await?, self.settings.visibility_s()))
    }

    /// What serves `queue`, from the first time it is asked for.
    fn serve(&self, queue: &Arc<str>) -> Served {
        let mut all = self.served();
        if let Some(served) = all.get(queue) {
            return served.clone();
        }
        let closing = self.closing.subscribe();
        let intake = Arc::new(Intake::new(queue.clone()));
        let settling = Settling::start(queue, &self.settings, &self.topology, &self.world, &closing);
        let served = Served { intake: intake.clone(), settling: Arc::new(settling) };
        all.insert(queue.clone(), served.clone());
        let server = Server {
            intake,
            settling: served.settling.clone(),
            topology: self.topology.clone(),
            settings: self.settings.clone(),
            world: self.world.clone(),
        };
        self.world.spawn(format!("aws.{queue}").into(), Box::pin(server.run(closing)));
        served
    }

    fn known(&self, queue: &str) -> Option<Served> {
        self.served().get(queue).cloned()
    }

    async fn state(&self, queue: String) -> Result<QueueState, Outage> {
        let name = self.settings.queue(&queue);
        let counted = async {
            let url = self.topology.url(&queue).await?.ok_or_else(|| Failed::no_queue(&name))?;
            self.topology.account.count(&name, &url).await
        };
        let (waiting, in_flight) = counted.await.map_err(|failed| failed.outage)?;
        // What lies here unasked for is in flight for the account, and waits for us.
        let lying = self.known(&queue).map_or(0, |served| served.intake.held().0);
        let lying = u64::try_from(lying).unwrap_or(u64::MAX).min(in_flight);
        Ok(QueueState { queue, waiting: waiting + lying, in_flight: in_flight - lying })
    }
}

impl Drop for SnsSqs {
    fn drop(&mut self) {
        self.closing.send_replace(true);
    }
}

impl Bus for SnsSqs {
    /// For texts, as every envelope is one. A body that is no text travels encoded, which takes a third more.
    fn caps(&self) -> Caps {
        Caps { max_message_bytes: self.settings.max_message_bytes, dead_suffix: Some(settings::DEAD) }
    }

    fn declare(&self, wiring: Wiring) -> Boxed<'_, Result<(), Outage>> {
        Box::pin(self.topology.declare(wiring))
    }

    fn publish(&self, batch: Vec<Outgoing>) -> Boxed<'_, Vec<Published>> {
        Box::pin(self.publisher.publish(batch))
    }

    fn receive(&self, queue: Arc<str>, credit: usize) -> Boxed<'_, Result<Vec<Delivery>, Outage>> {
        let served = self.serve(&queue);
        Box::pin(async move { served.intake.receive(credit, &self.settings, &*self.world).await })
    }

    fn settle(&self, settlements: Vec<(Token, Settle)>) -> Boxed<'_, ()> {
        Box::pin(async move {
            let told: Vec<_> = settlements
                .into_iter()
                .filter_map(|(token, how)| {
                    let served = self.known(&token.queue)?;
                    let receipt = served.intake.settled(&token)?;
                    Some(match how {
                        Settle::Acknowledge => Either::Left(served.settling.delete(receipt)),
                        Settle::Release => Either::Right(served.settling.change(receipt, 0)),
                    })
                })
                .collect();
            // Whatever comes of it: what is not settled comes again.
            let told = told.into_iter().map(|told| async {
                match told {
                    Either::Left(deleted) => drop(deleted.await),
                    Either::Right(changed) => drop(changed.await),
                }
            });
            within(&*self.world, SETTLE_WAIT, join_all(told)).await;
        })
    }

    /// Both numbers are approximate: SQS counts with a delay of up to a minute.
    fn inspect(&self) -> Boxed<'_, Result<Vec<QueueState>, Outage>> {
        let states = stream::iter(self.topology.wiring().queues).map(|queue| self.state(queue));
        Box::pin(states.buffered(INSPECTED_AT_ONCE).try_collect())
    }
}
