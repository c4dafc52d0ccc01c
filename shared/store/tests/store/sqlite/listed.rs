//! The shared list of cases, on a real file under a layer that can injure it.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use store::conformance::random::random;
use store::conformance::{Hook, Subject};
use store::sqlite::vfs::{self, Controls, Damage, Fault, Operation, Target};
use tempfile::TempDir;

use super::*;
use crate::conformance::pass_all;

/// A file of its own for every case; or a temporary one, when fsyncs are not what is tested.
pub(super) struct Files {
    dir: TempDir,
    controls: Controls,
    is_kept: bool,
    delay_indexes: bool,
    made: AtomicU64,
    latest: Mutex<Option<Arc<Engine>>>,
}

impl Files {
    pub(super) fn new(name: &str, is_kept: bool, delay_indexes: bool) -> Self {
        let controls = vfs::register(name).unwrap();
        let dir = tempfile::tempdir().unwrap();
        Self { dir, controls, is_kept, delay_indexes, made: AtomicU64::new(0), latest: Mutex::default() }
    }

    fn path(&self) -> PathBuf {
        self.dir.path().join(format!("{}.db", self.made.load(Ordering::SeqCst)))
    }

    fn open(&self) -> Arc<dyn Store> {
        let mut config = if self.is_kept { Config::file(self.path()) } else { Config::memory() };
        config.vfs = Some(self.controls);
        config.delay_indexes = self.delay_indexes;
        let engine = Arc::new(Engine::open(config).unwrap());
        *self.latest.lock().unwrap() = Some(engine.clone());
        engine
    }

    fn close(&self) {
        if let Some(engine) = self.latest.lock().unwrap().take() {
            engine.close();
        }
    }
}

impl Subject for Files {
    fn fresh(&self) -> store::Boxed<'_, Arc<dyn Store>> {
        self.controls.heal();
        self.made.fetch_add(1, Ordering::SeqCst);
        Box::pin(async { self.open() })
    }

    fn reopen(&self) -> store::Boxed<'_, Option<Arc<dyn Store>>> {
        if self.is_kept {
            self.close();
        }
        Box::pin(async { self.is_kept.then(|| self.open()) })
    }

    fn hook(&self, hook: Hook) -> bool {
        let fault = |damage, times| Fault {
            target: Target::Log,
            operation: Operation::Write,
            damage,
            after: 0,
            times,
        };
        match hook {
            Hook::Full(true) => self.controls.fail(fault(Damage::Full, Fault::FOREVER)),
            Hook::Full(false) => self.controls.heal(),
            // Once would hurt nobody: the group is tried again. So twice.
            Hook::FailIoOnce => self.controls.fail(fault(Damage::Io, 2)),
            Hook::HoldIndexes(hold) => {
                self.latest.lock().unwrap().as_ref().unwrap().hold_indexes(hold).unwrap()
            }
            Hook::LoseReplyApplied | Hook::LoseReplyLost | Hook::LoseReplyLate => return false,
        }
        true
    }

    fn settle(&self) -> store::Boxed<'_, ()> {
        Box::pin(async {
            let engine = self.latest.lock().unwrap().clone();
            if let Some(engine) = engine {
                engine.query(Query::new("none", "none", ""), NOW).await.unwrap();
            }
        })
    }
}

fn skipped(subject: &Files) -> Vec<String> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    pass_all(subject, &|case| runtime.block_on(case))
}

#[test]
fn the_engine_passes_every_case() {
    let skipped = skipped(&Files::new("listed", true, false));
    assert_eq!(skipped.len(), 6, "{skipped:?}");
}

#[test]
fn the_engine_with_stale_indexes_passes_every_case() {
    skipped(&Files::new("listed-stale", false, true));
}

#[test]
fn random_sequences_mean_the_same_to_the_engine_as_to_the_model() {
    let subject = Files::new("listed-random", false, false);
    for seed in 0..10 {
        let tally = run(random(&subject, seed, 400)).unwrap();
        assert!(tally.committed > 50 && tally.duplicate > 3 && tally.conflict > 10, "seed {seed}: {tally:?}");
    }
}
