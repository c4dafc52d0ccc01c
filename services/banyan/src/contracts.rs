//! The contracts as files: which versions there are, where, and what a change of them does to others.

pub mod against;
pub mod check;
pub mod consumers;
pub mod diff;
pub mod fields;
pub mod files;
pub mod generate;
pub mod git;
pub mod hoist;
pub mod lint;
pub mod release;
pub mod report;
pub mod retired;
pub mod set;
pub mod site;
pub mod version;
pub mod versions;
