//! Blobs with one flaw each, and the case that notices it.

use std::sync::Arc;

use bytes::Bytes;
use contracts::{DataRef, Timestamp};
use store::blobs::BLOB_BYTES;
use store::conformance::blobs::{Hook, Subject};
use store::sim::{JumpingTime, Rates};
use store::{Blob, Blobs, Boxed, Outage};

use super::Simulated;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Flaw {
    MissingIsEmpty,
    BytesAsText,
    EmptyIsMissing,
    CutShort,
    NamedByFirstByte,
    KeptTwice,
    EveryFourthLost,
    BorderExpires,
    PuttingDoesNotRenew,
    RenewingDoesNotRenew,
    RenewingMakes,
    LimitIgnored,
    ExpiredStaysAway,
    OutagesSwallowed,
    RepeatedPutFails,
    NeverPutRight,
    RestartForgets,
    RestartMakesYoung,
}

use Flaw::*;

impl Flaw {
    pub(super) const ALL: [Self; 18] = [
        MissingIsEmpty,
        BytesAsText,
        EmptyIsMissing,
        CutShort,
        NamedByFirstByte,
        KeptTwice,
        EveryFourthLost,
        BorderExpires,
        PuttingDoesNotRenew,
        RenewingDoesNotRenew,
        RenewingMakes,
        LimitIgnored,
        ExpiredStaysAway,
        OutagesSwallowed,
        RepeatedPutFails,
        NeverPutRight,
        RestartForgets,
        RestartMakesYoung,
    ];
}

pub(super) const FLAWS: &[(&str, Flaw)] = &[
    ("what_was_never_put_is_missing", MissingIsEmpty),
    ("what_was_put_is_kept_byte_for_byte", BytesAsText),
    ("an_empty_blob_is_kept", EmptyIsMissing),
    ("the_longest_blob_is_kept_whole", CutShort),
    ("blobs_do_not_share_content", NamedByFirstByte),
    ("putting_again_is_harmless", KeptTwice),
    ("puts_at_once_lose_nothing", EveryFourthLost),
    ("equal_puts_at_once_are_harmless", KeptTwice),
    ("what_is_old_expires_and_what_is_not_stays", BorderExpires),
    ("putting_again_renews", PuttingDoesNotRenew),
    ("renewing_renews", RenewingDoesNotRenew),
    ("renewing_what_is_missing_says_so_and_makes_nothing", RenewingMakes),
    ("no_more_expire_than_asked_for", LimitIgnored),
    ("what_expired_can_be_put_again", ExpiredStaysAway),
    ("an_outage_says_so_and_loses_nothing", OutagesSwallowed),
    ("a_put_whose_answer_was_lost_can_be_repeated", RepeatedPutFails),
    ("what_is_damaged_is_shown_as_it_is_until_it_is_put_again", NeverPutRight),
    ("what_was_put_is_there_after_a_restart", RestartForgets),
    ("what_was_put_keeps_its_age_over_a_restart", RestartMakesYoung),
];

/// Simulated blobs behind something that gets one thing wrong.
pub(super) struct Wrong {
    flaw: Flaw,
    inner: Simulated,
}

impl Wrong {
    pub(super) fn new(flaw: Flaw) -> Self {
        Self { flaw, inner: Simulated::new(Rates::NONE) }
    }

    pub(super) fn time(&self) -> &JumpingTime {
        &self.inner.time
    }

    fn around(&self, inner: Arc<dyn Blobs>) -> Arc<dyn Blobs> {
        Arc::new(Behind { flaw: self.flaw, inner, puts: std::sync::Mutex::default() })
    }
}

impl Subject for Wrong {
    fn fresh(&self) -> Boxed<'_, Arc<dyn Blobs>> {
        Box::pin(async { self.around(self.inner.fresh().await) })
    }

    fn reopen(&self) -> Boxed<'_, Option<Arc<dyn Blobs>>> {
        let world = self.inner.world();
        world.with_blobs(|shelf| {
            for name in shelf.names().collect::<Vec<_>>() {
                match self.flaw {
                    RestartForgets => shelf.replace(name, None),
                    RestartMakesYoung => drop(shelf.renew(name, Timestamp::MAX)),
                    _ => {}
                }
            }
        });
        Box::pin(async { self.inner.reopen().await.map(|inner| self.around(inner)) })
    }

    fn hook(&self, hook: Hook) -> bool {
        self.inner.hook(hook)
    }
}

struct Behind {
    flaw: Flaw,
    inner: Arc<dyn Blobs>,
    puts: std::sync::Mutex<Vec<DataRef>>,
}

fn made(content: Bytes) -> Blob {
    Blob::new(content).unwrap()
}

impl Behind {
    async fn wrong_put(&self, blob: Blob, now: Timestamp) -> Result<(), Outage> {
        let (nth, is_again) = {
            let mut puts = self.puts.lock().unwrap();
            puts.push(blob.name());
            (puts.len(), puts.iter().filter(|put| **put == blob.name()).count() > 1)
        };
        match self.flaw {
            KeptTwice if is_again => self.inner.put(made(format!("{nth}").into()), now).await,
            EveryFourthLost if nth.is_multiple_of(4) => Ok(()),
            PuttingDoesNotRenew | NeverPutRight | ExpiredStaysAway if is_again => Ok(()),
            RepeatedPutFails if is_again => Err(Outage::new(store::OutageKind::Broken, "it exists")),
            NamedByFirstByte => {
                let first = made(blob.name().hex()[..2].to_owned().into());
                self.inner.put(first.clone(), now).await?;
                // The last one that begins so takes the place of the others.
                self.inner.put(blob, now).await
            }
            _ => self.inner.put(blob, now).await,
        }
    }

    async fn wrong_get(&self, name: DataRef) -> Result<Option<Bytes>, Outage> {
        let last_alike = || {
            let puts = self.puts.lock().unwrap();
            puts.iter().rfind(|put| put.hex()[..2] == name.hex()[..2]).copied()
        };
        let asked = if self.flaw == NamedByFirstByte { last_alike().unwrap_or(name) } else { name };
        let got = self.inner.get(asked).await?;
        Ok(match self.flaw {
            MissingIsEmpty => Some(got.unwrap_or_default()),
            BytesAsText => got.map(|bytes| String::from_utf8_lossy(&bytes).into_owned().into()),
            EmptyIsMissing => got.filter(|bytes| !bytes.is_empty()),
            CutShort => got.map(|bytes| bytes.slice(..bytes.len().min(BLOB_BYTES - 1))),
            _ => got,
        })
    }
}

impl Blobs for Behind {
    fn put(&self, blob: Blob, now: Timestamp) -> Boxed<'_, Result<(), Outage>> {
        Box::pin(async move {
            let put = self.wrong_put(blob, now).await;
            if self.flaw == OutagesSwallowed { Ok(()) } else { put }
        })
    }

    fn get(&self, name: DataRef) -> Boxed<'_, Result<Option<Bytes>, Outage>> {
        Box::pin(self.wrong_get(name))
    }

    fn renew(&self, name: DataRef, now: Timestamp) -> Boxed<'_, Result<bool, Outage>> {
        Box::pin(async move {
            match self.flaw {
                RenewingDoesNotRenew => Ok(self.inner.get(name).await?.is_some()),
                RenewingMakes => {
                    self.inner.put(made(Bytes::new()), now).await?;
                    Ok(true)
                }
                _ => self.inner.renew(name, now).await,
            }
        })
    }

    fn expire(&self, before: Timestamp, limit: usize) -> Boxed<'_, Result<usize, Outage>> {
        let before = match self.flaw {
            BorderExpires => Timestamp::from_micros(before.as_micros() + 1),
            _ => before,
        };
        let limit = if self.flaw == LimitIgnored { usize::MAX } else { limit };
        self.inner.expire(before, limit)
    }
}
