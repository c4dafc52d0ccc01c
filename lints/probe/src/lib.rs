//! Does once everything that the lints forbid. `expected.txt` says what is to be found here, and
//! `scripts/lint-probe` compares: a ban that is mistyped, or a lint that is off, is otherwise never noticed.
//!
//! It is built in a workspace of its own, so that no feature of its dependencies leaks into the product's tests.

mod banned;
#[expect(dead_code, reason = "nobody calls what must not be done")]
mod lints;

pub use banned::everything_banned;

pub struct MissingDocs;

/// Says nothing of its errors.
pub fn missing_errors_doc() -> Result<(), MissingDocs> {
    Err(MissingDocs)
}
