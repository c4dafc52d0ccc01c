//! An order is cancelled: what it had goes back, and if it comes later it gets nothing.

use contracts::events::order::{self, CancelReason};
use contracts::{Event, OrderId};
use runtime::{Bug, Fail, Handler, Uow};

use super::{carry_out, seen};
use crate::domain::{Decision, Reservation, cancel};

pub(crate) struct OrderCancelled;

contracts::view! {
    /// What is read of it.
    pub struct Cancelled of order::OrderCancelled {
        /// Which order.
        order_id: OrderId,
        /// Why: it says where the goods are.
        reason: CancelReason,
    }
}

impl Handler for OrderCancelled {
    type Event = Cancelled;

    async fn handle(&self, event: &Event<Cancelled>, uow: &mut Uow) -> Result<(), Fail> {
        let id = &event.data.order_id;
        uow.about(id.as_str());
        let seen = seen(uow, id).await?;
        if seen.is_none() && uow.quirks().has(Bug::CancelBeforeSubjectForgotten) {
            return Ok(());
        }
        if uow.quirks().has(Bug::SaleReleases)
            && let Some(decision) = release_what_left(seen.as_ref())
        {
            return carry_out(uow, id, decision).await;
        }
        match cancel(seen.as_ref(), event.data.reason) {
            Some(decision) => carry_out(uow, id, decision).await,
            None => Ok(()),
        }
    }
}

/// The planted bug: what has left is taken for what is still here.
fn release_what_left(seen: Option<&Reservation>) -> Option<Decision> {
    match seen? {
        Reservation::Sold(promise) | Reservation::Lost(promise) | Reservation::BroughtBack(promise) => {
            cancel(Some(&Reservation::Committed(promise.clone())), CancelReason::CustomerRequest)
        }
        _ => None,
    }
}
