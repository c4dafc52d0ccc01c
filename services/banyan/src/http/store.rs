//! `GET /store`: what the file has cost since the process started.

use axum::Json;
use axum::extract::State;
use runtime::Problem;
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

pub(super) async fn show(State(site): State<Site>) -> Result<Json<Cost>, Problem> {
    let Some(file) = site.file else {
        return Err(Problem::new(404, "not-found", "Not found", "the store is no file of this process")
            .hint("ask the database itself"));
    };
    Ok(Json(Cost {
        stats: file.engine.stats(),
        fsyncs: file.disk.map(|disk| disk.fsyncs()),
        log_sync_us: file.disk.map(|disk| disk.log_sync_times()),
        bytes_written: file.disk.map(|disk| disk.bytes_written()),
    }))
}
