//! Time is up for an order.

use runtime::{Fail, JobHandler, Uow};

use crate::config::Config;
use crate::domain::{Case, Input, Stage};
use crate::dossier::{Deadline, Dossier};

/// Cancels, unless something was decided before.
pub(crate) struct OnDeadline(pub(crate) Config);

impl JobHandler for OnDeadline {
    type Job = Deadline;

    async fn run(&self, job: &Deadline, uow: &mut Uow) -> Result<(), Fail> {
        let quirks = uow.quirks();
        let mut dossier = Dossier::open(uow, &self.0, &job.order_id).await?;
        let is_open = match &dossier.doc.case {
            Case::Heard { .. } => !dossier.is_new(),
            Case::Refused(_) => false,
            Case::Taken(order) => order.stage == Stage::Open,
        };
        if !is_open && !quirks.has(runtime::Bug::DeadlineAndConfirmBoth) {
            // The usual end of a deadline: nothing to write, but the commit still checks what was seen.
            return Ok(());
        }
        dossier.hear(Input::Deadline, None)?;
        dossier.close()
    }
}
