//! Everything as it was at one instant: a read-only transaction on a connection of its own.

use std::sync::Arc;

use contracts::Timestamp;
use tokio_postgres::Row as SqlRow;

use super::failure::Failure;
use super::link::Link;
use super::pool::Pool;
use super::reader::{column, item};
use crate::failure::Outage;
use crate::query::Row;
use crate::text::{meant, stored};
use crate::{Boxed, Snapshot};

/// The first statement is what makes the picture.
const BEGIN: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SELECT 1";

/// A picture. Dropping it closes its connection, and the server lets go of it.
struct Frozen {
    link: Link,
    sql: String,
    now: Timestamp,
    _place: Place,
}

/// The right to one of the few snapshots that there are at once.
struct Place(Arc<Pool>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.one_picture_less();
    }
}

pub(super) async fn take(pool: &Arc<Pool>, now: Timestamp) -> Result<Box<dyn Snapshot>, Outage> {
    let (mut link, permit) = pool.apart().await?;
    permit.forget();
    let place = Place(pool.clone());
    link.run(BEGIN).await.map_err(Failure::outage)?;
    let sql = format!(
        "SELECT id, version, body, fields::text FROM \"{}\".item
         WHERE collection = $1 AND id > $2 AND (expires IS NULL OR expires > $3) ORDER BY id LIMIT $4",
        pool.maker().settings().schema
    );
    Ok(Box::new(Frozen { link, sql, now, _place: place }))
}

impl Frozen {
    async fn rows(&mut self, collection: String, after: String, limit: i64) -> Result<Vec<Row>, Outage> {
        let (collection, after) = (stored(&collection), stored(&after));
        let values: super::link::Values<'_> = &[&collection, &after, &self.now.as_micros(), &limit];
        let found = self.link.rows(&self.sql, values).await.map_err(Failure::outage)?;
        found.iter().map(row).collect()
    }
}

fn row(row: &SqlRow) -> Result<Row, Outage> {
    let id: String = column(row, 0)?;
    Ok(Row { id: meant(id), sort: String::new(), item: item(row, 1)? })
}

impl Snapshot for Frozen {
    fn page(
        &mut self,
        collection: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Boxed<'_, Result<Vec<Row>, Outage>> {
        let (collection, after) = (collection.to_owned(), after.unwrap_or_default().to_owned());
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        Box::pin(self.rows(collection, after, limit))
    }
}
