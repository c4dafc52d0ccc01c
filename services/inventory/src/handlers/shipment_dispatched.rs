//! A parcel left: what was reserved for its order is sold.

use contracts::events::shipment;
use contracts::{Event, OrderId};
use runtime::{Fail, Handler, Uow};

use super::{carry_out, seen, why};
use crate::domain::sell;

pub(crate) struct ShipmentDispatched;

contracts::view! {
    /// What is read of it: its order has one parcel.
    pub struct Dispatched of shipment::ShipmentDispatched {
        /// Which order.
        order_id: OrderId,
    }
}

impl Handler for ShipmentDispatched {
    type Event = Dispatched;

    async fn handle(&self, event: &Event<Dispatched>, uow: &mut Uow) -> Result<(), Fail> {
        let id = &event.data.order_id;
        uow.about(id.as_str());
        let seen = seen(uow, id).await?;
        match sell(seen.as_ref()).map_err(|cannot| why(id, "dispatched", cannot))? {
            Some(decision) => carry_out(uow, id, decision).await,
            None => Ok(()),
        }
    }
}
