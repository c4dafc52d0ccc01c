//! The cases that every backend of the Bus port passes, and those of a store that is fused with it.
//!
//! Made like [`store::conformance`]: a backend's test makes a [`Subject`] and runs [`cases`] one by one; what it has
//! no [`Hook`] for is reported as skipped.

mod delivering;
mod faults;
mod fused;
mod peeking;
mod publishing;
mod receiving;
mod settling;
mod simulated;
pub mod trial;
mod wiring;

use std::sync::Arc;

use store::Store;
use store::conformance::Case;

use crate::{Boxed, Bus, Peek};

pub use simulated::Simulated;
pub use store::conformance::{Checked, Verdict};

/// A process's way to the bus under test.
#[derive(Clone)]
pub struct Node {
    /// The bus.
    pub bus: Arc<dyn Bus>,
    /// Looks at what waits, where that is possible.
    pub peek: Option<Arc<dyn Peek>>,
    /// The store that is one with it, where there is one.
    pub fused: Option<Arc<dyn Store>>,
}

/// A backend under test.
pub trait Subject: Send + Sync {
    /// An empty bus; the hooks are about the latest one.
    fn fresh(&self) -> Boxed<'_, Node>;

    /// Another process on the latest bus; `None` when there can be one process only.
    fn second(&self) -> Boxed<'_, Option<Node>> {
        Box::pin(std::future::ready(None))
    }

    /// Ends all processes of the latest bus without notice and starts one again; `None` when nothing stays.
    fn reopen(&self) -> Boxed<'_, Option<Node>> {
        Box::pin(std::future::ready(None))
    }

    /// Brings the latest bus into a situation; whether it can.
    fn hook(&self, hook: Hook) -> bool {
        let _ = hook;
        false
    }

    /// Ready once everything that can still arrive has had the time to.
    fn patience(&self) -> Boxed<'_, ()>;

    /// Ready when what has to arrive is given up: never too soon, however slow the machine, since only a case that fails
    /// waits for so long.
    fn longest_wait(&self) -> Boxed<'_, ()> {
        self.patience()
    }
}

/// A situation that a case wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hook {
    /// The next message is published, and the answer is lost.
    LosePublishReplySent,
    /// The next message is lost, and so is the answer.
    LosePublishReplyLost,
    /// The next settlement is lost.
    LoseSettlement,
    /// The next messages that are taken are lost on their way to the consumer.
    LoseReceived,
    /// All leases end although their holders live.
    EndLeases,
    /// The next commit of a fused store is applied, and the answer is lost.
    LoseCommitReply,
    /// Nobody reaches the bus, or everybody does again.
    Down(bool),
}

/// Every case of the Bus port.
#[must_use]
pub fn cases() -> &'static [Case<dyn Subject>] {
    CASES
}

const CASES: &[Case<dyn Subject>] = store::conformance_cases! {
    wiring:
        declaring_twice_changes_nothing,
        declaring_more_adds_to_what_was,
        declaring_keeps_what_waits,
        declaring_at_once_from_everywhere_is_harmless;
    publishing:
        a_published_message_arrives,
        a_topic_reaches_every_subscriber_once,
        a_topic_reaches_nobody_else,
        a_topic_without_subscribers_confirms,
        a_queue_address_reaches_only_that_queue,
        a_queue_that_subscribes_to_nothing_can_be_addressed,
        a_queue_that_does_not_exist_is_refused,
        answers_come_in_the_order_of_the_batch,
        an_empty_batch_answers_nothing,
        a_message_of_the_declared_size_arrives_whole,
        a_message_over_the_declared_size_is_refused_and_no_other,
        a_batch_of_1000_arrives_whole,
        many_publishers_at_once_lose_nothing;
    delivering:
        bodies_are_opaque_bytes,
        a_body_of_256_kib_arrives_whole,
        the_attempt_is_carried,
        a_first_delivery_is_not_marked,
        a_delivery_names_its_queue,
        a_batch_of_many_topics_finds_its_ways;
    receiving:
        credit_is_respected,
        a_receive_waits_for_a_message,
        every_waiting_consumer_is_woken,
        a_dropped_receive_takes_nothing,
        dropping_receives_while_messages_come_loses_nothing,
        consumers_share_a_queue_without_sharing_messages,
        processes_share_a_queue_without_sharing_messages,
        a_lease_keeps_others_away,
        queues_do_not_disturb_each_other,
        inspect_knows_every_queue,
        inspect_counts_what_waits_and_what_is_in_flight;
    peeking:
        what_was_peeked_at_is_delivered_once_as_if_nobody_had_looked,
        peeking_shows_what_waits_and_its_marks,
        peeking_does_not_show_what_is_in_flight_or_gone,
        peeking_shows_no_more_than_it_was_asked_for,
        a_queue_that_does_not_exist_cannot_be_peeked_at;
    settling:
        what_is_acknowledged_does_not_come_again,
        what_is_released_comes_again_and_says_so,
        what_is_released_comes_again_whole,
        what_is_released_often_comes_again_as_often,
        one_settlement_settles_one_message,
        many_are_settled_at_once,
        acknowledging_twice_is_harmless,
        releasing_twice_makes_no_copy,
        acknowledging_after_releasing_makes_no_copy,
        settling_nothing_is_harmless,
        settling_what_never_was_is_harmless,
        what_is_not_settled_comes_again_after_a_restart,
        what_is_acknowledged_does_not_come_again_after_a_restart,
        what_waits_is_there_after_a_restart;
    faults:
        an_unknown_publish_that_was_sent_arrives,
        an_unknown_publish_that_was_lost_can_be_sent_again,
        only_the_message_without_an_answer_is_unknown,
        a_lost_settlement_brings_the_message_again,
        what_was_lost_on_the_way_to_a_consumer_comes_again,
        a_lease_that_ends_brings_the_message_to_another,
        a_settlement_after_the_lease_ended_makes_no_copy,
        a_bus_that_is_down_says_so_and_loses_nothing;
    fused:
        what_a_commit_publishes_is_enqueued,
        what_a_commit_publishes_to_a_queue_reaches_only_that_queue,
        what_a_commit_publishes_carries_its_attempt_and_body,
        what_a_commit_publishes_to_nobody_goes_nowhere,
        what_a_commit_publishes_to_a_queue_that_does_not_exist_is_refused,
        a_commit_removes_the_delivery_that_it_handles,
        a_commit_leaves_other_deliveries,
        a_duplicate_publishes_nothing_and_leaves_the_delivery,
        a_conflict_publishes_nothing_and_leaves_the_delivery,
        what_is_too_large_publishes_nothing_and_leaves_the_delivery,
        a_commit_wakes_a_waiting_consumer,
        acknowledging_what_a_commit_settled_is_harmless,
        a_delivery_that_is_gone_does_not_stop_a_commit,
        a_unit_without_a_record_settles_its_delivery,
        a_commit_whose_answer_was_lost_has_published_and_settled,
        messages_handled_at_once_have_their_effects_once,
        what_a_commit_published_and_settled_stays_so_after_a_restart;
};
