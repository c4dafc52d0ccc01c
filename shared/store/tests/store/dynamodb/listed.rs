//! The shared list of cases, against the endpoint, over a wire on which answers can be lost.

use std::sync::{Arc, Mutex};

use store::conformance::random::random;
use store::conformance::{Hook, Subject};

use super::*;
use crate::conformance::pass_all_but;
use crate::wire::{Fault, READ, WRITE, Wire};

/// How often a commit sends its transaction when no answer comes, and then asks for its record.
const TRIES: usize = 4;

/// A table of its own for every case.
pub(super) struct Tables {
    endpoint: String,
    /// How the store reaches it.
    url: String,
    wire: Wire,
    latest: Mutex<Option<(Place, Arc<DynamoDb>)>>,
}

impl Tables {
    pub(super) fn new(endpoint: &str) -> Self {
        let wire = Wire::new(endpoint);
        Self { endpoint: endpoint.to_owned(), url: wire.url.clone(), wire, latest: Mutex::default() }
    }

    async fn open(&self, place: Place) -> Arc<dyn Store> {
        let store = Arc::new(place.open_at(&self.url).await);
        *self.latest.lock().unwrap() = Some((place, store.clone()));
        store
    }

    fn close(&self) -> Option<Place> {
        let (place, store) = self.latest.lock().unwrap().take()?;
        store.close();
        Some(place)
    }

    /// The next transactions meet `fault`.
    pub(super) fn refuse(&self, fault: Fault, times: usize) {
        self.wire.next(WRITE, std::iter::repeat_n(fault, times));
    }

    /// The next commit meets `fault`, and nothing gets through that it tries afterwards.
    fn lose(&self, fault: Fault) {
        let then_nothing = std::iter::repeat_n(Fault::Question, TRIES - 1);
        self.wire.next(WRITE, std::iter::once(fault).chain(then_nothing));
        self.wire.next(READ, std::iter::repeat_n(Fault::Question, TRIES));
    }
}

impl Subject for Tables {
    fn fresh(&self) -> store::Boxed<'_, Arc<dyn Store>> {
        drop(self.close());
        Box::pin(self.open(Place::new(&self.endpoint)))
    }

    fn reopen(&self) -> store::Boxed<'_, Option<Arc<dyn Store>>> {
        let place = self.close();
        Box::pin(async { Some(self.open(place?).await) })
    }

    fn hook(&self, hook: Hook) -> bool {
        match hook {
            Hook::FailIoOnce => {
                self.wire.next(WRITE, [Fault::error(400, "ItemCollectionSizeLimitExceededException")])
            }
            Hook::LoseReplyApplied => self.lose(Fault::Answer),
            Hook::LoseReplyLost => self.lose(Fault::Question),
            Hook::LoseReplyLate => self.lose(Fault::Delay),
            // DynamoDB is never full, and the indexes of this endpoint are never behind.
            Hook::Full(_) | Hook::HoldIndexes(_) => return false,
        }
        true
    }

    fn settle(&self) -> store::Boxed<'_, ()> {
        self.wire.deliver();
        Box::pin(std::future::ready(()))
    }
}

#[test]
fn the_endpoint_passes_every_case() {
    let Some(endpoint) = endpoint() else { return };
    let subject = Tables::new(&endpoint);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    // AWS measures the items, ministack the text of the request, in which a body is a third longer.
    let except = [("a_unit_has_at_most_4_mb", "the endpoint measures the text of a request")];
    let skipped = pass_all_but(&except, &subject, &|case| runtime.block_on(case));
    let want = [
        "skipped: a_fused_record_is_never_pending (not fused)",
        "skipped: a_unit_has_at_most_4_mb (the endpoint measures the text of a request)",
        "skipped: a_snapshot_does_not_see_what_came_later (its snapshots are not of one instant)",
        "skipped: a_snapshot_sees_all_of_a_unit_or_nothing (its snapshots are not of one instant)",
        "skipped: a_stale_index_never_decides (no hook HoldIndexes(true))",
        "skipped: a_full_store_refuses_writes_and_still_reads (no hook Full(true))",
    ];
    assert_eq!(skipped, want);
}

#[test]
fn random_sequences_mean_the_same_to_the_endpoint_as_to_the_model() {
    let Some(endpoint) = endpoint() else { return };
    // Nothing goes wrong here, and without a wire in between it is quicker.
    let subject = Tables { url: endpoint.clone(), ..Tables::new(&endpoint) };
    for seed in 0..3 {
        let tally = run(random(&subject, seed, 300)).unwrap();
        assert!(tally.committed > 50 && tally.duplicate > 3 && tally.conflict > 10, "seed {seed}: {tally:?}");
    }
}
