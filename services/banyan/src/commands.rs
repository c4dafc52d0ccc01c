//! One file for each noun of the command line.

pub mod config;
