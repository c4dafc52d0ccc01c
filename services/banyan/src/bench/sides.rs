//! The two sides: the whole runtime, and a bare loop that makes the same changes to a file of its own.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use bus::{Bus, Embedded};
use runtime::{Env, Node, Policy, Ports, Quirks};
use store::blobs::Memory;
use store::sqlite::bare::{Bare, Groups, Recording};
use store::sqlite::vfs::{self, Controls};
use store::sqlite::{self, Engine, Stats, Tally};

use super::load;

/// Messages that are on their way into the queue at a time.
const PUBLISHED_AT_ONCE: usize = 512;

/// How the runtime is run.
#[derive(Debug, Clone, Copy)]
pub(super) struct Setting {
    /// Messages that are published.
    pub messages: u64,
    /// Handlers of one service at a time.
    pub in_flight: usize,
    /// Units of work in one fsync, at most; `None` = as many as there are.
    pub group_max: Option<usize>,
}

/// What one run of one side did, without what had to be there before.
#[derive(Debug, Clone, Copy)]
pub(super) struct Run {
    pub units: u64,
    pub groups: u64,
    pub fsyncs: u64,
    pub took: Duration,
    pub tally: Tally,
}

impl Run {
    pub(super) fn units_per_s(&self) -> f64 {
        self.units as f64 / self.took.as_secs_f64().max(1e-9)
    }

    pub(super) fn fsyncs_per_unit(&self) -> f64 {
        self.fsyncs as f64 / self.units.max(1) as f64
    }

    pub(super) fn group_mean(&self) -> f64 {
        self.units as f64 / self.groups.max(1) as f64
    }
}

/// What the runtime committed: first what was published, then the work.
pub(super) struct Recorded {
    published: Recording,
    work: Recording,
}

/// Both sides of one bench, each on a counted disk.
pub(super) struct Sides {
    env: Env,
    runtime: Controls,
    bare: Controls,
}

impl Sides {
    /// Registers the layers that count.
    ///
    /// # Errors
    /// SQLite has no room for them.
    pub(super) fn new(env: Env, name: &str) -> Result<Self> {
        let runtime = vfs::register(&format!("{name}-runtime"))?;
        let bare = vfs::register(&format!("{name}-bare"))?;
        Ok(Self { env, runtime, bare })
    }

    /// One run of the runtime on a fresh file in `folder`.
    ///
    /// # Errors
    /// The file cannot be used, or the work does not end.
    pub(super) async fn runtime(
        &self,
        folder: &Path,
        setting: Setting,
        recording: Option<&Recording>,
    ) -> Result<(Run, Option<Recorded>)> {
        let mut config = sqlite::Config::file(folder.join("banyan.db"));
        config.vfs = Some(self.runtime);
        config.recording = recording.cloned();
        config.group_max = setting.group_max.unwrap_or(config.group_max);
        let engine = Arc::new(Engine::open(config)?);
        let bus: Arc<dyn Bus> = Arc::new(Embedded::new(engine.clone()));
        bus.declare(load::wiring()).await?;
        load::publish(bus.as_ref(), &load::messages(setting.messages)?, PUBLISHED_AT_ONCE).await?;
        let published = recording.map(Recording::take);
        let (stats, fsyncs, begun) = (engine.stats(), self.runtime.fsyncs(), self.env.now());
        let policy = Policy { in_flight: setting.in_flight, ..Policy::default() };
        let (store, env) = (engine.clone(), self.env.clone());
        let blobs = Arc::new(Memory::default());
        let ports = Ports { store, bus, blobs, env, quirks: Quirks::default() };
        let node = Node::start(load::services(), ports, policy, load::wiring()).await?;
        let units = setting.messages * load::UNITS_PER_MESSAGE;
        super::until(&self.env, || engine.stats().commits - stats.commits >= units).await?;
        let took = self.env.now().since(begun);
        let (fsyncs, after) = (self.runtime.fsyncs() - fsyncs, engine.stats());
        node.drain().await;
        engine.close();
        let recorded =
            published.zip(recording).map(|(published, kept)| Recorded { published, work: kept.take() });
        Ok((run(&stats, &after, fsyncs, took), recorded))
    }

    /// Makes the recorded changes once more, in a plain loop on a fresh file in `folder`, `batch` units of work in one
    /// transaction. Blocks its thread, as nothing else is to run meanwhile.
    ///
    /// # Errors
    /// The file cannot be used.
    pub(super) fn bare(&self, folder: &Path, recorded: &Recorded, batch: usize) -> Result<Run> {
        let mut bare = Bare::open(&folder.join("bare.db"), Some(self.bare))?;
        bare.replay(&recorded.published, Groups::AsRecorded)?;
        let (fsyncs, begun) = (self.bare.fsyncs(), self.env.now());
        let replayed = bare.replay(&recorded.work, Groups::Of(batch))?;
        let took = self.env.now().since(begun);
        Ok(Run {
            units: replayed.units,
            groups: replayed.groups,
            fsyncs: self.bare.fsyncs() - fsyncs,
            took,
            tally: replayed.tally,
        })
    }
}

fn run(before: &Stats, after: &Stats, fsyncs: u64, took: Duration) -> Run {
    Run {
        units: after.commits - before.commits,
        groups: after.groups - before.groups,
        fsyncs,
        took,
        tally: Tally {
            rows: after.rows_changed - before.rows_changed,
            bytes: after.bytes_bound - before.bytes_bound,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `a` and `b` differ by at most one in twenty.
    fn are_close(a: u64, b: u64) -> bool {
        a > 0 && a.abs_diff(b) * 20 <= a.max(b)
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn both_sides_change_the_same_rows_and_bytes() {
        let sides = Sides::new(runtime::real::env(), "bench-test").unwrap();
        let folder = tempfile::tempdir().unwrap();
        let setting = Setting { messages: 400, in_flight: 32, group_max: None };
        let (measured, recorded) =
            sides.runtime(folder.path(), setting, Some(&Recording::new())).await.unwrap();
        let bare = sides.bare(folder.path(), &recorded.unwrap(), 16).unwrap();
        assert_eq!((measured.units, bare.units), (800, 800));
        assert_eq!(bare.groups, 50);
        for (what, a, b) in [
            ("rows", measured.tally.rows, bare.tally.rows),
            ("bytes", measured.tally.bytes, bare.tally.bytes),
        ] {
            assert!(are_close(a, b), "{what}: {a} of the runtime, {b} of the bare loop");
        }
        assert!(measured.tally.rows >= 800 * 3, "{:?}: a record, a document, a message each", measured.tally);
        assert!(measured.fsyncs > 0 && bare.fsyncs > 0, "{measured:?} {bare:?}");
        assert!(!are_close(100, 106) && are_close(100, 105) && !are_close(0, 0));
    }
}
