//! The parts of the `banyan` binary.

pub mod cli;
pub mod client;
pub mod commands;
pub mod config;
pub mod import;
pub mod output;
