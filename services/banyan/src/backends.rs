//! What services run on: a store, a bus and a place for blobs, as the configuration names them. Only here are adapters
//! opened; what was not compiled in is refused with the feature that has it.

#[cfg(feature = "aws")]
pub(crate) mod aws;
pub(crate) mod blobs;
mod embedded;
#[cfg(all(feature = "postgres", feature = "rabbitmq"))]
pub(crate) mod postgres;
#[cfg(all(feature = "postgres", feature = "rabbitmq"))]
pub(crate) mod rabbitmq;
mod tap;

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use bus::{Bus, Difference};
use runtime::{Env, Policy, Ports, Quirks};
use store::{Blobs, Boxed, Store};

use crate::cli::Failure;
use crate::config::{BusKind, Config, StoreKind};

pub use embedded::File;
pub use tap::Tap;

/// Open adapters.
pub(crate) struct Backends {
    /// Where services keep what they know.
    pub(crate) store: Arc<dyn Store>,
    /// How messages come and go.
    pub(crate) bus: Arc<dyn Bus>,
    /// Where data lies that is too large for a message.
    pub(crate) blobs: Arc<dyn Blobs>,
    /// Hears what is published.
    pub(crate) tap: Tap,
    /// Store and bus in one file, where they are.
    pub(crate) file: Option<File>,
    close: Vec<Closing>,
}

/// Lets go of one of them.
type Closing = Box<dyn FnOnce() -> Boxed<'static, ()> + Send>;

/// How long the sweeper may rest on `bus` when nothing happens. On AWS looks are paid for: as long as its longest poll.
pub(crate) fn sweep_at_most(bus: BusKind) -> Duration {
    match bus {
        BusKind::Embedded | BusKind::RabbitMq => Policy::default().sweep_at_most,
        BusKind::Aws => Duration::from_secs(20),
    }
}

/// What is asked of backends beside the configuration; what keeps nothing and what counts of an embedded one only.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Wishes<'a> {
    /// Keep nothing.
    pub(crate) memory: bool,
    /// Only to look whether it works: no key is made for services that are to have it later.
    pub(crate) looks: bool,
    /// Pages of the file, at most.
    pub(crate) page_limit: Option<u32>,
    /// What the file's system calls are counted under.
    pub(crate) counted_as: &'a str,
    /// Who this is among processes that share the folder of blobs; nobody in particular when it has the folder alone.
    pub(crate) writer: &'a str,
}

impl Backends {
    /// Opens what `config` names.
    ///
    /// # Errors
    /// A combination that nobody made, a feature that was not compiled in, a server that does not answer, a directory
    /// in use.
    pub(crate) async fn open(config: &Config, wishes: Wishes<'_>, env: &Env) -> Result<Self> {
        let data = (!wishes.memory).then_some(config.data.as_path());
        match (config.chosen.bus, config.chosen.store) {
            (BusKind::Embedded, StoreKind::Sqlite) => {
                let file = File::open(data, wishes)?;
                // Once the file is open: who holds its lock has the folder too.
                let wishes = Wishes { writer: "", ..wishes };
                Ok(Self::embedded(file, Box::pin(blobs::open(config, wishes, env)).await?))
            }
            (BusKind::RabbitMq, StoreKind::Postgres) => {
                let blobs = Box::pin(blobs::open(config, wishes, env)).await?;
                let (store, bus) = open_broker(config, env).await?;
                Ok(Self::apart(store, bus, blobs))
            }
            (BusKind::Aws, StoreKind::DynamoDb) => {
                let blobs = Box::pin(blobs::open(config, wishes, env)).await?;
                let (store, bus) = open_aws(config, env).await?;
                Ok(Self::apart(store, bus, blobs))
            }
            (bus, store) => {
                let text = format!(
                    "--bus {bus} does not go with --store {store}; choose embedded with sqlite, \
                     rabbitmq with postgres, or aws with dynamodb"
                );
                Err(Failure::usage(text).into())
            }
        }
    }

    /// A store and a bus that know nothing of each other.
    fn apart(
        (store, close_store): (Arc<dyn Store>, Closing),
        (bus, close_bus): (Arc<dyn Bus>, Closing),
        blobs: Arc<dyn Blobs>,
    ) -> Self {
        let (bus, tap) = tap::tapped(bus);
        Self { store, bus, blobs, tap, file: None, close: vec![close_bus, close_store] }
    }

    /// Store and bus in `file`.
    pub(crate) fn embedded(file: File, blobs: Arc<dyn Blobs>) -> Self {
        let engine = file.engine.clone();
        let close: Closing = Box::new(move || Box::pin(async move { engine.close() }));
        Self {
            store: file.engine.clone(),
            bus: Arc::new(bus::Embedded::new(file.engine.clone())),
            blobs,
            tap: Tap::File(file.engine.clone()),
            file: Some(file),
            close: vec![close],
        }
    }

    /// What a node is given to run on.
    pub(crate) fn ports(&self, env: &Env) -> Ports {
        Ports {
            store: self.store.clone(),
            bus: self.bus.clone(),
            blobs: self.blobs.clone(),
            env: env.clone(),
            quirks: Quirks::default(),
        }
    }

    /// Lets go of files and connections, once nothing runs any more.
    pub(crate) async fn close(self) {
        for close in self.close {
            close().await;
        }
    }
}

/// Removes from the broker, the database or the account what the shop of `config` made there, for who made it only to try.
///
/// # Errors
/// Something cannot be reached; some of it is still there.
pub(crate) async fn demolish(config: &Config, env: &Env) -> Result<()> {
    match config.chosen.bus {
        BusKind::Embedded => {}
        BusKind::RabbitMq => demolish_broker(config, env).await?,
        BusKind::Aws => demolish_aws(config, env).await?,
    }
    Box::pin(blobs::demolish(config)).await
}

/// What of the shop's topology, its tables and its bucket among it, the broker, the database or the account of `config` lacks or has otherwise.
///
/// # Errors
/// Something cannot be asked.
pub(crate) async fn differences(config: &Config, env: &Env) -> Result<Vec<Difference>> {
    let mut found = match config.chosen.bus {
        BusKind::Embedded => vec![],
        BusKind::RabbitMq => differences_broker(config, env).await?,
        BusKind::Aws => differences_aws(config, env).await?,
    };
    found.extend(Box::pin(blobs::differences(config)).await?);
    Ok(found)
}

/// A store and a bus that know nothing of each other.
type Opened = ((Arc<dyn Store>, Closing), (Arc<dyn Bus>, Closing));

#[cfg(feature = "aws")]
async fn open_aws(config: &Config, env: &Env) -> Result<Opened> {
    let account = aws::account(config).await?;
    Ok((aws::store(&account, config).await?, aws::bus(&account, config, env)))
}

#[cfg(feature = "aws")]
async fn demolish_aws(config: &Config, env: &Env) -> Result<()> {
    aws::demolish(&aws::account(config).await?, config, env).await
}

#[cfg(feature = "aws")]
async fn differences_aws(config: &Config, env: &Env) -> Result<Vec<Difference>> {
    aws::differences(&aws::account(config).await?, config, env).await
}

#[cfg(not(feature = "aws"))]
#[expect(clippy::unused_async, reason = "the same shape as with the feature")]
async fn differences_aws(_: &Config, _: &Env) -> Result<Vec<Difference>> {
    Err(not_compiled("--bus aws"))
}

#[cfg(not(feature = "aws"))]
#[expect(clippy::unused_async, reason = "the same shape as with the feature")]
async fn demolish_aws(_: &Config, _: &Env) -> Result<()> {
    Err(not_compiled("--bus aws"))
}

#[cfg(not(feature = "aws"))]
#[expect(clippy::unused_async, reason = "the same shape as with the feature")]
async fn open_aws(_: &Config, _: &Env) -> Result<Opened> {
    Err(not_compiled("--bus aws"))
}

/// What is wrong with an address is told before anything is waited for. The bus comes last: its client, left while it
/// connects, ends with a panic of its own.
#[cfg(all(feature = "postgres", feature = "rabbitmq"))]
async fn open_broker(config: &Config, env: &Env) -> Result<Opened> {
    let settings = rabbitmq::settings(config)?;
    let store = postgres::open(config, env).await?;
    Ok((store, rabbitmq::open(settings, env)))
}

#[cfg(all(feature = "postgres", feature = "rabbitmq"))]
async fn demolish_broker(config: &Config, env: &Env) -> Result<()> {
    rabbitmq::demolish(config, env).await?;
    Ok(store::postgres::bare::Bare::demolish(&postgres::settings(config)?).await?)
}

#[cfg(all(feature = "postgres", feature = "rabbitmq"))]
async fn differences_broker(config: &Config, env: &Env) -> Result<Vec<Difference>> {
    let mut found = rabbitmq::differences(config, env).await?;
    found.extend(postgres::difference(config).await?);
    Ok(found)
}

#[cfg(not(all(feature = "postgres", feature = "rabbitmq")))]
#[expect(clippy::unused_async, reason = "the same shape as with the feature")]
async fn differences_broker(_: &Config, _: &Env) -> Result<Vec<Difference>> {
    Err(not_compiled("--bus rabbitmq"))
}

#[cfg(not(all(feature = "postgres", feature = "rabbitmq")))]
#[expect(clippy::unused_async, reason = "the same shape as with the feature")]
async fn demolish_broker(_: &Config, _: &Env) -> Result<()> {
    Err(not_compiled("--bus rabbitmq"))
}

#[cfg(not(all(feature = "postgres", feature = "rabbitmq")))]
#[expect(clippy::unused_async, reason = "the same shape as with the feature")]
async fn open_broker(_: &Config, _: &Env) -> Result<Opened> {
    Err(not_compiled("--bus rabbitmq"))
}

#[cfg(not(all(feature = "aws", feature = "postgres", feature = "rabbitmq")))]
pub(crate) fn not_compiled(setting: &str) -> anyhow::Error {
    let text =
        format!("{setting} is not in this program; build it with `cargo build --release --features full`");
    Failure::usage(text).into()
}
