//! Looking at a server without changing anything: for who wants to know why something does not work.

use contracts::Timestamp;
use tokio_postgres::Row;

use super::failure::{Failure, OpenError};
use super::link::Maker;
use super::reader::column;
use super::schema;

/// What a server says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// Such as `17.2`.
    pub version: String,
    /// Who we are there.
    pub role: String,
    /// The layout of the schema; `None` where there is no schema of ours.
    pub layout: Option<i32>,
    /// The newest layout that this build knows.
    pub known: i32,
    /// Whether our role may make a schema, should it be missing.
    pub may_create: bool,
    /// Whether what is committed survives the loss of power.
    pub is_durable: bool,
    /// What time it is there.
    pub now: Timestamp,
}

const SQL: &str = "SELECT current_setting('server_version'), current_user::text,
    has_database_privilege(current_database(), 'CREATE'),
    current_setting('fsync')::boolean AND current_setting('full_page_writes')::boolean,
    (extract(epoch FROM clock_timestamp()) * 1000000)::bigint";

pub(super) async fn look(maker: &Maker) -> Result<Told, OpenError> {
    let mut link = maker.bare().await?;
    let layout = schema::layout(&mut link, &maker.settings().schema).await?;
    let rows = link.rows(SQL, &[]).await.map_err(Failure::outage)?;
    let row: &Row = rows.first().ok_or_else(|| {
        crate::Outage::new(crate::OutageKind::Broken, "the server answered a question with nothing")
    })?;
    Ok(Told {
        version: column(row, 0)?,
        role: column(row, 1)?,
        layout: (layout > 0).then_some(layout),
        known: schema::known(),
        may_create: column(row, 2)?,
        is_durable: column(row, 3)?,
        now: Timestamp::from_micros(column(row, 4)?),
    })
}
