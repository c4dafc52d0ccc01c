//! An order is confirmed: its reservation is committed.

use contracts::Event;
use contracts::events::order;
use runtime::{Fail, Handler, Uow};

use super::{carry_out, seen, why};
use crate::domain::confirm;

pub(crate) struct OrderConfirmed;

impl Handler for OrderConfirmed {
    type Event = order::OrderConfirmed;

    async fn handle(&self, event: &Event<order::OrderConfirmed>, uow: &mut Uow) -> Result<(), Fail> {
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
