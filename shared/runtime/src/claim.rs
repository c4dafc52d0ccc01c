//! Claim check: what is too large for a message is kept apart from it, and fetched before anybody handles it.
//!
//! Data is kept BEFORE the commit that publishes its message, so whoever gets the message finds the data. It is named by
//! its hash: keeping it twice is harmless, and what is kept for a commit that never happened expires.

use std::sync::Arc;

use bytes::Bytes;
use contracts::event::{self, Apart};
use contracts::{DataRef, Envelope, Timestamp, card};
use store::{Blob, Blobs, Outage};

use crate::core::{Core, Ports};
use crate::fail::Fail;
use crate::operate::redacted;
use crate::policy::MESSAGE_BYTES;
use crate::quirk::Bug;
use crate::stats::Stats;
use crate::uow::Uow;

/// Takes messages apart that are too large, and gets what was taken.
#[derive(Clone)]
pub struct Claims {
    blobs: Arc<dyn Blobs>,
    message_bytes: usize,
}

/// What lies where an event says that its data lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// The data.
    Whole(Bytes),
    /// Nothing, or nothing yet.
    Missing,
    /// Something else.
    Corrupt,
}

impl Claims {
    pub(crate) fn new(ports: &Ports) -> Self {
        let message_bytes = ports.bus.caps().max_message_bytes.min(MESSAGE_BYTES);
        Self { blobs: ports.blobs.clone(), message_bytes }
    }

    /// The event as it can be sent: itself, or without its data, which is kept first.
    ///
    /// # Errors
    /// [`Fail::Outage`]; [`Fail::Permanent`]: the data is larger than anything that can be kept.
    pub async fn fitting(&self, body: Bytes, now: Timestamp) -> Result<Bytes, Fail> {
        let Some((event, blob)) = self.split(&body)? else { return Ok(body) };
        self.blobs.put(blob, now).await?;
        Ok(event)
    }

    /// What lies under `name`.
    ///
    /// # Errors
    /// [`Outage`]: ask again later.
    pub async fn fetch(&self, name: DataRef) -> Result<Found, Outage> {
        Ok(match self.blobs.get(name).await? {
            None => Found::Missing,
            Some(data) if DataRef::of(&data) == name => Found::Whole(data),
            Some(_) => Found::Corrupt,
        })
    }

    /// An event as people see it, with its data wherever that lies; without it when it cannot be had.
    pub async fn shown(&self, event: &[u8]) -> serde_json::Value {
        let text = String::from_utf8_lossy(event);
        let claim = if text.contains(DataRef::PREFIX) { Envelope::decode(event).ok() } else { None };
        let Some(name) = claim.and_then(|event| event.claim()) else { return redacted(&text) };
        let Ok(Found::Whole(data)) = self.fetch(name).await else { return redacted(&text) };
        let Some(whole) = event::together(event, &data) else { return redacted(&text) };
        let whole = String::from_utf8_lossy(&whole);
        redacted(&card::mask(&whole).map_or_else(|| whole.into_owned(), |masked| masked.text))
    }

    pub(crate) fn blobs(&self) -> &dyn Blobs {
        self.blobs.as_ref()
    }

    /// The event without its data, and the data; `None` when it can be sent as it is.
    fn split(&self, body: &Bytes) -> Result<Option<(Bytes, Blob)>, Fail> {
        if body.len() <= self.message_bytes {
            return Ok(None);
        }
        let Some(Apart { event, data, .. }) = event::apart(body) else { return Ok(None) };
        let blob = Blob::new(data.into()).map_err(|too_large| Fail::Permanent {
            reason: "an event cannot be published".to_owned(),
            source: Some(too_large.into()),
        })?;
        Ok(Some((event.into(), blob)))
    }
}

impl Core {
    /// Takes apart what is too large of what `uow` sends, and keeps the data. Answers what is not kept yet: nothing,
    /// unless that is the planted bug.
    pub(crate) async fn take_apart(&self, uow: &mut Uow) -> Result<Vec<Blob>, Fail> {
        let mut blobs = Vec::new();
        for message in uow.messages() {
            if let Some((event, blob)) = self.claims.split(&message.body)? {
                message.body = event;
                blobs.push(blob);
            }
        }
        Stats::add(&self.stats.claimed, blobs.len());
        if self.quirks.has(Bug::BlobAfterCommit) {
            return Ok(blobs);
        }
        for blob in blobs {
            self.claims.blobs.put(blob, self.env.now()).await?;
        }
        Ok(Vec::new())
    }

    /// What the planted bug does: whoever crashes here, or meets an outage, has published what nobody can read.
    pub(crate) async fn keep_late(&self, blobs: Vec<Blob>) {
        for blob in blobs {
            self.claims.blobs.put(blob, self.env.now()).await.ok();
        }
    }
}
