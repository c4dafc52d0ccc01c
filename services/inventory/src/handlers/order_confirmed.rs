//! An order is confirmed: its reservation is committed.

use contracts::Event;
use contracts::events::order;
use runtime::{Fail, Handler, Uow};

use super::{carry_out, seen};
use crate::domain::{CannotConfirm, confirm};

pub(crate) struct OrderConfirmed;

impl Handler for OrderConfirmed {
    type Event = order::OrderConfirmed;

    async fn handle(&self, event: &Event<order::OrderConfirmed>, uow: &mut Uow) -> Result<(), Fail> {
        let id = &event.data.order_id;
        uow.about(id.as_str());
        match confirm(seen(uow, id).await?.as_ref()) {
            Ok(Some(decision)) => carry_out(uow, id, decision).await,
            Ok(None) => Ok(()),
            // No tombstone: that would promise goods that nobody reserved. After an hour a person looks.
            Err(CannotConfirm::NotSeenYet) => Err(Fail::Later {
                reason: format!("no order.placed of {id} was handled here"),
                wait_for: None,
            }),
            Err(CannotConfirm::Rejected) => {
                Err(Fail::permanent(format!("{id} is confirmed, but its stock was rejected")))
            }
        }
    }
}
