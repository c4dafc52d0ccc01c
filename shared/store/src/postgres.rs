//! PostgreSQL behind the Store port, for services that run in many processes.
//!
//! A unit of work is one statement on one connection, alone or along with others that have nothing to do with it: the
//! server takes a lock for each key, in an order that all share, judges, applies and commits. Locks on keys, not on rows, as what is absent has no row; and not
//! `SERIALIZABLE`, under which two steps of one counter would fail each other. What the network loses in between is
//! `Unknown`, and the record tells.

mod addresses;
pub mod bare;
mod commit;
mod failure;
mod housekeeping;
mod link;
mod look;
mod pack;
mod pool;
mod reader;
mod schema;
mod settings;
mod snapshot;
mod tls;
mod together;

use std::sync::Arc;

use contracts::Timestamp;

use self::commit::Commits;
use self::housekeeping::Housekeeping;
use self::link::Maker;
use self::pack::Ready;
use self::pool::Pool;
use self::reader::Reads;
use crate::failure::Outage;
use crate::key::{Item, Key};
use crate::query::{Page, Query};
use crate::unit::{Outcome, Unit};
use crate::{Boxed, Caps, Snapshot, Store};

pub use self::failure::OpenError;
pub use self::look::Told;
pub use self::settings::{Settings, SettingsError, Waits};

/// One schema on one server.
pub struct Postgres {
    pool: Arc<Pool>,
    housekeeping: Housekeeping,
    commits: Commits,
    reads: Reads,
}

impl Postgres {
    /// Connects, and makes the tables or brings them up to date; several processes may do so at once.
    ///
    /// # Errors
    /// [`OpenError`]: [`OpenError::Outage`] may be over in a moment; at the others a person should look.
    pub async fn open(settings: Settings) -> Result<Self, OpenError> {
        settings.check()?;
        let (commits, reads) = (Commits::new(&settings.schema), Reads::new(&settings.schema));
        let maker = Maker::new(settings, vec![commits.sql().to_owned(), reads.sql().to_owned()])?;
        schema::prepare(&maker).await?;
        let pool = Arc::new(Pool::new(maker));
        // The first connection shows at once whether the function can be called.
        pool.lend().await?.keep();
        Ok(Self { pool, housekeeping: Housekeeping::default(), commits, reads })
    }

    /// What the server says of itself, of our role and of our schema. Makes nothing.
    ///
    /// # Errors
    /// [`OpenError`]: the settings are wrong, or the server does not answer.
    pub async fn look(settings: Settings) -> Result<Told, OpenError> {
        settings.check()?;
        look::look(&Maker::new(settings, vec![])?).await
    }

    /// Removes what expired, again and again, until the store is closed. Whoever opens the store runs this beside it;
    /// several processes may. Without it nothing is wrong but the room that is taken.
    pub async fn keep_house(&self) {
        loop {
            self.housekeeping.is_time().await;
            if self.pool.is_closed() {
                return;
            }
            if let Err(outage) = self.purge(self.housekeeping.now()).await {
                tracing::warn!(error = %outage, "expired items could not be removed");
            }
        }
    }

    /// Removes all that expired longer before `now` than [`Settings::purge_grace`]; answers how many items.
    ///
    /// # Errors
    /// [`Outage`]: some may be left.
    pub async fn purge(&self, now: Timestamp) -> Result<u64, Outage> {
        let grace = i64::try_from(self.pool.maker().settings().purge_grace.as_micros()).unwrap_or(i64::MAX);
        let before = Timestamp::from_micros(now.as_micros().saturating_sub(grace));
        let mut gone = 0;
        loop {
            match housekeeping::purge(&self.pool, &self.commits, before).await? {
                (0, _) | (_, false) => return Ok(gone),
                (found, true) => gone += found as u64,
            }
        }
    }

    /// Closes every idle connection, and the others once they are free. Later calls answer that the store cannot be
    /// reached.
    pub fn close(&self) {
        self.pool.close();
        self.housekeeping.call();
    }
}

impl Store for Postgres {
    fn caps(&self) -> Caps {
        Caps::default()
    }

    fn read(&self, keys: Vec<Key>, now: Timestamp) -> Boxed<'_, Result<Vec<Option<Item>>, Outage>> {
        Box::pin(self.reads.read(&self.pool, keys, now))
    }

    fn query(&self, query: Query, now: Timestamp) -> Boxed<'_, Result<Page, Outage>> {
        Box::pin(async move { reader::query(&self.pool, &query, now).await })
    }

    fn snapshot(&self, now: Timestamp) -> Boxed<'_, Result<Box<dyn Snapshot>, Outage>> {
        Box::pin(snapshot::take(&self.pool, now))
    }

    fn commit(&self, unit: Unit) -> Boxed<'_, Result<Outcome, Outage>> {
        Box::pin(async move {
            let now = unit.now.as_micros();
            let ready = Ready::new(unit, &self.pool.maker().settings().schema);
            let outcome = self.commits.commit(&self.pool, ready).await?;
            if outcome == Outcome::Committed {
                self.housekeeping.committed(now);
            }
            Ok(outcome)
        })
    }
}
