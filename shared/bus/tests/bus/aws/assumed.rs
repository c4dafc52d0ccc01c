//! What the model of SQS assumes, tried on an endpoint.

use std::time::Duration;

use bus::aws::Settings;
use bus::conformance::{Node, Subject};
use bus::{Boxed, World};
use contracts::Timestamp;
use store::sim::{Fault, Manners};

use super::proxy::Fate;
use super::subject::{Account, VISIBILITY};
use super::{runtime, url};
use crate::assumptions::{Peer, hold};
use crate::world::Real;

const SENDS: &[&str] = &["PublishBatch", "SendMessageBatch"];
/// As short as one can be that a busy machine does not miss.
const FLEETING: Duration = Duration::from_secs(3);

impl Peer for Account {
    fn manners(&self) -> Manners {
        Manners::SqsStandard
    }

    fn now(&self) -> Timestamp {
        Real.now()
    }

    fn pass(&self, how_long: Duration) -> Boxed<'_, ()> {
        Real.sleep(how_long)
    }

    fn lease(&self) -> Duration {
        VISIBILITY
    }

    fn fault(&self, fault: Fault) -> bool {
        match fault {
            // A call whose answer is lost is made again, and nobody hears of it.
            Fault::Duplicate => self.disturb(SENDS, Fate::AnsweredLate),
            Fault::PublishUnknownSent => self.disturb(SENDS, Fate::Unanswered),
            Fault::PublishUnknownLost => self.disturb(SENDS, Fate::Lost),
            Fault::PublishUnknownLate => self.disturb(SENDS, Fate::Delayed),
            Fault::SettleLost => self.disturb(&["DeleteMessageBatch"], Fate::Lost),
            Fault::SettleUnheard => self.disturb(&["DeleteMessageBatch"], Fate::Unanswered),
            Fault::ReceiveLost => self.disturb(&["ReceiveMessage"], Fate::Unanswered),
            Fault::Reorder
            | Fault::Delay
            | Fault::LeaseLost
            | Fault::HintMissing
            | Fault::BusDown
            | Fault::SlowBus
            | Fault::Conflict
            | Fault::Throttled
            | Fault::Unreachable
            | Fault::Full
            | Fault::Broken
            | Fault::UnknownApplied
            | Fault::UnknownLost
            | Fault::UnknownLate
            | Fault::StaleIndex
            | Fault::SlowStore
            | Fault::BlobsDown
            | Fault::BlobsReplyLost
            | Fault::SlowBlobs => return false,
        }
        true
    }

    fn land(&self) -> Boxed<'_, ()> {
        Box::pin(self.proxy.deliver())
    }

    fn fleeting(&self, told: Duration) -> Boxed<'_, (Node, Duration)> {
        Box::pin(async move {
            self.renew(|settings| settings.visibility = FLEETING).await;
            let share = FLEETING.div_duration_f64(Settings::default().visibility);
            (Node { bus: self.join(), peek: None, fused: None }, told.mul_f64(share))
        })
    }

    fn least_hidden(&self) -> Duration {
        FLEETING / 2
    }

    fn vanish(&self, node: Node) -> Boxed<'_, Node> {
        drop(node);
        // Without closing, which would give back what it had.
        Box::pin(async { self.reopen().await.expect("there is always another") })
    }

    fn calls(&self) -> Option<usize> {
        Some(self.proxy.counted().remove("ReceiveMessage").unwrap_or(0))
    }
}

#[test]
fn sqs_is_as_its_model_says() {
    let Some(url) = url() else { return };
    let runtime = runtime();
    let account = runtime.block_on(Account::at(&url));
    let skipped = hold(&account, &|one| runtime.block_on(one));
    runtime.block_on(account.leave());
    assert_eq!(skipped, Vec::<String>::new());
}
