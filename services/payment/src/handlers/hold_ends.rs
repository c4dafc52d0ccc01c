//! A hold's time is up: the money is held again, unless it was taken or let go before.

use std::sync::Arc;

use runtime::{Fail, JobHandler, Uow};

use crate::config::Config;
use crate::document::{Because, HoldEnds, PAYMENTS, save};
use crate::domain::Next;

/// Looks whether a hold has run out.
pub struct EndHold {
    /// The choices of the deployment.
    pub config: Arc<Config>,
}

impl JobHandler for EndHold {
    type Job = HoldEnds;

    async fn run(&self, job: &HoldEnds, uow: &mut Uow) -> Result<(), Fail> {
        let Some(mut payment) = uow.load(&PAYMENTS, job.order_id.as_str()).await? else {
            return Err(Fail::permanent(format!("there is no payment {}", job.order_id)));
        };
        let next = payment.run_out(&job.key, uow.now());
        // The usual end of a hold: nothing to write, but the commit still checks what was seen.
        if next == Next::default() {
            return Ok(());
        }
        save(uow, payment, next, Because::default(), self.config.provider)
    }
}
