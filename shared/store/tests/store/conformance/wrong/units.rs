//! Units of work, misunderstood before they are committed.

use std::time::Duration;

use bytes::Bytes;
use contracts::MessageId;
use store::{Address, Change, Fields, Nonce, Outage, Outgoing, Record, Unit, Version, limits};

use super::{Flaw, Wrong};

impl Wrong {
    /// The unit as this store understands it.
    pub(super) async fn distort(&self, mut unit: Unit) -> Result<Unit, Outage> {
        unit.now = self.when(unit.now);
        unit.record = unit.record.and_then(|record| self.distort_record(record));
        match self.flaw {
            Flaw::Planted(flaw) => return Ok(flaw.distort(unit)),
            Flaw::VersionsIgnored => return self.with_present_versions(unit).await,
            Flaw::StepsOverwrite => return self.with_sums(unit).await,
            Flaw::NonceInvented => unit.nonce = Nonce(unit.nonce.0 + 1_000_000),
            Flaw::ChecksIgnored => unit.changes.retain(|change| !matches!(change, Change::Check { .. })),
            Flaw::DeletesLost => unit.changes.retain(|change| !matches!(change, Change::Delete { .. })),
            Flaw::ReplacementsLost => unit.changes.retain(
                |change| !matches!(change, Change::Put { version, .. } if *version != Version::ABSENT),
            ),
            Flaw::LimitsNarrow => pad(&mut unit),
            _ => {}
        }
        unit.changes = unit.changes.into_iter().map(|change| self.distort_change(change)).collect();
        Ok(unit)
    }

    fn distort_record(&self, mut record: Record) -> Option<Record> {
        record.key = self.key(record.key);
        match self.flaw {
            Flaw::RecordsLost => return None,
            Flaw::NeverPending => record.outgoing.clear(),
            Flaw::AlwaysPending => record.outgoing.push(nothing()),
            Flaw::AttemptsForgotten => record.outgoing.iter_mut().for_each(|outgoing| outgoing.attempt = 0),
            _ => {}
        }
        Some(record)
    }

    fn distort_change(&self, change: Change) -> Change {
        match change {
            Change::Check { key, version } => {
                let key = self.key(key);
                if self.flaw == Flaw::ChecksWrite {
                    return Change::Put { key, version, body: Bytes::new(), entries: vec![], expires: None };
                }
                Change::Check { key, version }
            }
            Change::Delete { key, version } => Change::Delete { key: self.key(key), version },
            Change::Put { .. } => self.distort_put(change),
            Change::Step { key, add, guards } => {
                let guards = self.distort_guards(&add, guards);
                Change::Step { key: self.key(key), add, guards }
            }
        }
    }

    fn distort_put(&self, change: Change) -> Change {
        let Change::Put { key, version, mut body, mut entries, mut expires } = change else { return change };
        let key = self.key(key);
        match self.flaw {
            Flaw::BodiesAsText => body = Bytes::from(String::from_utf8_lossy(&body).trim().to_owned()),
            Flaw::EntriesLost => entries.clear(),
            Flaw::FirstEntryOnly => entries.truncate(1),
            Flaw::IndexesMerged => entries.iter_mut().for_each(|entry| entry.index = "all".into()),
            Flaw::PartitionsMerged => {
                entries.iter_mut().for_each(|entry| "all".clone_into(&mut entry.partition))
            }
            Flaw::EverythingExpires => {
                let soon = store::conformance::trial::now().plus(Duration::from_secs(1_000));
                expires = expires.or(Some(soon));
            }
            Flaw::ExpiryNeverChanges => expires = self.memory.first_expiry(&key, expires),
            _ => {}
        }
        Change::Put { key, version, body, entries, expires }
    }

    fn distort_guards(&self, add: &[(String, i64)], mut guards: Vec<(String, i64)>) -> Vec<(String, i64)> {
        match self.flaw {
            Flaw::FirstGuardOnly => guards.truncate(1),
            Flaw::GuardsLoose => guards.iter_mut().for_each(|(_, least)| *least -= 1),
            Flaw::GuardsStrict => guards.iter_mut().for_each(|(_, least)| *least += 1),
            Flaw::GuardsAfterStep => {
                for (field, least) in &mut guards {
                    *least -= add.iter().filter(|(name, _)| name == field).map(|(_, by)| by).sum::<i64>();
                }
            }
            Flaw::FieldsStopAtZero => {
                guards.extend(add.iter().filter(|(_, by)| *by < 0).map(|(name, by)| (name.clone(), -by)));
            }
            _ => {}
        }
        guards
    }

    /// Every version in the unit is what it happens to be now.
    pub(super) async fn with_present_versions(&self, mut unit: Unit) -> Result<Unit, Outage> {
        let keys = unit.changes.iter().map(|change| change.key().clone()).collect();
        let items = self.inner.read(keys, unit.now).await?;
        let mut changes = vec![];
        for (mut change, item) in unit.changes.into_iter().zip(items) {
            let now = item.map_or(Version::ABSENT, |item| item.version);
            match &mut change {
                Change::Put { version, .. } => *version = now,
                Change::Delete { version, .. } if now != Version::ABSENT => *version = now,
                Change::Delete { .. } | Change::Check { .. } => continue,
                Change::Step { .. } => {}
            }
            changes.push(change);
        }
        unit.changes = changes;
        Ok(unit)
    }

    /// Steps become the sums that they would make now, whatever happens until they are applied.
    async fn with_sums(&self, mut unit: Unit) -> Result<Unit, Outage> {
        for change in &mut unit.changes {
            let Change::Step { key, add, guards } = change else { continue };
            let read = |item: store::Item| serde_json::from_slice::<Fields>(&item.body).ok();
            let items = self.inner.read(vec![key.clone()], unit.now).await?;
            let item = items.into_iter().next().flatten();
            let version = item.as_ref().map_or(Version::ABSENT, |item| item.version);
            let mut fields = item.and_then(read).unwrap_or_default();
            if !guards.iter().all(|(field, least)| fields.get(field).copied().unwrap_or(0) >= *least) {
                *change = Change::Check { key: key.clone(), version: Version(u64::MAX) };
                continue;
            }
            for (field, by) in add {
                *fields.entry(field.clone()).or_insert(0) += *by;
            }
            let body = Bytes::from(serde_json::to_vec(&fields).unwrap());
            *change = Change::Put { key: key.clone(), version, body, entries: vec![], expires: None };
        }
        Ok(unit)
    }
}

/// Makes a unit look larger than it is, by one of everything that is limited.
fn pad(unit: &mut Unit) {
    let is_at_border = unit.changes.len() + usize::from(unit.record.is_some()) == limits::UNIT_ITEMS;
    let extra = if is_at_border { 1 } else { 0 };
    for change in &mut unit.changes {
        match change {
            Change::Put { body, .. } if body.len() == limits::DOCUMENT_BYTES => {
                *body = Bytes::from(vec![0; limits::DOCUMENT_BYTES + 1]);
            }
            Change::Put { entries, .. } if entries.len() == limits::ENTRIES => {
                entries.push(store::Entry::new("more", "", ""));
            }
            Change::Step { add, .. } if add.len() == limits::FIELDS => add.push(("more".to_owned(), 0)),
            Change::Put { .. } | Change::Step { .. } | Change::Check { .. } | Change::Delete { .. } => {}
        }
    }
    if unit.record.as_ref().is_some_and(|record| {
        record.outgoing.iter().map(|o| o.body.len()).sum::<usize>() > limits::DOCUMENT_BYTES
    }) {
        unit.changes.push(Change::Put {
            key: store::Key::new("more", "more"),
            version: Version::ABSENT,
            body: Bytes::from(vec![0; limits::DOCUMENT_BYTES + 1]),
            entries: vec![],
            expires: None,
        });
    }
    for n in 0..extra {
        unit.changes
            .push(Change::Check { key: store::Key::new("more", n.to_string()), version: Version::ABSENT });
    }
}

fn nothing() -> Outgoing {
    Outgoing {
        id: MessageId::named(&["nothing"]),
        address: Address::Queue("nobody".to_owned()),
        lane: String::new(),
        attempt: 0,
        body: Bytes::from_static(b"null"),
    }
}
