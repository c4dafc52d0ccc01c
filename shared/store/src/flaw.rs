//! Bugs that a store could have, to show that the tests and the simulator would notice.

use crate::key::Version;
use crate::unit::{Change, Unit};

/// A bug in how a unit of work is applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flaw {
    /// Nobody looks whether what was absent is still absent.
    AbsenceNotChecked,
    /// Counters step whatever their guards say.
    GuardIgnored,
    /// The record is put, its changes are not.
    RecordWithoutEffects,
    /// Only the first half of the changes is applied.
    PartialUnit,
}

impl Flaw {
    /// Every flaw.
    pub const ALL: [Self; 4] =
        [Self::AbsenceNotChecked, Self::GuardIgnored, Self::RecordWithoutEffects, Self::PartialUnit];

    /// The unit as a store with this flaw understands it.
    #[must_use]
    pub fn distort(self, mut unit: Unit) -> Unit {
        match self {
            Self::AbsenceNotChecked => unit.changes.retain(
                |change| !matches!(change, Change::Check { version, .. } if *version == Version::ABSENT),
            ),
            Self::GuardIgnored => {
                for change in &mut unit.changes {
                    if let Change::Step { guards, .. } = change {
                        guards.clear();
                    }
                }
            }
            Self::RecordWithoutEffects if unit.record.is_some() => unit.changes.clear(),
            Self::RecordWithoutEffects => {}
            Self::PartialUnit => unit.changes.truncate(unit.changes.len().div_ceil(2)),
        }
        unit
    }
}
