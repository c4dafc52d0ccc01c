//! An order was placed: reserve all of it, or say what is short.

use contracts::events::order;
use contracts::events::stock::{StockRejected, StockReserved};
use contracts::order::LineQuantity;
use contracts::{Event, HoldId, OrderId, Quantity, Sku};
use runtime::{Bug, Doc, Fail, Handler, Uow};

use super::{seen, supplies, with};
use crate::domain::{
    Hold, HoldState, Promise, Rejection, Reservation, Reserving, Supply, is_open, reserve, summed,
};
use crate::ledger::{self, Entry, HOLDS, RESERVATIONS};

pub(crate) struct OrderPlaced;

contracts::view! {
    /// What is read of it: not a price, and nothing about who buys.
    pub struct Wanted of order::OrderPlacedV2 {
        /// Which order.
        order_id: OrderId,
        /// What is wanted; a SKU may come twice.
        lines: Vec<LineQuantity>,
        /// The cart's hold that it takes over.
        hold_id: Option<HoldId>,
    }
}

impl Handler for OrderPlaced {
    type Event = Wanted;

    async fn handle(&self, event: &Event<Wanted>, uow: &mut Uow) -> Result<(), Fail> {
        let order = &event.data;
        uow.about(order.order_id.as_str());
        // Decided already, or cancelled before it came: then nobody waits for an answer.
        if !is_open(seen(uow, &order.order_id).await?.as_ref()) {
            return Ok(());
        }
        // An order of another application may be one that `orders` refuses; it is cancelled then, and what was reserved
        // goes back. So nothing is judged here but what can be reserved at all.
        let wanted = match summed(order.lines.iter().map(|line| (&line.sku, line.quantity))) {
            Ok(wanted) => wanted,
            Err(rejection) => return rejected(uow, &order.order_id, rejection).await,
        };
        let hold = match &order.hold_id {
            Some(id) => uow.load(&HOLDS, id.as_str()).await?.filter(|hold| hold.is_held()),
            None => None,
        };
        let skus: Vec<&Sku> = wanted.iter().map(|(sku, _)| sku).collect();
        let (cards, stock) = ledger::look(uow, &skus).await?;
        let mut supplies = supplies(&wanted, &cards, &stock);
        if uow.quirks().has(Bug::PartialReserve) {
            keep_what_is_there(&mut supplies);
        }
        match reserve(&supplies, hold.as_ref().map(|hold| hold.lines.as_slice())) {
            Ok(reserving) => reserved(uow, &order.order_id, reserving, hold).await,
            Err(rejection) => rejected(uow, &order.order_id, rejection).await,
        }
    }
}

async fn reserved(
    uow: &mut Uow,
    id: &OrderId,
    reserving: Reserving,
    hold: Option<Doc<Hold>>,
) -> Result<(), Fail> {
    let Reserving { lines, adopts, movement } = reserving;
    if let Some(mut hold) = hold.filter(|_| adopts) {
        hold.state = HoldState::Adopted { order_id: id.clone(), at: uow.now() };
        uow.put(&HOLDS, hold)?;
    }
    let promise = Promise { lines: lines.clone(), missing: vec![], at: uow.now() };
    let mut doc = with(uow, id, Reservation::Reserved(promise)).await?;
    uow.emit(&mut doc, &StockReserved { order_id: id.clone(), lines })?;
    uow.put(&RESERVATIONS, doc)?;
    ledger::enter(uow, Entry::about(id.as_str(), movement))
}

async fn rejected(uow: &mut Uow, id: &OrderId, rejection: Rejection) -> Result<(), Fail> {
    let Rejection { reason, short } = rejection;
    let mut doc = with(uow, id, Reservation::Rejected { reason, short: short.clone() }).await?;
    uow.emit(&mut doc, &StockRejected { order_id: id.clone(), reason, short })?;
    uow.put(&RESERVATIONS, doc)
}

/// The planted bug: some is called all.
fn keep_what_is_there(supplies: &mut Vec<Supply>) {
    for supply in supplies.iter_mut() {
        let there: i64 = supply.at.iter().flatten().map(|(_, available)| (*available).max(0)).sum();
        let there = u32::try_from(there.min(i64::from(supply.wanted.get()))).unwrap_or_default();
        match Quantity::new(there) {
            Ok(there) => supply.wanted = there,
            Err(_) => supply.at = Some(vec![]),
        }
    }
    supplies.retain(|supply| supply.at.as_ref().is_some_and(|at| !at.is_empty()));
}
