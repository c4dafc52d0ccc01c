//! DynamoDB behind the Store port, for services that run in many processes on AWS.
//!
//! One table for all services. A unit of work is one `TransactWriteItems`: a condition for each version, guard and
//! absence. Counters step by `ADD`, entries of indexes are attributes of their item, and the record is one item, so that
//! a unit has as many actions as it has changes.

mod commit;
mod counter;
mod failure;
mod indexes;
mod judge;
mod layout;
mod pack;
mod pieces;
mod reader;
mod requests;
mod settings;
mod snapshot;
mod strands;
mod table;

use std::sync::Arc;

use aws_types::SdkConfig;
use contracts::Timestamp;

use self::indexes::Indexes;
use self::pack::Ready;
use self::requests::Requests;
use self::snapshot::Walk;
use crate::failure::Outage;
use crate::key::{Item, Key};
use crate::query::{Page, Query};
use crate::unit::{Outcome, Unit};
use crate::{Boxed, Caps, Snapshot, Store};

pub use self::failure::OpenError;
pub use self::settings::{Settings, SettingsError, Waits};

/// How the table looks, for who makes it by other means than this program. All keys are text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shape {
    /// Its partition and its sort key.
    pub key: [&'static str; 2],
    /// Its secondary indexes, with their keys only: name, partition key, sort key.
    pub indexes: Vec<[String; 3]>,
    /// The attribute that tells when an item is forgotten.
    pub ttl: &'static str,
}

impl Shape {
    /// Of this build.
    #[must_use]
    pub fn known() -> Self {
        let indexes = (1..=layout::SLOTS)
            .map(|slot| [layout::index_name(slot), layout::index_pk(slot), layout::index_sk(slot)]);
        Self { key: [layout::PK, layout::SK], indexes: indexes.collect(), ttl: layout::TTL }
    }
}

/// One table.
pub struct DynamoDb {
    requests: Arc<Requests>,
    indexes: Indexes,
}

impl DynamoDb {
    /// With the credentials, region, endpoint and HTTP client of `config`, whose settings for retries do not count.
    /// Makes the table if it is missing and [`Settings::creates`]; several processes may do so at once.
    ///
    /// # Errors
    /// [`OpenError`]: [`OpenError::Outage`] may be over in a moment; at the others a person should look.
    pub async fn open(config: &SdkConfig, settings: Settings) -> Result<Self, OpenError> {
        settings.check()?;
        let requests = Arc::new(Requests::new(config, settings));
        Box::pin(table::prepare(&requests)).await?;
        Ok(Self { requests, indexes: Indexes::default() })
    }

    /// Deletes the table, with all that is in it; nothing where there is none. For who takes a shop down.
    ///
    /// # Errors
    /// [`OpenError`]: it may still be there. At [`OpenError::Shape`] it is, as it is somebody else's.
    pub async fn demolish(config: &SdkConfig, settings: Settings) -> Result<(), OpenError> {
        settings.check()?;
        Box::pin(table::delete(&Requests::new(config, settings))).await
    }

    /// Lets nothing out any more: later calls answer that the store cannot be reached.
    pub fn close(&self) {
        self.requests.close();
    }
}

impl Store for DynamoDb {
    fn caps(&self) -> Caps {
        Caps { fused: false, torn_snapshots: true }
    }

    fn read(&self, keys: Vec<Key>, now: Timestamp) -> Boxed<'_, Result<Vec<Option<Item>>, Outage>> {
        Box::pin(async move { reader::read(&self.requests, &keys, now).await })
    }

    fn query(&self, query: Query, now: Timestamp) -> Boxed<'_, Result<Page, Outage>> {
        Box::pin(async move { reader::query(&self.requests, &self.indexes, &query, now).await })
    }

    fn snapshot(&self, now: Timestamp) -> Boxed<'_, Result<Box<dyn Snapshot>, Outage>> {
        let walk: Box<dyn Snapshot> = Box::new(Walk::new(self.requests.clone(), now));
        Box::pin(std::future::ready(Ok(walk)))
    }

    fn commit(&self, unit: Unit) -> Boxed<'_, Result<Outcome, Outage>> {
        Box::pin(async move { commit::commit(&self.requests, &self.indexes, Ready::new(unit)).await })
    }
}
