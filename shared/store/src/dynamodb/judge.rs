//! Judges a unit by what a strong read finds: after a condition did not hold, and where a unit is too large to be asked.

use std::collections::BTreeMap;

use super::counter::{Seen, Step, fields};
use super::layout::{Attributes, BODY, EXPIRES, Place, VERSION, number_of};
use super::pack::Ready;
use super::requests::Requests;
use crate::failure::Outage;
use crate::key::{Key, Version};
use crate::unit::{Change, Fields};

/// What becomes of a unit, as far as what was read goes.
pub(super) enum Verdict {
    /// Its record exists.
    Duplicate,
    /// A check, a guard or an expected version does not hold.
    Conflict,
    /// A counter would leave its bounds.
    Beyond,
    /// It holds, if the counters are still as they were seen.
    Holds(BTreeMap<Key, Seen>),
}

pub(super) async fn judge(requests: &Requests, ready: &Ready) -> Result<Verdict, Outage> {
    let found = requests.get(ready.changes.iter().map(|change| Place::of(change.key())).collect()).await?;
    let mut seen = BTreeMap::new();
    let (mut is_conflict, mut is_beyond) = (false, false);
    for (n, change) in ready.changes.iter().enumerate() {
        let there = found.get(&Place::of(change.key()));
        let live = there
            .map(|item| is_live(item, ready.now).map(|live| live.then_some(item)))
            .transpose()?
            .flatten();
        let version = live.map(version_of).transpose()?.unwrap_or(Version::ABSENT);
        match change {
            Change::Put { .. } if n == 0 && ready.has_record => {
                if live.is_some() {
                    return Ok(Verdict::Duplicate);
                }
            }
            Change::Check { version: want, .. } | Change::Put { version: want, .. } => {
                is_conflict |= version != *want
            }
            Change::Delete { version: want, .. } => {
                is_conflict |= version != *want || *want == Version::ABSENT
            }
            Change::Step { key, add, guards } => {
                let step = Step::new(add, guards);
                let is_document = live.is_some_and(|item| item.contains_key(BODY));
                let fields =
                    live.filter(|_| !is_document).map(fields).transpose()?.unwrap_or_else(Fields::new);
                is_conflict |= is_document || !step.may(&fields);
                is_beyond |= step.overflows(&fields);
                let is_expired = there.is_some() && live.is_none();
                seen.insert(key.clone(), if is_expired { Seen::Expired } else { step.seen(&fields) });
            }
        }
    }
    Ok(match (is_conflict, is_beyond) {
        (true, _) => Verdict::Conflict,
        (false, true) => Verdict::Beyond,
        (false, false) => Verdict::Holds(seen),
    })
}

/// Whether an item is there at `now`.
pub(super) fn is_live(item: &Attributes, now: i64) -> Result<bool, Outage> {
    Ok(number_of::<i64>(item, EXPIRES)?.is_none_or(|expires| expires > now))
}

pub(super) fn version_of(item: &Attributes) -> Result<Version, Outage> {
    number_of(item, VERSION)?.map(Version).ok_or_else(|| super::layout::damaged(VERSION))
}
