//! What the model assumes of a store, tried on an endpoint.

use store::sim::Fault;

use super::listed::Tables;
use super::*;
use crate::assumptions::{Peer, Who, hold};
use crate::wire::Fault as OnWire;

impl Peer for Tables {
    fn who(&self) -> Who {
        Who::DynamoDb
    }

    fn fault(&self, fault: Fault) -> bool {
        // As many as a commit does not bear.
        let (on_wire, times) = match fault {
            Fault::Conflict => (OnWire::cancelled(&["None", "TransactionConflict"]), 16),
            Fault::Throttled => (OnWire::error(400, "ThrottlingException"), 4),
            Fault::Broken => (OnWire::error(400, "ItemCollectionSizeLimitExceededException"), 1),
            Fault::Unreachable
            | Fault::Full
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
        self.refuse(on_wire, times);
        true
    }

    fn heal(&self) {
        // What was to go wrong has gone wrong.
    }
}

#[test]
fn dynamodb_is_as_the_model_says() {
    let Some(endpoint) = endpoint() else { return };
    let subject = Tables::new(&endpoint);
    let skipped = hold(&subject, &|one| run(one));
    assert_eq!(skipped, Vec::<String>::new());
}
