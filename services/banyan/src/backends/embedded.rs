//! Store and bus in one SQLite file.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use store::sqlite::{self, Engine, vfs};

use super::Wishes;

/// The file, and what was done to it.
#[derive(Clone)]
pub struct File {
    /// Holds its lock.
    pub engine: Arc<Engine>,
    /// Counts below SQLite; there is none for a file in memory.
    pub disk: Option<vfs::Controls>,
}

impl File {
    /// Opens `banyan.db` in `data`, or a file in memory.
    ///
    /// # Errors
    /// The directory is in use or cannot be written.
    pub(super) fn open(data: Option<&Path>, wishes: Wishes<'_>) -> Result<Self> {
        let disk = vfs::register(wishes.counted_as).ok();
        let page_limit = wishes.page_limit;
        let Some(data) = data else {
            let config = sqlite::Config { vfs: disk, page_limit, ..sqlite::Config::memory() };
            return Ok(Self { engine: Arc::new(Engine::open(config)?), disk });
        };
        let file = data.join("banyan.db");
        let config = sqlite::Config { vfs: disk, page_limit, ..sqlite::Config::file(file.clone()) };
        let engine = Engine::open(config).with_context(|| format!("{} cannot be opened", file.display()))?;
        Ok(Self { engine: Arc::new(engine), disk })
    }
}
