//! What each kind of fault assumes: that backends can show it, and that it means no more than the model says.

use store::sim::Fault;

use super::How::{self, Case, OfBlobs, Test, Worse};

/// How it is known what `fault` means.
pub(super) fn how(fault: Fault) -> &'static [How] {
    match fault {
        Fault::Conflict => &[
            tried!(a_conflict_that_nobody_made_leaves_nothing_and_passes),
            Test("a_transaction_in_the_way_of_another_is_tried_again_and_in_the_end_a_conflict"),
        ],
        Fault::Throttled => &[
            tried!(what_is_throttled_changes_nothing_and_passes),
            Test("throttling_is_waited_for_a_little_and_then_an_outage"),
            Test("a_statement_that_takes_too_long_is_given_up"),
        ],
        Fault::Unreachable => &[
            Test("a_server_that_is_not_there_is_an_outage_and_so_is_a_closed_store"),
            Test("an_endpoint_that_is_not_there_is_an_outage_and_so_is_a_closed_store"),
            Test("a_commit_that_never_left_is_an_outage_and_not_unknown"),
        ],
        Fault::Full => &[
            Case("a_full_store_refuses_writes_and_still_reads"),
            Test("a_file_at_its_limit_refuses_the_units_that_do_not_fit_and_no_others"),
        ],
        Fault::Broken => &[
            Case("an_input_output_error_hurts_no_other_unit"),
            Test("an_error_that_does_not_pass_is_told_at_once"),
        ],
        Fault::UnknownApplied => &[
            Case("an_unknown_commit_that_was_applied_is_told_by_its_nonce"),
            Case("an_unknown_commit_that_landed_makes_the_next_a_duplicate"),
        ],
        Fault::UnknownLost => &[Case("an_unknown_commit_that_was_lost_can_be_run_again")],
        Fault::UnknownLate => &[
            Case("an_unknown_commit_that_lands_late_meets_its_record"),
            tried!(what_lands_late_is_judged_when_it_lands),
            Test("a_conflict_after_a_lost_answer_is_not_told_as_one"),
        ],
        // DynamoDB's row is late in its place only, and says what a read says; where it has moved on it is left out.
        Fault::StaleIndex => &[
            Case("a_stale_index_never_decides"),
            Test("the_engine_with_stale_indexes_passes_every_case"),
            Test("a_slow_model_with_stale_indexes_passes_every_case"),
        ],
        Fault::SlowStore => &[Worse("nobody is promised a time")],
        Fault::BlobsDown => &[OfBlobs("an_outage_says_so_and_loses_nothing")],
        Fault::BlobsReplyLost => &[OfBlobs("a_put_whose_answer_was_lost_can_be_repeated")],
        Fault::SlowBlobs => &[Worse("nobody is promised a time")],
        // The list of the bus has these.
        Fault::Duplicate
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
        | Fault::SlowBus => &[Worse("not a fault of the store")],
    }
}
