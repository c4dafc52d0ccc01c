//! A parcel will not arrive: its goods are lost, or they came back.

use contracts::Event;
use contracts::events::shipment::{self, FailedStage};
use runtime::{Fail, Handler, Uow};

use super::{carry_out, seen, why};
use crate::domain::{Ended, end_journey};

pub(crate) struct ShipmentFailed;

impl Handler for ShipmentFailed {
    type Event = shipment::ShipmentFailed;

    async fn handle(&self, event: &Event<shipment::ShipmentFailed>, uow: &mut Uow) -> Result<(), Fail> {
        let id = &event.data.order_id;
        uow.about(id.as_str());
        let how = match event.data.stage {
            // The goods are still here, and order.cancelled releases them.
            FailedStage::BeforeHandover => return Ok(()),
            FailedStage::Lost => Ended::Lost,
            FailedStage::Returned => Ended::BroughtBack,
            FailedStage::Unrecognised => {
                let reason = format!("the parcel of {id} failed at a stage that this version does not know");
                return Err(Fail::permanent(reason));
            }
        };
        let seen = seen(uow, id).await?;
        match end_journey(seen.as_ref(), how).map_err(|cannot| why(id, "undelivered", cannot))? {
            Some(decision) => carry_out(uow, id, decision).await,
            None => Ok(()),
        }
    }
}
