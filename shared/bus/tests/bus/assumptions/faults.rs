//! What each kind of fault assumes. A kind that a broker is said never to show has to be tried on it: were it wrong, the
//! simulator would be blind there.

use store::sim::{Fault, Manners};

use super::How::{self, Case, Test, Tried, Worse};

/// How it is known that brokers show `fault`, or do not.
pub(super) fn how(fault: Fault) -> &'static [How] {
    match fault {
        // The store's own list has these.
        Fault::Conflict
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
        | Fault::SlowBlobs => &[Worse("not a fault of the bus")],
        Fault::Duplicate => &[
            tried!(what_is_confirmed_is_there_once_where_the_model_says_so),
            Case("a_topic_reaches_every_subscriber_once"),
            Case("a_batch_of_1000_arrives_whole"),
        ],
        Fault::Reorder => &[Worse("no order is promised, and no broker keeps one among several consumers")],
        Fault::Delay => &[Worse("nobody is promised a time")],
        Fault::PublishUnknownSent => &[Case("an_unknown_publish_that_was_sent_arrives")],
        Fault::PublishUnknownLost => &[
            Case("an_unknown_publish_that_was_lost_can_be_sent_again"),
            Case("only_the_message_without_an_answer_is_unknown"),
        ],
        Fault::PublishUnknownLate => &[
            tried!(what_nobody_answered_for_may_arrive_later),
            Test("a_commit_in_doubt_is_unknown_and_what_comes_after_it_is_an_outage_until_the_disk_is_back"),
        ],
        Fault::SettleLost => &[
            Case("a_lost_settlement_brings_the_message_again"),
            Case("what_is_acknowledged_does_not_come_again_after_a_restart"),
        ],
        Fault::SettleUnheard => &[
            Worse("whoever settles goes on without an answer in the end"),
            Test("a_throttled_or_broken_call_is_made_again"),
        ],
        Fault::LeaseLost => {
            &[Case("a_lease_that_ends_brings_the_message_to_another"), Case("a_lease_keeps_others_away")]
        }
        Fault::HintMissing => &[
            Case("what_is_released_comes_again_and_says_so"),
            Case("what_is_not_settled_comes_again_after_a_restart"),
            Test("after_a_restart_only_what_may_have_been_in_hand_is_marked"),
        ],
        Fault::ReceiveLost => &[
            tried!(what_is_lost_on_its_way_comes_again_and_says_so),
            Case("a_dropped_receive_takes_nothing"),
            Case("dropping_receives_while_messages_come_loses_nothing"),
        ],
        Fault::BusDown => &[
            Case("a_bus_that_is_down_says_so_and_loses_nothing"),
            tried!(an_outage_ends_leases_as_the_model_says),
        ],
        Fault::SlowBus => &[Worse("nobody is promised a time")],
    }
}

#[test]
fn whatever_a_broker_is_said_never_to_show_is_tried() {
    for manners in Manners::ALL {
        for fault in Fault::ALL.into_iter().filter(|fault| !manners.have(*fault)) {
            let is_tried = how(fault).iter().any(|how| matches!(how, Case(_) | Test(_) | Tried(..)));
            assert!(is_tried, "{manners:?} never show {}, and nobody tried", fault.name());
        }
    }
}
