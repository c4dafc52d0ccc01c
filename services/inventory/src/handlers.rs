//! What inventory reacts to: one file per event, then its own jobs. Here is what they share.

mod expire_hold;
mod order_cancelled;
mod order_confirmed;
mod order_placed;
mod project_levels;
mod return_received;
mod shipment_dispatched;
mod shipment_failed;

use std::collections::BTreeMap;

use contracts::{OrderId, Quantity, Sku};
use runtime::{Bug, Doc, Fail, Uow};

use crate::domain::{Cannot, Card, Decision, Place, Reservation, Stock, Supply};
use crate::ledger::{self, Entry, RESERVATIONS};

pub(crate) use expire_hold::{ExpireHold, HoldTimer};
pub(crate) use order_cancelled::OrderCancelled;
pub(crate) use order_confirmed::OrderConfirmed;
pub(crate) use order_placed::OrderPlaced;
pub(crate) use project_levels::ProjectLevels;
pub(crate) use return_received::{BookReturn, ReturnReceived};
pub(crate) use shipment_dispatched::ShipmentDispatched;
pub(crate) use shipment_failed::ShipmentFailed;

/// What is known of the order here. Joins the commit as a check, absence included.
async fn seen(uow: &mut Uow, id: &OrderId) -> Result<Option<Reservation>, Fail> {
    if uow.quirks().has(Bug::PeekDecides) {
        return Ok(uow.peek(&RESERVATIONS, &[id.as_str()]).await?.into_iter().next().flatten());
    }
    Ok(uow.load(&RESERVATIONS, id.as_str()).await?.map(|doc| doc.data))
}

/// The order's document with `next` in it, to be put.
async fn with(uow: &mut Uow, id: &OrderId, next: Reservation) -> Result<Doc<Reservation>, Fail> {
    match uow.load(&RESERVATIONS, id.as_str()).await? {
        Some(mut doc) => {
            doc.data = next;
            Ok(doc)
        }
        None => Ok(uow.fresh(id.as_str(), next)),
    }
}

/// Writes a decision that nobody has to be told.
async fn carry_out(uow: &mut Uow, id: &OrderId, decision: Decision) -> Result<(), Fail> {
    let doc = with(uow, id, decision.next).await?;
    uow.put(&RESERVATIONS, doc)?;
    ledger::enter(uow, Entry::about(id.as_str(), decision.movement))
}

/// What becomes of an event that cannot be carried out: it waits for its order, but not for ever; what contradicts what
/// is known is left to a person.
fn why(id: &OrderId, happened: &str, cannot: Cannot) -> Fail {
    match cannot {
        Cannot::NotSeenYet => {
            Fail::Later { reason: format!("no order.placed of {id} was handled here"), wait_for: None }
        }
        Cannot::NothingHeld(state) => {
            Fail::permanent(format!("{id} is {happened}, but its reservation is {state}"))
        }
    }
}

/// What is wanted, beside what there is.
pub(crate) fn supplies(
    wanted: &[(Sku, Quantity)],
    cards: &[Option<Card>],
    stock: &BTreeMap<Place, Stock>,
) -> Vec<Supply> {
    let supply = |((sku, wanted), card): (&(Sku, Quantity), &Option<Card>)| {
        let at = card.as_ref().map(|card| {
            let places = ledger::places_of(sku, Some(card));
            let available = |place: Place| {
                let available = stock.get(&place).map_or(0, |stock| stock.available);
                (place.location, available)
            };
            places.map(available).collect()
        });
        Supply { sku: sku.clone(), wanted: *wanted, at }
    };
    wanted.iter().zip(cards).map(supply).collect()
}
