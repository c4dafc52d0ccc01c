//! The parts of the `banyan` binary.

pub mod audit;
pub mod backends;
pub mod bench;
pub mod chaos;
pub mod cli;
pub mod client;
pub mod commands;
pub mod config;
pub mod contracts;
pub mod demo;
pub mod dev;
pub mod doctor;
pub mod e2e;
pub mod http;
pub mod import;
pub mod output;
pub mod peer;
pub mod serve;
pub mod simulate;
pub mod wiring;
