//! A rolling deploy: processes of the last build are replaced one after another, and sometimes one goes back for a while.

use std::time::Duration;

use contracts::Timestamp;

use super::{Event, World};
use crate::faults::{ROLLED, ROLLED_BACK};
use crate::process::{Build, Life};

/// Once one process has the next build, the others get it within this time: what only that understands waits an hour.
const DEPLOY: Duration = Duration::from_secs(15 * 60);
/// A process goes back to the last build once, and for at most this long.
const BACK: Duration = Duration::from_secs(10 * 60);

impl World {
    /// The build of the next life of `process`.
    pub(super) fn build_of(&self, process: usize) -> Build {
        if !self.is_new[process] {
            return Build::Last;
        }
        let others = self.lives.iter().filter_map(|living| living.life.as_ref());
        let is_everywhere = self.is_new.iter().all(|is_new| *is_new)
            && others.into_iter().all(|life| life.build() != Build::Last);
        if is_everywhere { Build::Everywhere } else { Build::Next }
    }

    /// Replaces `process` by the next build, or puts it back to the last one for a while.
    pub(super) fn deploy(&mut self, process: usize) {
        if !self.is_new[process] {
            return self.roll(process);
        }
        if std::mem::replace(&mut self.went_back[process], true) {
            return;
        }
        self.is_new[process] = false;
        self.house.watch.count(ROLLED_BACK);
        self.house.watch.tell(Some(process), || "goes back to the last build".to_owned());
        self.replace(process);
        let soon = self.within(BACK);
        self.at(soon, Event::Roll(process));
    }

    /// Replaces `process` by the next build, if it is not of that already.
    pub(super) fn roll(&mut self, process: usize) {
        if self.is_new[process] {
            return;
        }
        if !self.is_new.contains(&true) {
            for other in 0..self.plan.processes {
                let soon = self.within(DEPLOY);
                self.at(soon, Event::Roll(other));
            }
        }
        self.is_new[process] = true;
        self.house.watch.count(ROLLED);
        self.house.watch.tell(Some(process), || "gets the next build".to_owned());
        self.replace(process);
    }

    /// Ends the deploy: no process of the last build is left.
    pub(super) fn finish_deploy(&mut self) {
        for process in 0..self.plan.processes {
            self.roll(process);
            if self.lives[process].life.as_ref().is_some_and(|life| life.build() == Build::Last) {
                self.stop_for_a_while(process);
            }
        }
    }

    /// Asks `process` to stop, or stops it where nothing has begun that could end; it starts again as what it now is.
    fn replace(&mut self, process: usize) {
        self.drain(process);
        let living = &self.lives[process];
        if living.life.as_ref().is_some_and(Life::is_over) || living.is_draining {
            return;
        }
        self.stop_for_a_while(process);
    }

    fn within(&mut self, most: Duration) -> Timestamp {
        let by = self.up_to(most);
        self.house.time.now().plus(by)
    }
}
