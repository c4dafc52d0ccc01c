//! The contracts as files: which versions there are, where, and what a change of them does to others.

pub mod against;
pub mod check;
pub mod files;
pub mod git;
pub mod version;
pub mod versions;
