//! What becomes of leases while their holders cannot reach the bus.

use std::time::Duration;

use contracts::Timestamp;

use super::super::manners::Ends;
use super::{Dice, Lease, LinkId, Queue, Queues};

impl Queues {
    /// `holder`, or everybody, does not reach the bus for `how_long`.
    pub(in super::super) fn cut_off(
        &mut self,
        holder: Option<LinkId>,
        how_long: Duration,
        now: Timestamp,
        dice: &mut Dice,
    ) {
        let hidden = self.manners.hidden();
        match self.manners.outage() {
            Ends::Never => {}
            Ends::WhenNotRenewed if how_long < hidden => {}
            Ends::WhenNotRenewed => {
                self.each_lease_of(holder, |queue, tag| queue.end_by(tag, now.plus(hidden)));
            }
            Ends::WithConnection => {
                self.each_lease_of(holder, |queue, tag| queue.revoke(tag, now.plus(dice.up_to(hidden))));
            }
        }
    }

    fn each_lease_of(&mut self, holder: Option<LinkId>, mut end: impl FnMut(&mut Queue, u64)) {
        for queue in &mut self.all {
            let is_meant = |lease: &Lease| holder.is_none_or(|holder| lease.holder == holder);
            let tags: Vec<u64> =
                queue.leased.iter().filter(|(_, lease)| is_meant(lease)).map(|(tag, _)| *tag).collect();
            tags.into_iter().for_each(|tag| end(queue, tag));
            queue.wake();
        }
    }
}

impl Queue {
    /// The lease ends then, if it does not end before.
    fn end_by(&mut self, tag: u64, ends: Timestamp) {
        let before = self.leased.get(&tag).and_then(|lease| lease.ends);
        self.end_at(tag, before.map_or(ends, |before| before.min(ends)));
    }

    /// The lease counts no more from now on; the message can be taken again from `seen` on.
    fn revoke(&mut self, tag: u64, seen: Timestamp) {
        if let Some(Lease { place: (at, row), mut message, .. }) = self.unlease(tag) {
            message.was_delivered = true;
            self.waiting.insert((at.max(seen), row), message);
        }
    }
}
