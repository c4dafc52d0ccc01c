//! How long one sync of this disk takes.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result};
use runtime::Env;

use super::super::goal::percentile;

/// Syncs that are measured: the slowest hundredth has to be several.
const SYNCS: usize = 500;
/// What is written before each: a page of the log.
const PAGE: [u8; 4_096] = [1; 4_096];

/// The longest that 99 in 100 syncs take in `folder`, in milliseconds, while nobody else writes there.
pub(super) fn fsync_p99_ms(folder: &Path, env: &Env) -> Result<f64> {
    let file = folder.join("probe");
    let what = || format!("{} cannot be written", file.display());
    let mut probe = File::create(&file).with_context(what)?;
    let mut took = Vec::with_capacity(SYNCS);
    for _ in 0..SYNCS {
        probe.write_all(&PAGE).with_context(what)?;
        let begun = env.now();
        probe.sync_data().with_context(what)?;
        took.push(super::millis(env.now().since(begun)));
    }
    std::fs::remove_file(&file).with_context(what)?;
    took.sort_by(f64::total_cmp);
    Ok(percentile(&took, 990))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_probe_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        assert!(fsync_p99_ms(folder.path(), &runtime::real::env()).unwrap() >= 0.0);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
