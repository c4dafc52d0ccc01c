//! Finding those who lose what is promised and not there: carts first, then orders, the newest first.
//!
//! An index names who may have something. It may be stale and never decides: whoever it names is loaded, judged as it is
//! now, and checked at commit.

use std::collections::BTreeMap;

use contracts::events::stock::{StockLine, StockShort};
use contracts::{OrderId, Quantity, Timestamp};
use runtime::{Collection, Doc, Fail, Query, Uow};
use serde::de::DeserializeOwned;

use crate::domain::{Ends, Hold, MAX_VICTIMS, MovementLine, Place, Reservation, Shortfall, lose};
use crate::ledger::{HOLDS, LIVE, RESERVATIONS, SHARDS, shard};

/// So many of each shard are looked at together.
const PAGE: usize = 50;
/// So many pages of each shard are looked at: 16,000 carts, and as many orders that have not left.
const MAX_PAGES: usize = 40;

/// Why nothing can be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unfit {
    /// Too many would lose something.
    TooMany,
    /// Not enough of them were found.
    NotFound,
}

/// Who loses what.
#[derive(Default)]
pub(crate) struct Losers {
    holds: Vec<Doc<Hold>>,
    /// What carts had of what is missing.
    by_holds: Vec<StockLine>,
    orders: Vec<(Doc<Reservation>, Vec<StockLine>)>,
    pub(crate) movement: Vec<MovementLine>,
}

/// Takes what is short.
///
/// # Errors
/// As for [`Uow::load`].
pub(crate) async fn take(uow: &mut Uow, mut short: Shortfall) -> Result<Result<Losers, Unfit>, Fail> {
    let mut losers = Losers::default();
    let mut holds = Newest::of(&HOLDS, Hold::promised);
    while let Some(id) = holds.next(uow, &short).await? {
        losers.hold(uow, &id, &mut short).await?;
        if losers.count() > MAX_VICTIMS {
            return Ok(Err(Unfit::TooMany));
        }
    }
    let mut orders = Newest::of(&RESERVATIONS, Reservation::promised);
    while let Some(id) = orders.next(uow, &short).await? {
        losers.order(uow, &id, &mut short).await?;
        if losers.count() > MAX_VICTIMS {
            return Ok(Err(Unfit::TooMany));
        }
    }
    Ok(if short.is_covered() { Ok(losers) } else { Err(Unfit::NotFound) })
}

impl Losers {
    /// How many documents it takes.
    pub(crate) fn count(&self) -> usize {
        self.holds.len() + self.orders.len()
    }

    /// A cart loses all of its hold: the rest would not be what its customer wanted.
    async fn hold(&mut self, uow: &mut Uow, id: &str, short: &mut Shortfall) -> Result<(), Fail> {
        let Some(mut hold) = uow.load(&HOLDS, id).await?.filter(|hold| hold.is_held()) else { return Ok(()) };
        self.by_holds.extend(short.take(&hold.lines));
        self.movement.extend(hold.end(Ends::Taken, uow.now()));
        self.holds.push(hold);
        Ok(())
    }

    /// An order loses what is missing and keeps the rest, until it is cancelled or leaves.
    async fn order(&mut self, uow: &mut Uow, id: &str, short: &mut Shortfall) -> Result<(), Fail> {
        let Some(mut doc) = uow.load(&RESERVATIONS, id).await? else { return Ok(()) };
        let Some((_, lines)) = doc.promised() else { return Ok(()) };
        let taken = short.take(lines);
        let Some(decision) = lose(&doc, &taken) else { return Ok(()) };
        doc.data = decision.next;
        self.movement.extend(decision.movement);
        self.orders.push((doc, taken));
        Ok(())
    }

    /// Writes them, and tells each order; answers what was told. Carts are told of together, and only where no order
    /// loses anything.
    ///
    /// # Errors
    /// As for [`Uow::put`].
    pub(crate) fn tell(mut self, uow: &mut Uow) -> Result<Vec<StockShort>, Fail> {
        let mut told = vec![];
        let of_carts = self.only_by_holds();
        if let Some(hold) = self.holds.first_mut() {
            for (place, pieces) in of_carts {
                told.push(short(&place, pieces, None, uow.now()));
                uow.emit(hold, &told[told.len() - 1])?;
            }
        }
        for hold in self.holds {
            uow.put(&HOLDS, hold)?;
        }
        for (mut doc, taken) in self.orders {
            let id: OrderId = doc.id.parse().map_err(|error| Fail::permanent(format!("{error}")))?;
            uow.about(id.as_str());
            for line in taken {
                told.push(short(&Place::of(&line), line.quantity, Some(&id), uow.now()));
                uow.emit(&mut doc, &told[told.len() - 1])?;
            }
            uow.put(&RESERVATIONS, doc)?;
        }
        Ok(told)
    }

    fn only_by_holds(&self) -> BTreeMap<Place, Quantity> {
        let mut lost = BTreeMap::<Place, Quantity>::new();
        for line in &self.by_holds {
            let sum =
                lost.get(&Place::of(line)).map_or(Some(line.quantity), |n| n.checked_add(line.quantity));
            // A quantity cannot say more; carts have that much only in theory.
            lost.insert(Place::of(line), sum.unwrap_or(line.quantity));
        }
        let by_orders: Vec<Place> =
            self.orders.iter().flat_map(|(_, taken)| taken.iter().map(Place::of)).collect();
        lost.retain(|place, _| !by_orders.contains(place));
        lost
    }
}

fn short(place: &Place, missing: Quantity, order_id: Option<&OrderId>, found_at: Timestamp) -> StockShort {
    let Place { sku, location } = place.clone();
    StockShort { sku, location, missing, order_id: order_id.cloned(), found_at }
}

/// When something was promised to whom, and what; `None` when nothing is (any more).
type Promised<T> = fn(&T) -> Option<(Timestamp, &[StockLine])>;

/// Those that have something which is short, the newest first.
struct Newest<T: 'static> {
    of: &'static Collection<T>,
    promised: Promised<T>,
    /// Shards that have more, and where to go on.
    shards: Vec<(String, Option<String>)>,
    pages: usize,
    /// Seen, the newest last.
    seen: Vec<(Timestamp, String, Vec<StockLine>)>,
    /// Nobody who was not seen is newer.
    horizon: Option<Timestamp>,
}

impl<T: DeserializeOwned> Newest<T> {
    fn of(of: &'static Collection<T>, promised: Promised<T>) -> Self {
        let shards = (0..SHARDS).map(|number| (shard(number), None)).collect();
        Self { of, promised, shards, pages: 0, seen: vec![], horizon: None }
    }

    /// The next one that has something of what is `short` now.
    async fn next(&mut self, uow: &Uow, short: &Shortfall) -> Result<Option<String>, Fail> {
        while !short.is_covered() {
            let newest = self.seen.last();
            if newest.is_some_and(|(at, ..)| self.horizon.is_none_or(|horizon| *at >= horizon)) {
                let newest = self.seen.pop().filter(|(_, _, lines)| short.touches(lines));
                if let Some((_, id, _)) = newest {
                    return Ok(Some(id));
                }
            } else if self.shards.is_empty() {
                break;
            } else {
                self.look(uow, short).await?;
            }
        }
        Ok(None)
    }

    /// Looks at the next page of every shard.
    async fn look(&mut self, uow: &Uow, short: &Shortfall) -> Result<(), Fail> {
        self.pages += 1;
        self.horizon = None;
        for (shard, after) in std::mem::take(&mut self.shards) {
            let mut query = Query::new(self.of.name(), LIVE, shard.clone());
            (query.limit, query.after, query.newest_first) = (PAGE, after, true);
            let (ids, next) = uow.find(query).await?;
            let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
            let docs = uow.peek(self.of, &ids).await?;
            let mut oldest = None;
            for (id, doc) in ids.iter().zip(&docs) {
                let Some((at, lines)) = doc.as_ref().and_then(self.promised) else { continue };
                oldest = Some(at);
                if short.touches(lines) {
                    self.seen.push((at, (*id).to_owned(), lines.to_vec()));
                }
            }
            if next.is_some() {
                self.horizon = self.horizon.max(oldest);
                self.shards.push((shard, next));
            }
        }
        if self.pages >= MAX_PAGES {
            self.shards.clear();
            self.horizon = None;
        }
        self.seen.sort_unstable_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
        Ok(())
    }
}
