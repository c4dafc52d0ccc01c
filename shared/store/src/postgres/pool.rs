//! A bounded number of connections, lent one call at a time. What fails is not kept.

use std::sync::{Mutex, PoisonError};

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio_postgres::Row;

use super::failure::{Failure, closed};
use super::link::{Link, Maker, Values};
use crate::failure::{Outage, OutageKind};
use crate::wait;

/// Snapshots at once: each holds a connection of its own beside the others, so that an audit stops no unit of work.
const SNAPSHOTS: usize = 4;

pub(super) struct Pool {
    maker: Maker,
    free: Semaphore,
    pictures: Semaphore,
    /// The one that was used last is lent first: the others may be closed by whatever is in between.
    idle: Mutex<Vec<Link>>,
}

/// A connection, for one call.
pub(super) struct Lent<'p> {
    pool: &'p Pool,
    link: Link,
    is_new: bool,
    _place: SemaphorePermit<'p>,
}

impl Pool {
    pub(super) fn new(maker: Maker) -> Self {
        let connections = maker.settings().connections;
        Self {
            maker,
            free: Semaphore::new(connections),
            pictures: Semaphore::new(SNAPSHOTS),
            idle: Mutex::default(),
        }
    }

    pub(super) fn maker(&self) -> &Maker {
        &self.maker
    }

    /// A connection that was open a moment ago.
    pub(super) async fn lend(&self) -> Result<Lent<'_>, Outage> {
        let place = self.place(&self.free, "all connections were in use").await?;
        loop {
            let idle = self.idle().pop();
            let Some(mut link) = idle else { break };
            if link.is_open().await {
                return Ok(Lent { pool: self, link, is_new: false, _place: place });
            }
        }
        let link = self.maker.connect().await?;
        Ok(Lent { pool: self, link, is_new: true, _place: place })
    }

    /// Rows of a statement that changes nothing. A connection that was cut while it lay idle is no outage.
    pub(super) async fn rows(&self, sql: &str, values: Values<'_>) -> Result<Vec<Row>, Outage> {
        loop {
            let mut lent = self.lend().await?;
            match lent.link().rows(sql, values).await {
                Ok(rows) => {
                    lent.keep();
                    return Ok(rows);
                }
                Err(Failure::Lost(_)) if !lent.is_new => {}
                Err(failure @ Failure::Refused(_)) => {
                    lent.keep();
                    return Err(failure.outage());
                }
                Err(failure) => return Err(failure.outage()),
            }
        }
    }

    /// A connection of its own for a snapshot, and the right to it.
    pub(super) async fn apart(&self) -> Result<(Link, SemaphorePermit<'_>), Outage> {
        let place = self.place(&self.pictures, "all snapshots were in use").await?;
        Ok((self.maker.connect().await?, place))
    }

    /// Gives back the right to a snapshot that outlives its permit.
    pub(super) fn one_picture_less(&self) {
        self.pictures.add_permits(1);
    }

    /// Lets nobody in any more, and closes what is idle.
    pub(super) fn close(&self) {
        self.free.close();
        self.pictures.close();
        self.idle().clear();
    }

    /// Why nobody's turn came in time.
    pub(super) fn no_turn(&self) -> Outage {
        let patience = self.maker.settings().waits.connection;
        match self.is_closed() {
            true => closed(),
            false => Outage::new(OutageKind::Throttled, format!("others were at work for {patience:?}")),
        }
    }

    pub(super) fn is_closed(&self) -> bool {
        self.free.is_closed()
    }

    async fn place<'p>(&'p self, of: &'p Semaphore, lacking: &str) -> Result<SemaphorePermit<'p>, Outage> {
        let patience = self.maker.settings().waits.connection;
        match wait::at_most(patience, of.acquire()).await {
            Some(place) => place.map_err(|_| closed()),
            None => Err(Outage::new(OutageKind::Throttled, format!("{lacking} for {patience:?}"))),
        }
    }

    /// A lock whose holder panicked is taken all the same: each holder leaves the list whole at every step.
    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Link>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lent<'_> {
    pub(super) fn link(&mut self) -> &mut Link {
        &mut self.link
    }

    /// Nothing is wrong with it: somebody else may have it. One that is not kept is closed.
    pub(super) fn keep(self) {
        let Self { pool, link, .. } = self;
        if !pool.is_closed() {
            pool.idle().push(link);
        }
    }
}
