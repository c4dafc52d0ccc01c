//! What is done to the files of one folder, in order: out of it [`super::disk`] makes every disk that a loss of power can
//! leave behind.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use bytes::Bytes;

use super::super::lock;
use super::Target;
use super::disk::Image;

/// One thing that was done. Files are named without their folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// A file is there that was not.
    Made {
        /// Its name.
        file: Arc<str>,
    },
    /// Bytes were written.
    Written {
        /// Where to.
        file: Arc<str>,
        /// At which byte.
        offset: u64,
        /// What.
        bytes: Bytes,
    },
    /// A file has this size now, and nothing beyond.
    Truncated {
        /// Which.
        file: Arc<str>,
        /// Bytes.
        size: u64,
    },
    /// What was done to the file so far is on the disk.
    Synced {
        /// Which.
        file: Arc<str>,
        /// So are the names in the folder, as they are now.
        with_folder: bool,
    },
    /// A file is gone.
    Deleted {
        /// Which.
        file: Arc<str>,
        /// The names in the folder, as they are now, are on the disk.
        with_folder: bool,
    },
}

/// A recording of what is done to files, for [`super::Controls::record`]. Copies are the same recording.
#[derive(Debug, Clone)]
pub struct Tape(Arc<Mutex<Recorded>>);

#[derive(Debug)]
struct Recorded {
    /// What was in the folder before.
    before: Image,
    steps: Vec<Step>,
    names: BTreeSet<Arc<str>>,
    /// Bytes that may still be kept.
    room: usize,
    is_full: bool,
    lies_about: Option<Target>,
}

impl Tape {
    /// An empty recording of an empty folder, which keeps at most `room` written bytes. What comes after is not kept.
    #[must_use]
    pub fn new(room: usize) -> Self {
        Self::on(Image::new(), room)
    }

    /// The same of a folder with these files, all of them on the disk.
    #[must_use]
    pub fn on(before: Image, room: usize) -> Self {
        let (steps, names) = (Vec::new(), before.keys().cloned().collect());
        Self(Arc::new(Mutex::new(Recorded { before, steps, names, room, is_full: false, lies_about: None })))
    }

    /// The same of a disk that says of these files that they are synced, and does not sync them.
    #[must_use]
    pub fn lying(room: usize, about: Target) -> Self {
        let tape = Self::new(room);
        lock(&tape.0).lies_about = Some(about);
        tape
    }

    /// How many steps have been done by now: what somebody is told now needs no others. `None` once the recording is
    /// full, and nobody knows any more.
    #[must_use]
    pub fn position(&self) -> Option<usize> {
        let recorded = lock(&self.0);
        (!recorded.is_full).then_some(recorded.steps.len())
    }

    /// Every step so far.
    #[must_use]
    pub fn steps(&self) -> Vec<Step> {
        lock(&self.0).steps.clone()
    }

    pub(super) fn before(&self) -> Image {
        lock(&self.0).before.clone()
    }

    /// Whether a sync of `target` is only said to be done.
    pub(super) fn lies_about(&self, target: Target) -> bool {
        lock(&self.0).lies_about.is_some_and(|about| about == target || about == Target::Any)
    }

    pub(super) fn opened(&self, path: &str) {
        let mut recorded = lock(&self.0);
        let file = recorded.name_of(path);
        if recorded.names.insert(file.clone()) {
            recorded.push(Step::Made { file });
        }
    }

    pub(super) fn written(&self, path: &str, offset: i64, bytes: &[u8]) {
        let mut recorded = lock(&self.0);
        match recorded.room.checked_sub(bytes.len()) {
            Some(left) => recorded.room = left,
            None => recorded.is_full = true,
        }
        if !recorded.is_full {
            let (file, bytes) = (recorded.name_of(path), Bytes::copy_from_slice(bytes));
            recorded.push(Step::Written { file, offset: offset.cast_unsigned(), bytes });
        }
    }

    pub(super) fn truncated(&self, path: &str, size: i64) {
        let mut recorded = lock(&self.0);
        let file = recorded.name_of(path);
        recorded.push(Step::Truncated { file, size: size.cast_unsigned() });
    }

    pub(super) fn synced(&self, path: &str, with_folder: bool) {
        let mut recorded = lock(&self.0);
        let file = recorded.name_of(path);
        recorded.push(Step::Synced { file, with_folder });
    }

    pub(super) fn deleted(&self, path: &str, with_folder: bool) {
        let mut recorded = lock(&self.0);
        let file = recorded.name_of(path);
        recorded.names.remove(&file);
        recorded.push(Step::Deleted { file, with_folder });
    }
}

impl Recorded {
    /// Its name without the folder; one copy of each.
    fn name_of(&self, path: &str) -> Arc<str> {
        let name = path.rsplit('/').next().unwrap_or(path);
        self.names.get(name).cloned().unwrap_or_else(|| Arc::from(name))
    }

    fn push(&mut self, step: Step) {
        if !self.is_full {
            self.steps.push(step);
        }
    }
}
