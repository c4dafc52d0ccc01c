//! The cases that every backend of the Store port passes.
//!
//! A backend's test makes a [`Subject`] and runs [`cases`] one by one. What a backend has no [`Hook`] for is
//! reported as skipped, with the reason, and never counts as passed. That each case can fail is shown by planted
//! wrong backends.

pub mod blobs;
mod counters;
mod documents;
mod expiry;
mod faults;
mod indexes;
pub mod keys;
mod limits;
mod paging;
pub mod random;
mod records;
mod simulated;
mod snapshots;
pub mod trial;
mod whole;

use std::sync::Arc;

use crate::{Boxed, Store};

pub use simulated::Simulated;

/// What became of one case; `Err` says what was wrong.
pub type Checked = Result<Verdict, String>;

/// How a case ends that did not fail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The backend did what the contract says.
    Passed,
    /// The backend cannot be brought into this situation, or promises something else; says why.
    Skipped(String),
}

/// One case.
pub struct Case<S: ?Sized> {
    /// A sentence.
    pub name: &'static str,
    /// Runs it on a fresh store.
    pub run: for<'a> fn(&'a S) -> Boxed<'a, Checked>,
}

/// A backend under test.
pub trait Subject: Send + Sync {
    /// An empty store; the hooks are about the latest one.
    fn fresh(&self) -> Boxed<'_, Arc<dyn Store>>;

    /// Closes the latest store and opens it again, as a restart does; `None` when nothing of it stays.
    fn reopen(&self) -> Boxed<'_, Option<Arc<dyn Store>>> {
        Box::pin(std::future::ready(None))
    }

    /// Brings the latest store into a situation; whether it can.
    fn hook(&self, hook: Hook) -> bool {
        let _ = hook;
        false
    }

    /// Waits until everything under way has arrived and the indexes have caught up.
    fn settle(&self) -> Boxed<'_, ()> {
        Box::pin(std::future::ready(()))
    }
}

/// A situation that a case wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hook {
    /// There is no room for anything more, or there is again.
    Full(bool),
    /// One of the next writes fails with an input/output error.
    FailIoOnce,
    /// The next commit is applied, and its answer is lost.
    LoseReplyApplied,
    /// The next commit is lost, and so is its answer.
    LoseReplyLost,
    /// The answer of the next commit is lost; it is applied later, by [`Subject::settle`] at the latest.
    LoseReplyLate,
    /// Indexes stay as they are, or catch up again.
    HoldIndexes(bool),
}

/// Makes a list of cases out of functions.
#[macro_export]
macro_rules! conformance_cases {
    ($($module:ident: $($case:ident),* $(,)?;)*) => {
        &[$($($crate::conformance::Case { name: stringify!($case), run: |subject| Box::pin($module::$case(subject)) },)*)*]
    };
}

/// Every case of the Store port.
#[must_use]
pub fn cases() -> &'static [Case<dyn Subject>] {
    CASES
}

const CASES: &[Case<dyn Subject>] = conformance_cases! {
    documents:
        what_was_never_put_is_absent,
        what_was_put_is_read_with_its_version,
        answers_come_in_the_order_of_the_keys,
        reading_nothing_answers_nothing,
        every_commit_is_seen_by_the_next_read,
        bodies_are_kept_byte_for_byte,
        a_put_with_the_version_that_was_read_replaces,
        a_put_with_a_stale_version_conflicts,
        an_insert_over_what_exists_conflicts,
        a_replacement_of_what_is_absent_conflicts,
        a_delete_removes,
        a_delete_with_a_stale_version_conflicts,
        a_delete_of_what_is_absent_conflicts,
        what_was_deleted_and_made_again_is_another,
        a_check_that_holds_changes_nothing,
        a_check_of_a_stale_version_conflicts,
        write_skew_on_a_document_is_a_conflict,
        write_skew_on_an_absence_is_a_conflict,
        collections_do_not_share_ids,
        ids_differ_by_every_character,
        the_highest_nonce_is_a_version,
        an_empty_unit_is_committed,
        concurrent_writers_lose_no_update;
    counters:
        a_counter_that_was_never_stepped_is_absent,
        steps_add_up_and_are_counted,
        a_guard_holds_at_its_border_and_not_below,
        a_guard_sees_zero_where_there_is_no_counter,
        a_guard_sees_zero_where_there_is_no_field,
        every_guard_must_hold,
        a_guard_is_judged_before_the_step,
        a_field_may_go_below_zero,
        concurrent_steps_never_conflict,
        concurrent_guarded_steps_never_oversell,
        a_step_out_of_64_bits_is_too_large,
        a_counter_never_has_more_than_16_fields;
    records:
        a_second_unit_with_the_same_record_is_a_duplicate,
        duplicate_comes_before_conflict,
        duplicate_comes_before_too_large,
        conflict_comes_before_too_large,
        of_two_executions_at_once_one_is_a_duplicate,
        the_record_tells_which_execution_won,
        a_unit_of_only_a_record_is_committed,
        a_unit_that_conflicts_leaves_no_record,
        a_record_with_nothing_to_publish_is_not_pending,
        a_record_with_something_to_publish_is_pending_until_it_is_cleared,
        what_is_to_be_published_is_packed_whole,
        a_fused_record_is_never_pending,
        an_expired_record_is_no_duplicate;
    limits:
        a_unit_has_at_most_100_items,
        a_document_has_at_most_256_kib,
        a_unit_has_at_most_4_mb,
        a_record_may_be_larger_than_a_document,
        a_document_has_at_most_3_entries,
        a_step_has_at_most_16_fields,
        a_unit_changes_an_item_at_most_once,
        what_is_too_large_changes_nothing;
    whole:
        every_kind_of_change_is_applied_together,
        a_failing_check_undoes_all_at_every_position,
        a_failing_put_undoes_all_at_every_position,
        a_failing_delete_undoes_all_at_every_position,
        a_failing_guard_undoes_all_at_every_position,
        who_sees_the_last_change_sees_the_first,
        units_committed_at_once_are_judged_one_by_one;
    snapshots:
        a_snapshot_does_not_see_what_came_later,
        a_snapshot_pages_in_the_order_of_ids,
        a_snapshot_sees_one_collection_at_a_time,
        a_snapshot_shows_counters_and_hides_what_expired,
        a_snapshot_sees_all_of_a_unit_or_nothing;
    indexes:
        a_query_finds_what_was_put,
        a_query_answers_item_and_sort_value,
        a_query_sees_only_its_partition,
        a_query_sees_only_its_index_and_collection,
        an_index_that_nobody_uses_is_empty,
        an_item_moves_in_its_index,
        an_item_put_without_entries_leaves_the_index,
        a_deleted_item_leaves_the_index,
        an_item_is_found_in_all_its_indexes,
        a_unit_that_conflicts_leaves_the_index_alone,
        a_stale_index_never_decides;
    paging:
        rows_are_ordered_by_the_bytes_of_their_sort_value,
        newest_first_is_the_other_way_round,
        bounds_are_inclusive,
        bounds_hold_newest_first_as_well,
        pages_visit_every_row_once_even_among_equals,
        pages_newest_first_visit_every_row_once,
        pages_are_stable_under_inserts,
        a_page_has_at_most_what_was_asked_for,
        a_page_has_at_most_1000_rows,
        pages_go_on_past_what_expired;
    expiry:
        what_expires_is_absent_from_that_instant_on,
        what_does_not_expire_stays,
        a_check_sees_what_expired_as_absent,
        what_expired_can_be_inserted_again,
        what_expired_cannot_be_replaced_or_deleted,
        a_query_hides_what_expired,
        an_expiry_can_be_put_off;
    faults:
        an_unknown_commit_that_was_applied_is_told_by_its_nonce,
        an_unknown_commit_that_was_lost_can_be_run_again,
        an_unknown_commit_that_lands_late_meets_its_record,
        an_unknown_commit_that_landed_makes_the_next_a_duplicate,
        a_full_store_refuses_writes_and_still_reads,
        an_input_output_error_hurts_no_other_unit,
        what_was_committed_is_there_after_a_restart,
        counters_records_and_indexes_are_there_after_a_restart;
};
