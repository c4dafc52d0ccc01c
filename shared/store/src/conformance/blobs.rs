//! The cases that every backend of the Blobs port passes; made like those of the Store port.

mod aging;
mod faults;
mod keeping;
mod trial;

use std::sync::Arc;

use contracts::DataRef;

use super::Case;
use crate::{Blobs, Boxed};

/// A backend under test.
pub trait Subject: Send + Sync {
    /// Nothing is kept yet; the hooks are about the latest one.
    fn fresh(&self) -> Boxed<'_, Arc<dyn Blobs>>;

    /// Ends the latest one and opens it again, as a restart does; `None` when nothing of it stays.
    fn reopen(&self) -> Boxed<'_, Option<Arc<dyn Blobs>>> {
        Box::pin(std::future::ready(None))
    }

    /// Whether blobs expire by themselves, some time after they may: then nothing is to be seen of it here.
    fn expires_by_itself(&self) -> bool {
        false
    }

    /// Brings the latest one into a situation; whether it can.
    fn hook(&self, hook: Hook) -> bool {
        let _ = hook;
        false
    }
}

/// A situation that a case wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hook {
    /// Nobody reaches the blobs, or everybody does again.
    Down(bool),
    /// The next blob is put, and the answer is lost.
    LoseReply,
    /// The bytes of a blob are no longer what they were.
    Damage(DataRef),
}

/// Every case of the Blobs port.
#[must_use]
pub fn cases() -> &'static [Case<dyn Subject>] {
    CASES
}

const CASES: &[Case<dyn Subject>] = crate::conformance_cases! {
    keeping:
        what_was_never_put_is_missing,
        what_was_put_is_kept_byte_for_byte,
        an_empty_blob_is_kept,
        the_longest_blob_is_kept_whole,
        blobs_do_not_share_content,
        putting_again_is_harmless,
        puts_at_once_lose_nothing,
        equal_puts_at_once_are_harmless;
    aging:
        what_is_old_expires_and_what_is_not_stays,
        putting_again_renews,
        renewing_renews,
        renewing_what_is_missing_says_so_and_makes_nothing,
        no_more_expire_than_asked_for,
        what_expired_can_be_put_again;
    faults:
        an_outage_says_so_and_loses_nothing,
        a_put_whose_answer_was_lost_can_be_repeated,
        what_is_damaged_is_shown_as_it_is_until_it_is_put_again,
        what_was_put_is_there_after_a_restart,
        what_was_put_keeps_its_age_over_a_restart;
};
