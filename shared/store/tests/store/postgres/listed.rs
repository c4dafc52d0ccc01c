//! The shared list of cases, against the server, over a wire that can be cut.

use std::sync::{Arc, Mutex};

use store::conformance::random::random;
use store::conformance::{Hook, Subject};

use super::proxy::{Cut, Proxy};
use super::*;
use crate::conformance::pass_all;

/// A schema of its own for every case.
pub(super) struct Schemas {
    server: String,
    wire: Proxy,
    latest: Mutex<Option<(Place, Arc<Postgres>)>>,
}

impl Schemas {
    pub(super) fn new(server: &str) -> Self {
        Self { server: server.to_owned(), wire: Proxy::new(server), latest: Mutex::default() }
    }

    async fn open(&self, place: Place) -> Arc<dyn Store> {
        let settings = place.settings_at(&self.wire.url);
        let store = Arc::new(Postgres::open(settings).await.unwrap());
        *self.latest.lock().unwrap() = Some((place, store.clone()));
        store
    }

    fn close(&self) -> Option<Place> {
        let (place, store) = self.latest.lock().unwrap().take()?;
        store.close();
        Some(place)
    }

    /// Makes the server refuse writes as it would if it could not do them, without harm to others on it.
    pub(super) fn refuse(&self, condition: &str, state: &str) {
        let latest = self.latest.lock().unwrap();
        let (place, _) = latest.as_ref().unwrap();
        place.sql_now(&format!(
            "CREATE SEQUENCE @.refusals;
             CREATE FUNCTION @.refuse() RETURNS trigger LANGUAGE plpgsql AS $$
             BEGIN
               IF {condition} THEN RAISE EXCEPTION 'refused for a test' USING ERRCODE = '{state}'; END IF;
               RETURN NEW;
             END $$;
             CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON @.item FOR EACH ROW EXECUTE FUNCTION @.refuse()"
        ));
    }

    /// Lets it write again.
    pub(super) fn mend(&self) {
        let latest = self.latest.lock().unwrap();
        latest.as_ref().unwrap().0.sql_now(
            "DROP TRIGGER IF EXISTS refuse ON @.item;
             DROP FUNCTION IF EXISTS @.refuse();
             DROP SEQUENCE IF EXISTS @.refusals",
        );
    }
}

impl Subject for Schemas {
    fn fresh(&self) -> store::Boxed<'_, Arc<dyn Store>> {
        drop(self.close());
        Box::pin(self.open(Place::new(&self.server)))
    }

    fn reopen(&self) -> store::Boxed<'_, Option<Arc<dyn Store>>> {
        let place = self.close();
        Box::pin(async { Some(self.open(place?).await) })
    }

    fn hook(&self, hook: Hook) -> bool {
        match hook {
            Hook::Full(true) => self.refuse("true", "53100"),
            Hook::Full(false) => self.mend(),
            Hook::FailIoOnce => self.refuse("nextval('@.refusals') = 1", "58030"),
            Hook::LoseReplyApplied => self.wire.cut_next(Cut::Answer),
            Hook::LoseReplyLost => self.wire.cut_next(Cut::Question),
            Hook::LoseReplyLate => self.wire.cut_next(Cut::Delay),
            // An index of this server is never behind.
            Hook::HoldIndexes(_) => return false,
        }
        true
    }

    fn settle(&self) -> store::Boxed<'_, ()> {
        self.wire.deliver();
        Box::pin(std::future::ready(()))
    }
}

#[test]
fn the_server_passes_every_case() {
    let Some(server) = server() else { return };
    let subject = Schemas::new(&server);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let skipped = pass_all(&subject, &|case| runtime.block_on(case));
    let want = [
        "skipped: a_fused_record_is_never_pending (not fused)",
        "skipped: a_stale_index_never_decides (no hook HoldIndexes(true))",
    ];
    assert_eq!(skipped, want);
}

#[test]
fn random_sequences_mean_the_same_to_the_server_as_to_the_model() {
    let Some(server) = server() else { return };
    let subject = Schemas::new(&server);
    for seed in 0..4 {
        let tally = run(random(&subject, seed, 400)).unwrap();
        assert!(tally.committed > 50 && tally.duplicate > 3 && tally.conflict > 10, "seed {seed}: {tally:?}");
    }
}
