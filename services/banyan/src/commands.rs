//! One file for each noun of the command line.

pub mod audit;
pub mod bench;
pub mod chaos;
pub mod completions;
pub mod config;
pub mod contracts;
pub mod dlq;
pub mod events;
pub mod listing;
pub mod mail;
pub mod opening;
pub mod order;
pub mod payments;
pub mod queues;
pub mod shipments;
pub mod shown;
pub mod simulate;
pub mod stock;
pub mod topology;

use std::io::Read;
use std::path::Path;

use anyhow::{Context as _, Result};

use crate::cli::Failure;

/// The most that is read into memory at once.
const MAX_INPUT_BYTES: u64 = 256 << 20;

/// All of a file, or of standard input when there is none or it is called `-`.
///
/// # Errors
/// It cannot be read, or is too large.
pub fn read_input(file: Option<&Path>) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    match file.filter(|file| *file != Path::new("-")) {
        Some(file) => {
            let opened =
                std::fs::File::open(file).with_context(|| format!("{} cannot be read", file.display()))?;
            opened.take(MAX_INPUT_BYTES + 1).read_to_end(&mut bytes)?;
        }
        None => {
            std::io::stdin().lock().take(MAX_INPUT_BYTES + 1).read_to_end(&mut bytes)?;
        }
    }
    if bytes.len() as u64 > MAX_INPUT_BYTES {
        return Err(Failure::usage(format!("the input has more than {MAX_INPUT_BYTES} bytes; cut it")).into());
    }
    Ok(bytes)
}
