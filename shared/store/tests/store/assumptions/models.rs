//! The model itself.

use std::collections::BTreeSet;
use std::sync::Arc;

use store::conformance::{Hook, Simulated, Subject};
use store::flaw::Flaw;
use store::sim::{Fault, Manners};
use store::{Boxed, Store};

use super::{Peer, Who, all_tried, hold};

/// The simulated store, told to be one of the backends, and perhaps with a bug.
struct Model {
    inner: Simulated,
    told: Who,
    flaw: Option<Flaw>,
}

impl Model {
    fn new(told: Who, flaw: Option<Flaw>) -> Self {
        Self { inner: Simulated::calm(false, Manners::SqsStandard), told, flaw }
    }
}

impl Subject for Model {
    fn fresh(&self) -> Boxed<'_, Arc<dyn Store>> {
        let fresh = self.inner.fresh();
        self.flaw.into_iter().for_each(|flaw| self.inner.world().plant(flaw));
        fresh
    }

    fn reopen(&self) -> Boxed<'_, Option<Arc<dyn Store>>> {
        self.inner.reopen()
    }

    fn hook(&self, hook: Hook) -> bool {
        self.inner.hook(hook)
    }

    fn settle(&self) -> Boxed<'_, ()> {
        self.inner.settle()
    }
}

impl Peer for Model {
    fn who(&self) -> Who {
        self.told
    }

    fn fault(&self, fault: Fault) -> bool {
        self.inner.world().force(fault);
        true
    }

    fn heal(&self) {
        self.inner.world().calm();
    }
}

#[test]
fn the_model_is_as_it_says() {
    let model = Model::new(Who::Model, None);
    let skipped =
        hold(&model, &|one| model.inner.time.run(one).unwrap_or_else(|| Err("waits for ever".to_owned())));
    assert_eq!(skipped, Vec::<String>::new());
}

/// Whatever is tried has to fail somewhere: for a backend that the model is not, or for a model with a bug.
#[test]
fn a_model_that_is_told_to_be_another_or_has_a_bug_is_found_out() {
    let found = |told, flaw| -> BTreeSet<&str> {
        let model = Model::new(told, flaw);
        let mut found = BTreeSet::new();
        for (name, run) in all_tried() {
            if !matches!(model.inner.time.run(run(&model)), Some(Ok(_))) {
                found.insert(name);
            }
            model.heal();
        }
        found
    };
    let torn =
        ["a_read_of_many_is_of_one_instant_unless_dynamodb_is_asked", "a_snapshot_is_torn_where_it_says_so"];
    assert_eq!(found(Who::DynamoDb, None), torn.into());
    let late = "what_lands_late_is_judged_when_it_lands";
    assert!(found(Who::Model, Some(Flaw::PartialUnit)).contains(late));
    let of_records = found(Who::Model, Some(Flaw::RecordWithoutEffects));
    assert!(of_records.contains(late), "{of_records:?}");
}
