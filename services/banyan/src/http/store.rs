//! `GET /store`: what the file has cost since the process started.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use store::sqlite::Stats;

use super::Site;

/// Counts since the process started.
#[derive(Debug, Serialize)]
pub(super) struct Cost {
    #[serde(flatten)]
    stats: Stats,
    /// Syncs of the log and of the database, counted below SQLite.
    fsyncs: Option<u64>,
    /// How long syncs of the log took: microseconds, and how often.
    log_sync_us: Option<Vec<(u64, u64)>>,
    /// Bytes written to both.
    bytes_written: Option<u64>,
}

pub(super) async fn show(State(site): State<Site>) -> Json<Cost> {
    Json(Cost {
        stats: site.engine.stats(),
        fsyncs: site.disk.map(|disk| disk.fsyncs()),
        log_sync_us: site.disk.map(|disk| disk.log_sync_times()),
        bytes_written: site.disk.map(|disk| disk.bytes_written()),
    })
}
