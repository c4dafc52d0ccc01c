//! What the model assumes of a store, tried on a file.

use store::sim::Fault;

use super::listed::Files;
use super::run;
use crate::assumptions::{Peer, Who, hold};

impl Peer for Files {
    fn who(&self) -> Who {
        Who::Sqlite
    }

    /// What a disk does is in the shared cases; a file is neither throttled nor in anybody's way.
    fn fault(&self, _: Fault) -> bool {
        false
    }

    fn heal(&self) {}
}

#[test]
fn a_file_is_as_the_model_says() {
    let subject = Files::new("assumed", true, false);
    let skipped = hold(&subject, &|one| run(one));
    assert_eq!(skipped.len(), 4, "{skipped:?}");
}
