//! An order is confirmed: its reservation is committed.

use contracts::events::order;
use contracts::{Event, OrderId};
use runtime::{Fail, Handler, Uow};

use super::{carry_out, seen, why};
use crate::domain::confirm;

pub(crate) struct OrderConfirmed;

contracts::view! {
    /// What is read of it.
    pub struct Confirmed of order::OrderConfirmed {
        /// Which order.
        order_id: OrderId,
    }
}

impl Handler for OrderConfirmed {
    type Event = Confirmed;

    async fn handle(&self, event: &Event<Confirmed>, uow: &mut Uow) -> Result<(), Fail> {
        let id = &event.data.order_id;
        uow.about(id.as_str());
        let seen = seen(uow, id).await?;
        // No tombstone when it was not seen: that would promise goods that nobody reserved.
        match confirm(seen.as_ref()).map_err(|cannot| why(id, "confirmed", cannot))? {
            Some(decision) => carry_out(uow, id, decision).await,
            None => Ok(()),
        }
    }
}
