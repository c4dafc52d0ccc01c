//! The parts of the `banyan` binary that are tested on their own.

pub mod import;
