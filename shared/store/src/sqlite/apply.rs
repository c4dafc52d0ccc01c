//! One unit of work inside the writer's transaction: first everything that can refuse it is read, then it is written.
//!
//! Nothing that was read can change in between, as there is one writer; so a refused unit has written nothing (but its
//! record, which is taken back) and no savepoint is needed, which would copy every page before its first change.

use super::tables::{ItemRow, Stored, Tables};
use super::work::{Claim, Work, unpack};
use crate::key::{Entry, Key, Version};
use crate::unit::{Change, Fields, Limit, Outcome, limits};

/// A message that was inserted, for the queues that wait for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Numbered {
    /// Which of the unit's sends.
    pub send: usize,
    pub seq: u64,
}

/// What validation learned about one change and writing needs.
#[derive(Debug, Default)]
struct Found {
    /// A row lies under the key, expired or not.
    is_stored: bool,
    expires: Option<i64>,
    are_same_entries: bool,
    /// The stored entries, unless they are the new ones.
    entries: Option<String>,
    /// A counter after its step.
    stepped: Option<(u64, Vec<u8>)>,
}

/// Applies works one after another; keeps what can be used again.
#[derive(Debug, Default)]
pub(super) struct Applier {
    found: Vec<Found>,
    /// The number of the next message.
    pub next_seq: u64,
}

impl Applier {
    pub(super) fn new(next_seq: u64) -> Self {
        Self { found: Vec::new(), next_seq }
    }

    /// Applies `work`. After an error the transaction holds a part of it and must be rolled back.
    pub(super) fn apply(
        &mut self,
        work: &Work,
        tables: &mut Tables<'_>,
        numbered: &mut Vec<Numbered>,
    ) -> rusqlite::Result<Outcome> {
        if let Some(limit) = work.limit {
            return self.refuse(work, limit, tables);
        }
        if let Some(record) = &work.record
            && !claim(work, record, tables)?
        {
            return Ok(Outcome::Duplicate);
        }
        if let Some(refusal) = self.validate(work, tables)? {
            if let Some(record) = &work.record {
                tables.delete_item(&record.key)?;
            }
            return Ok(refusal);
        }
        for ((change, packed), found) in work.changes.iter().zip(&work.packed).zip(&self.found) {
            write(work, change, packed.as_deref(), found, tables)?;
        }
        for (send, message) in work.sends.iter().enumerate().filter(|(_, message)| message.owing != 0) {
            let seq = self.next_seq;
            self.next_seq += 1;
            tables.insert_message(seq, message.owing, message.attempt, &message.body)?;
            numbered.push(Numbered { send, seq });
        }
        for name in &work.new_queues {
            tables.add_queue(name)?;
        }
        for settled in &work.settles {
            tables.settle_message(settled.seq, 1 << settled.queue)?;
        }
        Ok(Outcome::Committed)
    }

    /// A unit that is too large is still a duplicate or a conflict first.
    fn refuse(&mut self, work: &Work, limit: Limit, tables: &mut Tables<'_>) -> rusqlite::Result<Outcome> {
        if let Some(record) = &work.record
            && let Some(stored) = tables.look(&record.key, None)?
            && !is_expired(&stored, work.now)
        {
            return Ok(Outcome::Duplicate);
        }
        match self.validate(work, tables)? {
            Some(Outcome::Conflict) => Ok(Outcome::Conflict),
            _ => Ok(Outcome::TooLarge(limit)),
        }
    }

    /// Why the changes cannot be applied, if so.
    fn validate(&mut self, work: &Work, tables: &mut Tables<'_>) -> rusqlite::Result<Option<Outcome>> {
        self.found.clear();
        let mut too_large = None;
        for (change, packed) in work.changes.iter().zip(&work.packed) {
            let found = match change {
                Change::Check { key, version }
                | Change::Put { key, version, .. }
                | Change::Delete { key, version } => {
                    let stored = tables.look(key, packed.as_deref())?;
                    if current(stored.as_ref(), work.now) != *version {
                        return Ok(Some(Outcome::Conflict));
                    }
                    Found::from(stored)
                }
                Change::Step { key, add, guards } => {
                    let stored = tables.look_body(key)?;
                    match step(stored.as_ref().filter(|s| !is_expired(s, work.now)), add, guards) {
                        Ok(stepped) => Found { stepped: Some(stepped), ..Found::from(stored) },
                        Err(Outcome::TooLarge(limit)) => {
                            too_large = Some(Outcome::TooLarge(limit));
                            Found::default()
                        }
                        Err(refusal) => return Ok(Some(refusal)),
                    }
                }
            };
            self.found.push(found);
        }
        Ok(too_large)
    }
}

impl From<Option<Stored>> for Found {
    fn from(stored: Option<Stored>) -> Self {
        let Some(stored) = stored else { return Self::default() };
        let Stored { expires, entries, are_same_entries, .. } = stored;
        Self { is_stored: true, expires, are_same_entries, entries, stepped: None }
    }
}

fn is_expired(stored: &Stored, now: i64) -> bool {
    stored.expires.is_some_and(|at| at <= now)
}

fn current(stored: Option<&Stored>, now: i64) -> Version {
    stored.filter(|s| !is_expired(s, now)).map_or(Version::ABSENT, |s| Version(s.version))
}

/// Puts the record if it is absent. The insert is the look-up: a first execution is by far the most common one.
fn claim(work: &Work, record: &Claim, tables: &mut Tables<'_>) -> rusqlite::Result<bool> {
    let row = ItemRow {
        key: &record.key,
        version: work.nonce,
        expires: Some(record.expires),
        entries: None,
        body: &record.body,
    };
    if tables.claim(&row)? {
        return Ok(true);
    }
    let stored = tables.look(&record.key, None)?;
    match stored {
        Some(stored) if is_expired(&stored, work.now) => {
            remove(&record.key, stored.entries.as_deref(), tables)?;
            tables.claim(&row)
        }
        _ => Ok(false),
    }
}

/// The counter after the step: its version and body.
fn step(
    stored: Option<&Stored>,
    add: &[(String, i64)],
    guards: &[(String, i64)],
) -> Result<(u64, Vec<u8>), Outcome> {
    const NOT_A_COUNTER: Outcome = Outcome::TooLarge(Limit::Counter);
    let (version, mut fields) = match stored {
        None => (0, Fields::new()),
        Some(stored) => {
            // A document under the counter's name can never be stepped.
            let fields: Fields = serde_json::from_slice(&stored.body).map_err(|_| NOT_A_COUNTER)?;
            (stored.version, fields)
        }
    };
    if guards.iter().any(|(field, least)| fields.get(field).copied().unwrap_or(0) < *least) {
        return Err(Outcome::Conflict);
    }
    for (field, by) in add {
        match fields.get_mut(field) {
            Some(value) => *value = value.checked_add(*by).ok_or(NOT_A_COUNTER)?,
            None => drop(fields.insert(field.clone(), *by)),
        }
    }
    if fields.len() > limits::FIELDS {
        return Err(NOT_A_COUNTER);
    }
    let body = serde_json::to_vec(&fields).map_err(|_| NOT_A_COUNTER)?;
    Ok((version + 1, body))
}

fn write(
    work: &Work,
    change: &Change,
    packed: Option<&str>,
    found: &Found,
    tables: &mut Tables<'_>,
) -> rusqlite::Result<()> {
    match change {
        Change::Check { .. } => Ok(()),
        Change::Put { key, body, entries, expires, .. } => {
            let expires = expires.map(|at| at.as_micros());
            let row = ItemRow { key, version: work.nonce, expires, entries: packed, body };
            if found.is_stored {
                tables.update_item(&row, found.expires)?;
            } else {
                tables.insert_item(&row)?;
            }
            if found.are_same_entries { Ok(()) } else { reindex(key, found, entries, tables) }
        }
        Change::Delete { key, .. } => remove(key, found.entries.as_deref(), tables),
        Change::Step { key, .. } => {
            let Some((version, body)) = &found.stepped else { return Ok(()) };
            let was_document = found.expires.is_some() || found.entries.is_some();
            if found.is_stored && !was_document {
                return tables.step_item(key, *version, body);
            }
            remove(key, found.entries.as_deref(), tables)?;
            tables.insert_item(&ItemRow { key, version: *version, expires: None, entries: None, body })
        }
    }
}

/// Brings the rows of `entry` from what was stored to `entries`.
fn reindex(key: &Key, found: &Found, entries: &[Entry], tables: &mut Tables<'_>) -> rusqlite::Result<()> {
    let old = stored_entries(found.entries.as_deref())?;
    for entry in old.iter().filter(|entry| !entries.contains(entry)) {
        tables.delete_entry(key, entry)?;
    }
    for entry in entries.iter().filter(|entry| !old.contains(entry)) {
        tables.insert_entry(key, entry)?;
    }
    Ok(())
}

/// Takes an item away, with its rows of `entry`.
pub(super) fn remove(key: &Key, packed: Option<&str>, tables: &mut Tables<'_>) -> rusqlite::Result<()> {
    for entry in stored_entries(packed)? {
        tables.delete_entry(key, &entry)?;
    }
    tables.delete_item(key)
}

fn stored_entries(packed: Option<&str>) -> rusqlite::Result<Vec<Entry>> {
    let Some(packed) = packed else { return Ok(Vec::new()) };
    unpack(packed)
        .map_err(|e| rusqlite::Error::FromSqlConversionFailure(2, rusqlite::types::Type::Text, Box::new(e)))
}
