//! The timer of a cart's hold rang: if nobody adopted it, its pieces can be sold again.

use contracts::HoldId;
use contracts::events::hold::HoldExpired;
use runtime::{Fail, Job, JobHandler, Uow};
use serde::{Deserialize, Serialize};

use crate::domain::{Ends, Ripe};
use crate::ledger::{self, Entry, HOLDS};

/// Scheduled by the unit of work that makes the hold.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct HoldTimer {
    pub(crate) hold_id: HoldId,
}

impl Job for HoldTimer {
    const NAME: &'static str = "expire-hold";

    fn lane(&self) -> &str {
        self.hold_id.as_str()
    }
}

pub(crate) struct ExpireHold;

impl JobHandler for ExpireHold {
    type Job = HoldTimer;

    async fn run(&self, timer: &HoldTimer, uow: &mut Uow) -> Result<(), Fail> {
        let id = timer.hold_id.as_str();
        let Some(mut hold) = uow.load(&HOLDS, id).await? else { return Ok(()) };
        match hold.ripe(uow.now()) {
            Ripe::Ended => return Ok(()),
            Ripe::At(time) => return uow.schedule(time, timer),
            Ripe::Now => {}
        }
        let expired = HoldExpired {
            hold_id: timer.hold_id.clone(),
            cart_id: hold.cart_id.clone(),
            lines: hold.lines.clone(),
            expired_at: uow.now(),
        };
        let movement = hold.end(Ends::Expired, uow.now());
        uow.emit(&mut hold, &expired)?;
        uow.put(&HOLDS, hold)?;
        ledger::enter(uow, Entry::about(id, movement))
    }
}
