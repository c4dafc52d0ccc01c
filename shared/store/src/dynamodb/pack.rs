//! A unit of work as the actions of one transaction: one for each change, the record first.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::types::{ConditionCheck, Delete, Put, TransactWriteItem};

use super::counter::{Seen, Step};
use super::layout::{
    Attributes, BODY, EXPIRES, PIECES, Place, Spot, TTL, VERSION, bytes, index_pk, index_sk, number,
    size_bytes, text,
};
use super::settings::Settings;
use crate::key::{Key, Version};
use crate::unit::{Change, Limit, Unit, limits};

/// The most that DynamoDB takes in one transaction.
const TRANSACTION_BYTES: usize = 4 * 1024 * 1024;
/// What one action counts beside keys, bodies and entries: names of attributes, versions, times, conditions.
const ACTION_BYTES: usize = 256;

/// A unit that is ready to be judged and applied.
pub(super) struct Ready {
    /// The record is the first, if there is one.
    pub changes: Vec<Change>,
    pub has_record: bool,
    pub now: i64,
    pub nonce: u64,
    /// Which bound it breaks by itself.
    pub limit: Option<Limit>,
}

impl Ready {
    pub(super) fn new(unit: Unit) -> Self {
        let limit = unit.check_limits().err();
        let Unit { now, nonce, record, mut changes, .. } = unit;
        let has_record = record.is_some();
        if let Some(record) = record {
            changes.insert(0, record.as_put(nonce, now, false));
        }
        let mut ready = Self { changes, has_record, now: now.as_micros(), nonce: nonce.0, limit };
        ready.limit = ready.limit.or_else(|| ready.narrower());
        ready
    }

    /// The key of its record.
    pub(super) fn record(&self) -> Option<&Key> {
        self.changes.first().filter(|_| self.has_record).map(Change::key)
    }

    /// What DynamoDB bounds beyond the port: lengths of keys, and all that it counts in a transaction.
    fn narrower(&self) -> Option<Limit> {
        let mut sum = 0;
        for change in &self.changes {
            let place = Place::of(change.key());
            let piece = Place::of_piece(change.key(), &"0".repeat(32), 99);
            if !place.can_be() || !piece.can_be() {
                return Some(Limit::Bytes);
            }
            sum += place.pk.len() + place.sk.len() + ACTION_BYTES;
            match change {
                Change::Put { body, .. } if is_in_pieces(body.len()) => {}
                Change::Put { body, .. } => sum += body.len(),
                Change::Step { add, guards, .. } => {
                    let step = Step::new(add, guards);
                    if step.is_beyond() {
                        return Some(Limit::Counter);
                    }
                    sum += step.size_bytes();
                }
                Change::Check { .. } | Change::Delete { .. } => {}
            }
        }
        (sum > TRANSACTION_BYTES).then_some(Limit::Bytes)
    }
}

/// Whether a body is kept beside its item: only that of a record can be so large.
pub(super) fn is_in_pieces(body_bytes: usize) -> bool {
    body_bytes > limits::DOCUMENT_BYTES
}

/// What is known beside the unit itself.
#[derive(Default)]
pub(super) struct Known {
    /// Where the entries of each put lie.
    pub spots: BTreeMap<Key, Vec<Spot>>,
    /// Of the record, if its body is kept in pieces: how they are found.
    pub pieces: Option<String>,
    /// Of the counters.
    pub seen: BTreeMap<Key, Seen>,
}

impl Ready {
    /// As DynamoDB takes it; `None`: it is too large once all is counted.
    pub(super) fn actions(
        &self,
        settings: &Settings,
        known: &Known,
    ) -> Result<Option<Vec<TransactWriteItem>>, BuildError> {
        let mut actions = Vec::with_capacity(self.changes.len());
        let mut sum = 0;
        for (n, change) in self.changes.iter().enumerate() {
            let place = Place::of(change.key());
            sum += place.pk.len() + place.sk.len() + ACTION_BYTES;
            let action = TransactWriteItem::builder();
            actions.push(match change {
                Change::Check { version, .. } => {
                    let (condition, values) = self.condition(*version);
                    let check = ConditionCheck::builder()
                        .table_name(&settings.table)
                        .set_key(Some(place.attributes()))
                        .condition_expression(condition)
                        .set_expression_attribute_values(Some(values));
                    action.condition_check(check.build()?).build()
                }
                Change::Delete { version, .. } => {
                    // Nothing has the version of what is absent.
                    let (condition, values) = self.has(*version);
                    let delete = Delete::builder()
                        .table_name(&settings.table)
                        .set_key(Some(place.attributes()))
                        .condition_expression(condition)
                        .set_expression_attribute_values(Some(values));
                    action.delete(delete.build()?).build()
                }
                Change::Put { version, .. } => {
                    let pieces = known.pieces.as_deref().filter(|_| self.has_record && n == 0);
                    let item = self.item(change, &place, settings, (known, pieces));
                    sum += size_bytes(&item);
                    let (condition, values) = self.condition(*version);
                    let put = Put::builder()
                        .table_name(&settings.table)
                        .set_item(Some(item))
                        .condition_expression(condition)
                        .set_expression_attribute_values(Some(values));
                    action.put(put.build()?).build()
                }
                Change::Step { key, add, guards } => {
                    let step = Step::new(add, guards);
                    sum += step.size_bytes();
                    step.action(
                        &settings.table,
                        &place,
                        known.seen.get(key).unwrap_or(&Seen::Nothing),
                        self.now,
                    )?
                }
            });
        }
        Ok((sum <= TRANSACTION_BYTES).then_some(actions))
    }

    fn item(
        &self,
        change: &Change,
        place: &Place,
        settings: &Settings,
        (known, pieces): (&Known, Option<&str>),
    ) -> Attributes {
        let mut item = place.attributes();
        item.insert(VERSION.to_owned(), number(self.nonce));
        if let Change::Put { key, body, expires, .. } = change {
            match pieces {
                Some(pieces) => {
                    item.insert(PIECES.to_owned(), text(pieces));
                    item.insert(BODY.to_owned(), bytes(&[]));
                }
                None => {
                    item.insert(BODY.to_owned(), bytes(body));
                }
            }
            if let Some(expires) = expires {
                item.insert(EXPIRES.to_owned(), number(expires.as_micros()));
                item.insert(TTL.to_owned(), number(ttl(expires.as_micros(), settings)));
            }
            for spot in known.spots.get(key).into_iter().flatten() {
                item.insert(index_pk(spot.slot), text(&spot.pk));
                item.insert(index_sk(spot.slot), text(&spot.sk));
            }
        }
        item
    }

    /// That an item has this version now, or is absent.
    fn condition(&self, version: Version) -> (&'static str, Attributes) {
        if version == Version::ABSENT {
            return ("attribute_not_exists(pk) OR x <= :now", [(":now".to_owned(), number(self.now))].into());
        }
        self.has(version)
    }

    fn has(&self, version: Version) -> (&'static str, Attributes) {
        let values = [(":now".to_owned(), number(self.now)), (":v".to_owned(), number(version.0))];
        ("v = :v AND (attribute_not_exists(x) OR x > :now)", values.into())
    }
}

/// From when on, in seconds, DynamoDB may remove what expires at `micros`.
pub(super) fn ttl(micros: i64, settings: &Settings) -> i64 {
    let grace = i64::try_from(settings.purge_grace.as_secs()).unwrap_or(i64::MAX);
    micros.div_euclid(1_000_000).saturating_add(1).saturating_add(grace).max(0)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use contracts::Timestamp;

    use super::*;
    use crate::key::Entry;
    use crate::unit::Nonce;

    fn put(id: &str, body_bytes: usize) -> Change {
        let entry = |index| Entry::new(index, "a partition of some length", "2026-11-26T22:00:00.000000Z");
        Change::Put {
            key: Key::new("orders.order", id),
            version: Version::ABSENT,
            body: Bytes::from(vec![0; body_bytes]),
            entries: vec![entry("by-customer"), entry("stalled"), entry("all")],
            expires: Some(Timestamp::EPOCH),
        }
    }

    fn ready(changes: Vec<Change>) -> Ready {
        Ready::new(Unit { now: Timestamp::EPOCH, nonce: Nonce(1), record: None, changes, settles: None })
    }

    fn fits(ready: &Ready) -> bool {
        let spot = |slot| Spot { slot, pk: "p".repeat(80), sk: "s".repeat(80) };
        let spots = ready.changes.iter().map(|change| (change.key().clone(), (1..=3).map(spot).collect()));
        let known = Known { spots: spots.collect(), ..Known::default() };
        ready.actions(&Settings::default(), &known).unwrap().is_some()
    }

    /// No emulator measures as DynamoDB does.
    #[test]
    fn what_the_port_allows_fits_into_a_transaction_with_all_that_is_counted() {
        let few: Vec<Change> = (0..15).map(|n| put(&format!("{n:036}"), limits::DOCUMENT_BYTES)).collect();
        let rest = limits::UNIT_BYTES - 15 * limits::DOCUMENT_BYTES - 16 * (36 + "orders.order".len());
        let few = ready([few, vec![put("the last one, with an id of 36 bytes", rest)]].concat());
        assert!(few.limit.is_none() && fits(&few), "{:?}", few.limit);
        let each = limits::UNIT_BYTES / limits::UNIT_ITEMS - 36 - "orders.order".len();
        let many = ready((0..limits::UNIT_ITEMS).map(|n| put(&format!("{n:036}"), each)).collect());
        assert!(many.limit.is_none() && fits(&many), "{:?}", many.limit);
    }

    #[test]
    fn keys_that_take_what_is_left_are_too_large() {
        let long = ready((0..95).map(|n| put(&format!("{n:01000}"), 41_000)).collect());
        assert!(long.limit.is_none(), "{:?}", long.limit);
        let spot = |slot| Spot { slot, pk: "p".repeat(2_048), sk: "s".repeat(1_024) };
        let spots = long.changes.iter().map(|change| (change.key().clone(), (1..=3).map(spot).collect()));
        let known = Known { spots: spots.collect(), ..Known::default() };
        assert!(long.actions(&Settings::default(), &known).unwrap().is_none());
    }

    #[test]
    fn what_expires_may_be_forgotten_after_the_grace_and_never_before() {
        let settings = Settings::default();
        assert_eq!(
            [0, 999_999, 1_000_000, i64::MAX].map(|micros| ttl(micros, &settings)),
            [601, 601, 602, 9_223_372_037_455]
        );
        assert_eq!(ttl(i64::MIN, &settings), 0);
    }
}
