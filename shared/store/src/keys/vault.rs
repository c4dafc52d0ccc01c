//! Seals content with data keys that are held for a while, so that a keeper is asked once for many.

use std::collections::HashMap;
use std::sync::{Arc, Mutex as Brief, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use contracts::Timestamp;
use tokio::sync::Mutex;

use super::{DataKey, Keys, Secret, WRAPPED_BYTES, seal};
use crate::failure::{Outage, OutageKind};

/// What sealed content begins with: so it is told from what is not sealed, and from layouts to come.
const MARK: &[u8; 8] = b"\x00banyan\x01";
/// The length of the sealed data key comes after the mark.
const LENGTH_BYTES: usize = 2;

/// The most that sealing adds to content, in bytes.
pub const SEAL_BYTES: usize = MARK.len() + LENGTH_BYTES + WRAPPED_BYTES + seal::ADDED_BYTES;

/// How long, and for how much, a data key is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// A key older than this is asked for again: a keeper who no longer gives it is obeyed so soon.
    pub age: Duration,
    /// Contents that one key seals.
    pub contents: u32,
    /// Bytes that one key seals.
    pub bytes: u64,
    /// Keys that are held to open what others sealed.
    pub opened: usize,
}

impl Bounds {
    /// What a key seals is lost or won together: five minutes of work, and far from where nonces could meet.
    pub const USUAL: Self =
        Self { age: Duration::from_secs(300), contents: 10_000, bytes: 1 << 30, opened: 256 };
}

/// Seals and opens.
pub struct Vault {
    keys: Arc<dyn Keys>,
    bounds: Bounds,
    /// Locked while a key is made, so that all who wait for one get the same.
    sealing: Mutex<Option<Sealing>>,
    opened: Brief<HashMap<Bytes, (Secret, Timestamp)>>,
}

struct Sealing {
    key: DataKey,
    since: Timestamp,
    contents: u32,
    bytes: u64,
}

impl Vault {
    /// With data keys of `keys`.
    pub fn new(keys: Arc<dyn Keys>, bounds: Bounds) -> Self {
        Self { keys, bounds, sealing: Mutex::default(), opened: Brief::default() }
    }

    /// `plain`, so that only who may ask the keeper can read it, and only under the same `context`: where it belongs, which
    /// is not kept with it.
    ///
    /// # Errors
    /// [`Outage`]: no data key can be had.
    pub async fn seal(&self, plain: &[u8], context: &[u8], now: Timestamp) -> Result<Bytes, Outage> {
        let DataKey { secret, wrapped } = self.sealing_key(plain.len(), now).await?;
        let length = u16::try_from(wrapped.len()).ok().filter(|length| usize::from(*length) <= WRAPPED_BYTES);
        let length = length.ok_or_else(|| {
            let told = format!("a sealed data key has {} bytes, more than {WRAPPED_BYTES}", wrapped.len());
            Outage::new(OutageKind::Broken, told)
        })?;
        let sealed = seal::seal(&secret, plain, context)?;
        Ok([MARK.as_slice(), &length.to_be_bytes(), &wrapped, &sealed].concat().into())
    }

    /// What was sealed; `None` when it was not sealed here, not under this `context`, or is damaged.
    ///
    /// # Errors
    /// [`Outage`]: its data key cannot be had now.
    pub async fn open(&self, sealed: &[u8], context: &[u8], now: Timestamp) -> Result<Option<Bytes>, Outage> {
        let Some((wrapped, sealed)) = parts(sealed) else { return Ok(None) };
        let Some(secret) = self.opening_key(wrapped, now).await? else { return Ok(None) };
        Ok(seal::open(&secret, sealed, context).map(Bytes::from))
    }

    async fn sealing_key(&self, size_bytes: usize, now: Timestamp) -> Result<DataKey, Outage> {
        let size = size_bytes as u64;
        let mut sealing = self.sealing.lock().await;
        if let Some(held) = sealing.as_mut()
            && is_young(held.since, now, self.bounds.age)
            && held.contents < self.bounds.contents
            && held.bytes.saturating_add(size) <= self.bounds.bytes
        {
            held.contents += 1;
            held.bytes += size;
            return Ok(held.key.clone());
        }
        let key = self.keys.make().await?;
        *sealing = Some(Sealing { key: key.clone(), since: now, contents: 1, bytes: size });
        // What was sealed here is often opened here.
        self.hold(key.wrapped.clone(), key.secret.clone(), now);
        Ok(key)
    }

    async fn opening_key(&self, wrapped: &[u8], now: Timestamp) -> Result<Option<Secret>, Outage> {
        let held = self.held().get(wrapped).cloned();
        if let Some((secret, since)) = held
            && is_young(since, now, self.bounds.age)
        {
            return Ok(Some(secret));
        }
        let wrapped = Bytes::copy_from_slice(wrapped);
        let secret = self.keys.unwrap(wrapped.clone()).await?;
        match &secret {
            Some(secret) => self.hold(wrapped, secret.clone(), now),
            None => drop(self.held().remove(&wrapped)),
        }
        Ok(secret)
    }

    fn hold(&self, wrapped: Bytes, secret: Secret, now: Timestamp) {
        let mut held = self.held();
        held.insert(wrapped, (secret, now));
        if held.len() > self.bounds.opened {
            let oldest = held.iter().min_by_key(|(_, (_, since))| *since).map(|(wrapped, _)| wrapped.clone());
            oldest.map(|wrapped| held.remove(&wrapped));
        }
    }

    fn held(&self) -> MutexGuard<'_, HashMap<Bytes, (Secret, Timestamp)>> {
        self.opened.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A clock that was put back makes nothing young for longer.
fn is_young(since: Timestamp, now: Timestamp, age: Duration) -> bool {
    since <= now && now < since.plus(age)
}

/// The sealed data key, and what it seals.
fn parts(sealed: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = sealed.strip_prefix(MARK.as_slice())?.split_at_checked(LENGTH_BYTES)?;
    let length = usize::from(u16::from_be_bytes(length.try_into().ok()?));
    rest.split_at_checked(length).filter(|_| length <= WRAPPED_BYTES)
}
