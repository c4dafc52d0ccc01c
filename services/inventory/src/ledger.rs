//! What is kept, and the one way in which stock changes: counters, movement and the telling of levels together.

use std::collections::BTreeMap;
use std::time::Duration;

use contracts::events::stock::StockLine;
use contracts::{Sku, Timestamp};
use runtime::{Collection, Counters, Doc, Entry as IndexEntry, Fail, Job, Levels, Step, Uow};
use serde::{Deserialize, Serialize};

use crate::domain::{
    Card, Hold, Movement, MovementLine, Place, Reservation, Return, Shift, Stock, TooManyLocations, shifts,
};

/// How long an ended hold can still be looked at.
const ENDED_HOLD_KEPT: Duration = Duration::from_secs(7 * 24 * 3600);

/// One counter per place.
pub(crate) static STOCK: Counters = Counters { name: "inventory.stock" };
/// One card per SKU; reference data.
pub(crate) static CARDS: Collection<Card> = Collection::new("inventory.card");
/// One reservation per order.
pub(crate) static RESERVATIONS: Collection<Reservation> =
    Collection::new("inventory.reservation").indexed(live_reservation);
/// One per cart's hold.
pub(crate) static HOLDS: Collection<Hold> =
    Collection::new("inventory.hold").expiring(forget_hold).indexed(live_hold);
/// One per return that arrived.
pub(crate) static RETURNS: Collection<Return> = Collection::new("inventory.return");
/// One per unit of work that changed stock, named after the message that caused it.
pub(crate) static MOVEMENTS: Collection<Movement> = Collection::new("inventory.movement");
/// One per place that was ever low.
pub(crate) static WATCHES: Collection<Watch> = Collection::new("inventory.watch");

/// Whether a place was last seen low, so that falling is told once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Watch {
    pub(crate) is_low: bool,
}

/// Tell how much there is at these places now.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct TellLevels {
    pub(crate) places: Vec<Place>,
    lane: String,
}

impl TellLevels {
    /// For `places`; `None` when there are none.
    pub(crate) fn of(places: Vec<Place>) -> Option<Self> {
        let lane = places.first()?.id();
        Some(Self { places, lane })
    }
}

impl Job for TellLevels {
    const NAME: &'static str = "project-levels";
    const IS_PATIENT: bool = true;

    fn lane(&self) -> &str {
        &self.lane
    }
}

/// What is wanted of the stock, and for whom.
pub(crate) struct Entry {
    /// The order, hold or return.
    pub(crate) about: Option<String>,
    /// In the words of the person who asked.
    pub(crate) reasons: Vec<String>,
    pub(crate) lines: Vec<MovementLine>,
}

impl Entry {
    /// Lines for an order, a hold or a return.
    pub(crate) fn about(id: &str, lines: Vec<MovementLine>) -> Self {
        Self { about: Some(id.to_owned()), reasons: vec![], lines }
    }
}

/// Moves stock: steps the counters under their guards, writes the one movement of this unit of work, and has the new
/// levels told. At most once in a unit of work.
///
/// # Errors
/// As for [`Uow::put`].
pub(crate) fn enter(uow: &mut Uow, entry: Entry) -> Result<(), Fail> {
    let Entry { about, reasons, lines } = entry;
    if lines.is_empty() {
        return Ok(());
    }
    let shifts = shifts(&lines);
    for (place, shift) in &shifts {
        uow.step(&STOCK, &place.id(), step_of(*shift))?;
    }
    let movement = Movement { at: uow.now(), about, reasons, lines };
    let movement = uow.fresh(uow.cause().to_string(), movement);
    uow.put(&MOVEMENTS, movement)?;
    match TellLevels::of(shifts.into_keys().collect()) {
        Some(job) => uow.enqueue(&job),
        None => Ok(()),
    }
}

fn step_of(shift: Shift) -> Step {
    let added = shift.0.fields().into_iter().filter(|(_, n)| *n != 0);
    let step = added.fold(Step::new(), |step, (field, n)| step.add(field, n));
    shift.needs().fold(step, |step, (part, least)| step.guard(part, least))
}

/// A counter as the domain knows it.
pub(crate) fn stock_of(levels: &Levels) -> Stock {
    Stock {
        on_hand: levels.get("on_hand"),
        available: levels.get("available"),
        reserved: levels.get("reserved"),
        allocated: levels.get("allocated"),
        quarantine: levels.get("quarantine"),
    }
}

/// The cards of `skus`, in their order, and what there is at every place that they list. Neither is checked: cards only
/// grow, and what must hold of the stock is said by guards.
///
/// # Errors
/// As for [`Uow::peek`].
pub(crate) async fn look(
    uow: &Uow,
    skus: &[&Sku],
) -> Result<(Vec<Option<Card>>, BTreeMap<Place, Stock>), Fail> {
    let ids: Vec<&str> = skus.iter().map(|sku| sku.as_str()).collect();
    let cards = uow.peek(&CARDS, &ids).await?;
    let places: Vec<Place> =
        skus.iter().zip(&cards).flat_map(|(sku, card)| places_of(sku, card.as_ref())).collect();
    let ids: Vec<String> = places.iter().map(Place::id).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let levels = uow.levels(&STOCK, &ids).await?;
    Ok((cards, places.into_iter().zip(levels.iter().map(stock_of)).collect()))
}

/// Makes new SKUs and new locations known. Cards are loaded only for these: receipts of what is known do not conflict
/// with each other. The inner error names the first place that is one too many.
///
/// # Errors
/// As for [`Uow::load`].
pub(crate) async fn list<'p>(
    uow: &mut Uow,
    places: &'p [Place],
) -> Result<Result<(), (&'p Place, TooManyLocations)>, Fail> {
    let skus: Vec<&str> = places.iter().map(|place| place.sku.as_str()).collect();
    let cards = uow.peek(&CARDS, &skus).await?;
    for (place, seen) in places.iter().zip(cards) {
        if seen.is_some_and(|card| card.lists(&place.location)) {
            continue;
        }
        let mut card = card_of(uow, &place.sku).await?;
        if let Err(too_many) = card.add(place.location.clone()) {
            return Ok(Err((place, too_many)));
        }
        uow.put(&CARDS, card)?;
    }
    Ok(Ok(()))
}

/// The card of `sku`, or a new one.
///
/// # Errors
/// As for [`Uow::load`].
pub(crate) async fn card_of(uow: &mut Uow, sku: &Sku) -> Result<Doc<Card>, Fail> {
    Ok(match uow.load(&CARDS, sku.as_str()).await? {
        Some(card) => card,
        None => uow.fresh(sku.as_str(), Card::default()),
    })
}

/// Every place that a SKU's card lists, the preferred one first.
pub(crate) fn places_of<'c>(sku: &Sku, card: Option<&'c Card>) -> impl Iterator<Item = Place> + use<'c> {
    let sku = sku.clone();
    let locations = card.into_iter().flat_map(|card| &card.locations);
    locations.map(move |location| Place { sku: sku.clone(), location: location.clone() })
}

/// The index of those to whom something is promised, so that they can be found when it is missing. Its partitions are
/// shards, for an index that all orders of a shop stand in is written to as often as orders come.
pub(crate) const LIVE: &str = "live";
pub(crate) const SHARDS: u32 = 8;

/// The name of one partition of [`LIVE`].
pub(crate) fn shard(number: u32) -> String {
    format!("live-{number}")
}

fn live_reservation(id: &str, reservation: &Reservation) -> Vec<IndexEntry> {
    live(id, reservation.promised())
}

fn live_hold(id: &str, hold: &Hold) -> Vec<IndexEntry> {
    live(id, hold.promised())
}

fn live(id: &str, promised: Option<(Timestamp, &[StockLine])>) -> Vec<IndexEntry> {
    let Some((at, _)) = promised else { return vec![] };
    let sum = id.bytes().fold(0_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte)));
    vec![IndexEntry::new(LIVE, shard(sum % SHARDS), at.sortable())]
}

fn forget_hold(hold: &Hold) -> Option<Timestamp> {
    Some(hold.ended_at()?.plus(ENDED_HOLD_KEPT))
}

#[cfg(test)]
mod tests {
    use contracts::events::stock::{RejectReason, Shortage};
    use contracts::{OrderId, Quantity};

    use super::*;
    use crate::domain::{HoldState, Promise};

    fn survives<T: Serialize + serde::de::DeserializeOwned + PartialEq + std::fmt::Debug>(document: T) {
        let text = serde_json::to_string(&document).unwrap();
        assert_eq!(serde_json::from_str::<T>(&text).unwrap(), document, "{text}");
    }

    #[test]
    fn documents_are_read_as_they_were_written() {
        let sku: Sku = "gift 0001".parse().unwrap();
        let line = StockLine { sku: sku.clone(), quantity: Quantity::ONE, location: "main".parse().unwrap() };
        let lines = vec![line];
        let short = vec![Shortage { sku, wanted: Quantity::ONE, available: 0 }];
        let promise = Promise { lines: lines.clone(), missing: lines.clone(), at: Timestamp::from_micros(5) };
        survives(Reservation::Reserved(promise.clone()));
        survives(Reservation::Rejected { reason: RejectReason::UnknownSku, short });
        survives(Reservation::Committed(promise.clone()));
        survives(Reservation::Released(promise.clone()));
        survives(Reservation::Sold(promise.clone()));
        survives(Reservation::Lost(promise.clone()));
        survives(Reservation::BroughtBack(promise));
        survives(Reservation::Cancelled);
        let at = Timestamp::from_micros(5);
        let order_id = OrderId::new("o-1").unwrap();
        for state in [
            HoldState::Held,
            HoldState::Adopted { order_id, at },
            HoldState::Released { at },
            HoldState::Taken { at },
        ] {
            survives(Hold { cart_id: None, lines: lines.clone(), expires_at: at, state });
        }
    }

    #[test]
    fn a_step_is_guarded_by_what_it_takes_from_available_and_from_quarantine() {
        let take = Shift(Stock { available: -3, reserved: 3, ..Stock::default() });
        assert_eq!(step_of(take), Step::new().add("available", -3).add("reserved", 3).guard("available", 3));
        let give = Shift(Stock { available: 3, reserved: -3, ..Stock::default() });
        assert_eq!(step_of(give), Step::new().add("available", 3).add("reserved", -3));
        let restock = Shift(Stock { available: 2, quarantine: -2, ..Stock::default() });
        assert_eq!(
            step_of(restock),
            Step::new().add("available", 2).add("quarantine", -2).guard("quarantine", 2)
        );
    }

    #[test]
    fn only_an_ended_hold_is_forgotten() {
        let at = Timestamp::from_micros(5);
        let hold = |state| Hold { cart_id: None, lines: vec![], expires_at: at, state };
        assert_eq!(forget_hold(&hold(HoldState::Held)), None);
        assert_eq!(forget_hold(&hold(HoldState::Expired { at })), Some(at.plus(ENDED_HOLD_KEPT)));
    }
}
