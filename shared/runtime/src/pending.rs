//! What committers left pending: published by the sweeper, oldest first. What the bus does not confirm neither hides what
//! lies behind it nor floods those who got it all the same.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use contracts::Timestamp;
use store::{Key, Query, Record, StoredRecord};

use crate::core::Core;
use crate::fail::Fail;
use crate::policy::{PENDING_LOOKS, PENDING_NOTED, PENDING_REST, PENDING_REST_AWAY, PENDING_REST_CAP};
use crate::relay::{ROUND, Sent};

/// How far a sweeper is in what is pending.
#[derive(Default)]
pub(crate) struct Pending {
    records: Lap,
    requests: Lap,
}

/// One way through a collection's pending records, which begins again at its end.
#[derive(Default)]
struct Lap {
    /// Where the last page ended; `None` = at the beginning.
    after: Option<String>,
    /// Records that were sent and may still be pending.
    sent: BTreeMap<String, Again>,
}

/// When a record is sent again.
struct Again {
    times: u32,
    at: Timestamp,
    /// How many rounds the bus had confirmed something of.
    confirmed: u64,
    /// It was found pending on this lap.
    is_found: bool,
}

impl Lap {
    /// Whether the record `id`, which was found, is to be sent.
    fn wants(&mut self, id: &str, now: Timestamp) -> bool {
        let Some(again) = self.sent.get_mut(id) else { return true };
        again.is_found = true;
        again.at <= now
    }

    /// The record `id` is sent. If it is found once more nobody confirmed it, and each time it rests for twice as long; not
    /// for long while nothing else is `confirmed` either: the bus is away, and all of them wait for it.
    fn note(&mut self, id: &str, now: Timestamp, confirmed: u64) {
        let (times, before) =
            self.sent.get(id).map_or((0, confirmed), |again| (again.times, again.confirmed));
        if times == 0 && self.sent.len() >= PENDING_NOTED {
            return;
        }
        let at =
            now.plus(rest(times, if confirmed == before { PENDING_REST_AWAY } else { PENDING_REST_CAP }));
        let again = Again { times: times.saturating_add(1), at, confirmed, is_found: true };
        self.sent.insert(id.to_owned(), again);
    }

    /// A page ended at `next`; at the end of a lap what was not found on it is forgotten: it was confirmed.
    fn turn(&mut self, next: Option<String>) {
        self.after = next;
        if self.after.is_none() {
            self.sent.retain(|_, again| std::mem::replace(&mut again.is_found, false));
        }
    }
}

fn rest(times: u32, cap: Duration) -> Duration {
    PENDING_REST.saturating_mul(1 << times.min(10)).min(cap)
}

impl Core {
    /// Publishes again what has been pending for longer than a committer takes. Answers how many records are done
    /// with: while the bus is down none is, and the sweeper must not run hot.
    pub(crate) async fn sweep_pending(&self, pending: &mut Pending) -> Result<usize, Fail> {
        let records = self.sweep_lap(&self.names.record, &mut pending.records).await?;
        Ok(records + self.sweep_lap(&self.names.request, &mut pending.requests).await?)
    }

    /// One round of a collection at most. Where a page holds nothing but what rests, the next ones are looked at.
    async fn sweep_lap(&self, collection: &str, lap: &mut Lap) -> Result<usize, Fail> {
        for _ in 0..PENDING_LOOKS {
            let now = self.env.now();
            let mut query = Query::new(collection.to_owned(), Record::PENDING, Record::PENDING);
            let micros = i64::try_from(self.policy.pending_after.as_micros()).unwrap_or(i64::MAX);
            query.to = Some(Timestamp::from_micros(now.as_micros().saturating_sub(micros)).sortable());
            query.limit = ROUND;
            query.after = lap.after.take();
            let page = self.store.query(query, now).await?;
            let wanted = page.rows.into_iter().filter(|row| lap.wants(&row.id, now));
            let keys: Vec<Key> = wanted.map(|row| Key::new(collection.to_owned(), row.id)).collect();
            lap.turn(page.next);
            let round = self.still_pending(keys, now).await?;
            if !round.is_empty() {
                let confirmed = self.confirmed.load(Relaxed);
                round.iter().for_each(|sent| lap.note(&sent.record.id, now, confirmed));
                return Ok(self.publish_all(round).await);
            }
            if lap.after.is_none() {
                break;
            }
        }
        Ok(0)
    }

    /// What the records under `keys` still hold; an index may be behind.
    async fn still_pending(&self, keys: Vec<Key>, now: Timestamp) -> Result<Vec<Sent>, Fail> {
        if keys.is_empty() {
            return Ok(vec![]);
        }
        let items = self.store.read(keys.clone(), now).await?;
        let sent = |(key, item): (Key, Option<store::Item>)| {
            let stored = StoredRecord::decode(&item?.body).ok()?;
            (!stored.pending.is_empty()).then(|| Sent::of(key, stored))
        };
        Ok(keys.into_iter().zip(items).filter_map(sent).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_confirmed_rests_longer_each_time_and_is_forgotten_when_it_is() {
        let (mut lap, mut now) = (Lap::default(), Timestamp::EPOCH);
        let mut rests = |confirms: u64| {
            let mut rests = vec![];
            for nth in 1..=8 {
                assert!(lap.wants("stuck", now));
                lap.note("stuck", now, nth * confirms);
                lap.turn(None);
                let again = lap.sent["stuck"].at;
                assert!(!lap.wants("stuck", now));
                rests.push(again.since(now).as_secs());
                now = again;
            }
            rests
        };
        assert_eq!(rests(1), [1, 2, 4, 8, 16, 30, 30, 30]);
        assert_eq!(rests(0)[1..], [5; 7], "the bus is away");
        lap.turn(None);
        lap.turn(None);
        assert!(lap.sent.is_empty() && lap.wants("stuck", now));
    }

    #[test]
    fn no_more_are_noted_than_there_is_room_for() {
        let mut lap = Lap::default();
        (0..PENDING_NOTED + 10).for_each(|n| lap.note(&n.to_string(), Timestamp::EPOCH, 0));
        lap.note("0", Timestamp::EPOCH, 0);
        assert_eq!((lap.sent.len(), lap.sent["0"].times), (PENDING_NOTED, 2));
    }
}
