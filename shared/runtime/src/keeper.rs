//! Who refers to data that lies elsewhere keeps it alive: the data of every message in the due table is renewed now and
//! then, dead letters included. Data that nobody renews expires.

use contracts::Timestamp;
use store::{Key, Query};

use crate::core::Core;
use crate::due::{self, Due};
use crate::fail::Fail;
use crate::policy::{BLOB_KEPT, BLOB_PAGE, BLOB_RENEWED, BLOB_RENEWED_AGAIN, BLOBS_EXPIRED};

/// When the next pass is.
#[derive(Default)]
pub(crate) struct Keeper {
    /// `None`: at once.
    next: Option<Timestamp>,
    /// Nothing expires in a first pass: after a long stop everybody renews first.
    has_renewed: bool,
}

impl Keeper {
    /// Makes a pass, if it is time.
    pub(crate) async fn look(&mut self, core: &Core) {
        let now = core.env.now();
        if self.next.is_some_and(|next| now < next) {
            return;
        }
        let wait = match core.keep_blobs(self.has_renewed).await {
            Ok(()) => {
                self.has_renewed = true;
                BLOB_RENEWED
            }
            Err(error) => {
                tracing::debug!(service = %core.queue, error = ?error.chain(), "not renewed; again in a minute");
                BLOB_RENEWED_AGAIN
            }
        };
        self.next = Some(now.plus(wait));
    }
}

impl Core {
    async fn keep_blobs(&self, may_expire: bool) -> Result<(), Fail> {
        let mut query = Query::new(self.names.due.clone(), due::CLAIMS, due::CLAIMS);
        query.limit = BLOB_PAGE;
        loop {
            let now = self.env.now();
            let page = self.store.query(query.clone(), now).await?;
            let key = |row: store::Row| Key::new(self.names.due.clone(), row.id);
            let keys: Vec<Key> = page.rows.into_iter().map(key).collect();
            let items = self.store.read(keys.clone(), now).await?;
            for (key, item) in keys.iter().zip(items) {
                let Some(name) = item.and_then(|item| Due::decode(&key.id, &item).ok()?.claim()) else {
                    continue;
                };
                if !self.claims.blobs().renew(name, now).await? {
                    tracing::warn!(service = %self.queue, message.id = %key.id, data = %name, "its data is gone");
                }
            }
            query.after = match page.next {
                Some(next) => Some(next),
                None => break,
            };
        }
        if may_expire {
            let kept = i64::try_from(BLOB_KEPT.as_micros()).unwrap_or(i64::MAX);
            let before = Timestamp::from_micros(self.env.now().as_micros().saturating_sub(kept));
            self.claims.blobs().expire(before, BLOBS_EXPIRED).await?;
        }
        Ok(())
    }
}
