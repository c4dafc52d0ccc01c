//! It is time to look whether a confirmed order gets further.

use runtime::{Fail, JobHandler, Uow};

use crate::config::Config;
use crate::dossier::{Dossier, StageWatch};

/// Raises the alarm when the order has waited too long; an order that ended is left alone.
pub(crate) struct OnWatch(pub(crate) Config);

impl JobHandler for OnWatch {
    type Job = StageWatch;

    async fn run(&self, job: &StageWatch, uow: &mut Uow) -> Result<(), Fail> {
        let mut dossier = Dossier::open(uow, &self.0, &job.order_id).await?;
        if !dossier.is_waiting() {
            return Ok(());
        }
        dossier.look()?;
        dossier.close()
    }
}
