//! A parcel will not arrive: its goods are lost, or they came back.

use contracts::events::shipment::{self, FailedStage};
use contracts::{Event, OrderId};
use runtime::{Fail, Handler, Uow};

use super::{carry_out, seen, why};
use crate::domain::{Ended, end_journey};

pub(crate) struct ShipmentFailed;

contracts::view! {
    /// What is read of it: its order has one parcel.
    pub struct Failed of shipment::ShipmentFailed {
        /// Which order.
        order_id: OrderId,
        /// How far it came.
        stage: FailedStage,
    }
}

impl Handler for ShipmentFailed {
    type Event = Failed;

    async fn handle(&self, event: &Event<Failed>, uow: &mut Uow) -> Result<(), Fail> {
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
