//! The embedded bus as a subject: a real file for every case.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use bus::conformance::{Node, Subject};
use bus::{Boxed, Embedded};
use bytes::Bytes;
use store::conformance::trial::now;
use store::sqlite::{Config, Engine};
use store::{Change, Key, Nonce, Store, Unit, Version};
use tempfile::TempDir;

/// A file for each bus that was asked for.
pub(crate) struct Files {
    dir: TempDir,
    made: AtomicU64,
    latest: Mutex<Option<Arc<Engine>>>,
}

impl Default for Files {
    fn default() -> Self {
        Self { dir: tempfile::tempdir().unwrap(), made: AtomicU64::new(0), latest: Mutex::default() }
    }
}

impl Files {
    fn path(&self) -> PathBuf {
        self.dir.path().join(format!("{}.db", self.made.load(Ordering::SeqCst)))
    }

    fn open(&self) -> Node {
        let engine = Arc::new(Engine::open(Config::file(self.path())).unwrap());
        *self.latest.lock().unwrap() = Some(engine.clone());
        let bus = Arc::new(Embedded::new(engine.clone()));
        Node { bus: bus.clone(), peek: Some(bus), fused: Some(engine) }
    }

    fn latest(&self) -> Option<Arc<Engine>> {
        self.latest.lock().unwrap().clone()
    }
}

impl Subject for Files {
    fn fresh(&self) -> Boxed<'_, Node> {
        self.made.fetch_add(1, Ordering::SeqCst);
        Box::pin(async { self.open() })
    }

    fn reopen(&self) -> Boxed<'_, Option<Node>> {
        if let Some(engine) = self.latest() {
            engine.close();
        }
        Box::pin(async { Some(self.open()) })
    }

    /// What arrives at all has arrived once the writer has done some more work of its own.
    fn patience(&self) -> Boxed<'_, ()> {
        Box::pin(async {
            let Some(engine) = self.latest() else { return };
            let key = Key::new("suite.patience", "writes");
            let mut version = Version::ABSENT;
            let items = engine.read(vec![key.clone()], now()).await.unwrap();
            if let Some(item) = &items[0] {
                version = item.version;
            }
            for _ in 0..15 {
                let body = Bytes::from_static(b"1");
                let put = Change::Put { key: key.clone(), version, body, entries: vec![], expires: None };
                let nonce = Nonce(version.0 + 1);
                let unit = Unit { now: now(), nonce, record: None, changes: vec![put], settles: None };
                engine.commit(unit).await.unwrap();
                version = Version(nonce.0);
            }
        })
    }
}
