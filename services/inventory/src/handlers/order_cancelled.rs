//! An order is cancelled: what it had goes back, and if it comes later it gets nothing.

use contracts::Event;
use contracts::events::order;
use runtime::{Bug, Fail, Handler, Uow};

use super::{carry_out, seen};
use crate::domain::cancel;

pub(crate) struct OrderCancelled;

impl Handler for OrderCancelled {
    type Event = order::OrderCancelled;

    async fn handle(&self, event: &Event<order::OrderCancelled>, uow: &mut Uow) -> Result<(), Fail> {
        let id = &event.data.order_id;
        uow.about(id.as_str());
        let seen = seen(uow, id).await?;
        if seen.is_none() && uow.quirks().has(Bug::CancelBeforeSubjectForgotten) {
            return Ok(());
        }
        match cancel(seen.as_ref()) {
            Some(decision) => carry_out(uow, id, decision).await,
            None => Ok(()),
        }
    }
}
