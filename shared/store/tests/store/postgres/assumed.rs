//! What the model assumes of a store, tried on a server.

use store::sim::Fault;

use super::listed::Schemas;
use super::*;
use crate::assumptions::{Peer, Who, hold};

impl Peer for Schemas {
    fn who(&self) -> Who {
        Who::Postgres
    }

    fn fault(&self, fault: Fault) -> bool {
        let state = match fault {
            // As another program that uses the tables would bring it about.
            Fault::Conflict => "40001",
            // Too many connections.
            Fault::Throttled => "53300",
            Fault::Full => "53100",
            Fault::Broken => "58030",
            Fault::Unreachable
            | Fault::UnknownApplied
            | Fault::UnknownLost
            | Fault::UnknownLate
            | Fault::StaleIndex
            | Fault::SlowStore
            | Fault::BlobsDown
            | Fault::BlobsReplyLost
            | Fault::SlowBlobs
            | Fault::Duplicate
            | Fault::Reorder
            | Fault::Delay
            | Fault::PublishUnknownSent
            | Fault::PublishUnknownLost
            | Fault::PublishUnknownLate
            | Fault::SettleLost
            | Fault::SettleUnheard
            | Fault::LeaseLost
            | Fault::HintMissing
            | Fault::ReceiveLost
            | Fault::BusDown
            | Fault::SlowBus => return false,
        };
        self.refuse("true", state);
        true
    }

    fn heal(&self) {
        self.mend();
    }
}

#[test]
fn postgresql_is_as_the_model_says() {
    let Some(server) = server() else { return };
    let subject = Schemas::new(&server);
    let skipped = hold(&subject, &|one| run(one));
    assert_eq!(skipped.len(), 1, "{skipped:?}");
}
