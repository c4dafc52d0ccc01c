//! What a disk may hold when the power goes: all that was synced, and of the rest whatever it likes.
//!
//! The model is stricter than most file systems are. Writes since the last sync of their file are on the disk or not, in
//! any choice, also by sectors; so are new sizes. A name is in its folder, or gone from it, for certain only after the
//! folder was synced. What it grants is what SQLite asks for: a sector that is being written keeps the bytes that are not
//! (sqlite.org/atomiccommit.html, "powersafe overwrite"), and a sync is one.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use fastrand::Rng;

use super::tape::{Step, Tape};

/// What a disk writes whole.
const SECTOR: usize = 512;

/// Files by name.
pub type Image = BTreeMap<Arc<str>, Vec<u8>>;

/// Makes `image` the content of the folder.
///
/// # Errors
/// It cannot be written.
pub fn write(image: &Image, folder: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    image.iter().try_for_each(|(name, bytes)| std::fs::write(folder.join(name.as_ref()), bytes))
}

/// The disk below a recording, at any point of it.
#[derive(Debug)]
pub struct Disk {
    steps: Vec<Step>,
    at: usize,
    contents: Vec<Content>,
    /// What each name means, for whoever opens it.
    names: BTreeMap<Arc<str>, usize>,
    /// What each name meant when the folder was synced last.
    synced_names: BTreeMap<Arc<str>, usize>,
}

/// A file, whatever it is called.
#[derive(Debug, Default)]
struct Content {
    synced: Vec<u8>,
    /// Steps since.
    pending: Vec<usize>,
}

/// What a disk keeps of what was not synced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kept {
    Nothing,
    /// As when only the process dies.
    Everything,
    /// The first ones.
    Beginning,
    /// Any, each as a whole.
    Any,
    /// Any sectors of any.
    Sectors,
}

impl Disk {
    /// The disk before the first step of `tape`.
    #[must_use]
    pub fn before(tape: &Tape) -> Self {
        let (names, contents) = tape.before().into_iter().unzip::<_, _, Vec<_>, Vec<_>>();
        let names: BTreeMap<_, _> = names.into_iter().zip(0..).collect();
        let contents = contents.into_iter().map(|synced| Content { synced, pending: Vec::new() }).collect();
        Self { steps: tape.steps(), at: 0, contents, synced_names: names.clone(), names }
    }

    /// Up to `many` points at which the power may go, ascending: around syncs, and anywhere.
    #[must_use]
    pub fn points(&self, many: usize, rng: &mut Rng) -> BTreeSet<usize> {
        let is_sync = |(at, step): (usize, &Step)| matches!(step, Step::Synced { .. }).then_some(at);
        let syncs: Vec<usize> = self.steps.iter().enumerate().filter_map(is_sync).collect();
        let mut points = BTreeSet::new();
        // The same point may be drawn again, and a short recording may not have so many.
        for nth in 0..many * 4 {
            if points.len() == many {
                break;
            }
            let around = syncs.get(rng.usize(..syncs.len().max(1)));
            let point = match (nth % 4, around) {
                // Before the sync, right after it, or in what follows.
                (0, Some(sync)) => *sync,
                (1, Some(sync)) => sync + 1,
                (2, Some(sync)) => sync + 1 + rng.usize(..6),
                _ => rng.usize(..=self.steps.len()),
            };
            points.insert(point.min(self.steps.len()));
        }
        points
    }

    /// Goes on until so many steps are done.
    pub fn advance(&mut self, to: usize) {
        while self.at < to.min(self.steps.len()) {
            self.step();
            self.at += 1;
        }
    }

    fn step(&mut self) {
        let Some(step) = self.steps.get(self.at) else { return };
        match step {
            Step::Made { file } => {
                self.names.insert(file.clone(), self.contents.len());
                self.contents.push(Content::default());
            }
            Step::Written { file, .. } | Step::Truncated { file, .. } => {
                if let Some(content) = self.names.get(file).and_then(|&id| self.contents.get_mut(id)) {
                    content.pending.push(self.at);
                }
            }
            Step::Synced { file, with_folder } => {
                if let Some(content) = self.names.get(file).and_then(|&id| self.contents.get_mut(id)) {
                    for at in std::mem::take(&mut content.pending) {
                        self.steps.get(at).into_iter().for_each(|step| apply(step, &mut content.synced));
                    }
                }
                if *with_folder {
                    self.synced_names.clone_from(&self.names);
                }
            }
            Step::Deleted { file, with_folder } => {
                self.names.remove(file);
                if *with_folder {
                    self.synced_names.clone_from(&self.names);
                }
            }
        }
    }

    /// What may be found when the power goes now.
    #[must_use]
    pub fn image(&self, rng: &mut Rng) -> Image {
        let kinds = [Kept::Nothing, Kept::Everything, Kept::Beginning, Kept::Any, Kept::Sectors];
        let kept = kinds[rng.usize(..kinds.len())];
        let mut image = Image::new();
        let names: BTreeSet<&Arc<str>> = self.names.keys().chain(self.synced_names.keys()).collect();
        for name in names {
            let (now, synced) = (self.names.get(name), self.synced_names.get(name));
            let is_now = now == synced || kept.folder_is_written(rng);
            let found = if is_now { now } else { synced };
            if let Some(content) = found.and_then(|&id| self.contents.get(id)) {
                image.insert(name.clone(), self.survives(content, kept, rng));
            }
        }
        image
    }

    fn survives(&self, content: &Content, kept: Kept, rng: &mut Rng) -> Vec<u8> {
        let mut bytes = content.synced.clone();
        let pending: Vec<&Step> = content.pending.iter().filter_map(|&at| self.steps.get(at)).collect();
        let beginning = rng.usize(..=pending.len());
        for (nth, step) in pending.into_iter().enumerate() {
            match (kept, step) {
                (Kept::Nothing, _) => {}
                (Kept::Everything, _) => apply(step, &mut bytes),
                (Kept::Beginning, _) if nth < beginning => apply(step, &mut bytes),
                (Kept::Beginning, _) => {}
                (Kept::Sectors, Step::Written { offset, bytes: written, .. }) => {
                    for (at, sector) in sectors(place(*offset), written) {
                        if rng.bool() {
                            overwrite(&mut bytes, at, sector);
                        }
                    }
                }
                (Kept::Any | Kept::Sectors, _) => {
                    if rng.bool() {
                        apply(step, &mut bytes);
                    }
                }
            }
        }
        bytes
    }
}

impl Kept {
    fn folder_is_written(self, rng: &mut Rng) -> bool {
        match self {
            Self::Nothing => false,
            Self::Everything => true,
            Self::Beginning | Self::Any | Self::Sectors => rng.bool(),
        }
    }
}

fn apply(step: &Step, content: &mut Vec<u8>) {
    match step {
        Step::Written { offset, bytes, .. } => overwrite(content, place(*offset), bytes),
        Step::Truncated { size, .. } => content.resize(place(*size), 0),
        Step::Made { .. } | Step::Synced { .. } | Step::Deleted { .. } => {}
    }
}

/// What lies in between and was never written reads as zeros.
fn overwrite(content: &mut Vec<u8>, at: usize, bytes: &[u8]) {
    let end = at + bytes.len();
    if content.len() < end {
        content.resize(end, 0);
    }
    content[at..end].copy_from_slice(bytes);
}

/// `bytes` at `offset`, cut where the disk's sectors begin.
fn sectors(offset: usize, bytes: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let mut from = 0;
    std::iter::from_fn(move || {
        let rest = bytes.get(from..).filter(|rest| !rest.is_empty())?;
        let at = offset + from;
        let sector = &rest[..rest.len().min(SECTOR - at % SECTOR)];
        from += sector.len();
        Some((at, sector))
    })
}

/// A place in a file that fits into memory.
fn place(offset: u64) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests;
