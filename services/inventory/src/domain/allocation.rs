//! From where an order's lines are taken: all or none, from as few locations as possible, preferred ones first.

use std::collections::{BTreeMap, BTreeSet};

use contracts::events::stock::{RejectReason, Shortage, StockLine};
use contracts::{LocationId, Quantity, Sku};

use super::movement::{Kind, MovementLine, lines_of};
use super::stock::Place;
use super::{MAX_PLACES, MAX_SKUS};

/// Up to this many locations every set of them is tried (1,023 sets); beyond, an order may be taken from more than
/// the fewest.
const MAX_TRIED: usize = 10;

/// What is wanted of one SKU, and what there is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Supply {
    pub(crate) sku: Sku,
    pub(crate) wanted: Quantity,
    /// How much is available at each location, the preferred one first; `None` for a SKU that is not known.
    pub(crate) at: Option<Vec<(LocationId, i64)>>,
}

/// Stock is promised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reserving {
    /// What, and from where.
    pub(crate) lines: Vec<StockLine>,
    /// Whether the hold is used up for it.
    pub(crate) adopts: bool,
    pub(crate) movement: Vec<MovementLine>,
}

/// The lines cannot be supplied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rejection {
    pub(crate) reason: RejectReason,
    pub(crate) short: Vec<Shortage>,
}

/// Each SKU once, in the order of first mention.
///
/// # Errors
/// [`Rejection`] of what can never be reserved in one unit of work: more than [`MAX_SKUS`] SKUs, or more pieces of one
/// than a quantity can say. How much there is of it is not looked up.
pub(crate) fn summed<'l>(
    lines: impl IntoIterator<Item = (&'l Sku, Quantity)>,
) -> Result<Vec<(Sku, Quantity)>, Rejection> {
    let mut sums: Vec<(Sku, Quantity)> = vec![];
    let mut places = BTreeMap::<&Sku, usize>::new();
    let mut short = vec![];
    for (sku, quantity) in lines {
        let at = *places.entry(sku).or_insert(sums.len());
        match sums.get_mut(at) {
            Some((_, sum)) => match sum.checked_add(quantity) {
                Some(both) => *sum = both,
                None => short.push(Shortage { sku: sku.clone(), wanted: quantity, available: 0 }),
            },
            None => sums.push((sku.clone(), quantity)),
        }
    }
    short.extend(sums.iter().skip(MAX_SKUS).map(|(sku, wanted)| Shortage {
        sku: sku.clone(),
        wanted: *wanted,
        available: 0,
    }));
    if short.is_empty() {
        Ok(sums)
    } else {
        Err(Rejection { reason: RejectReason::InsufficientStock, short })
    }
}

/// Reserves all of `supplies` or nothing. The pieces of `hold` count as available, and those that are not needed go
/// back. A hold that would make the decision too large for one unit of work is left alone: it expires by itself.
///
/// # Errors
/// [`Rejection`] with every line that cannot be supplied.
pub(crate) fn reserve(supplies: &[Supply], hold: Option<&[StockLine]>) -> Result<Reserving, Rejection> {
    let Some(held) = hold else {
        let lines = allocate(supplies)?;
        let movement = lines_of(Kind::Reserved, &lines).collect();
        return Ok(Reserving { lines, adopts: false, movement });
    };
    let lines = allocate(&with_held(supplies, held))?;
    let places: BTreeSet<Place> = lines.iter().chain(held).map(Place::of).collect();
    if places.len() > MAX_PLACES {
        return reserve(supplies, None);
    }
    let movement = lines_of(Kind::Adopted, held).chain(lines_of(Kind::Reserved, &lines)).collect();
    Ok(Reserving { lines, adopts: true, movement })
}

fn with_held(supplies: &[Supply], held: &[StockLine]) -> Vec<Supply> {
    let mut supplies = supplies.to_vec();
    for supply in &mut supplies {
        for (location, available) in supply.at.iter_mut().flatten() {
            let here = held.iter().filter(|line| line.sku == supply.sku && line.location == *location);
            *available += here.map(|line| i64::from(line.quantity.get())).sum::<i64>();
        }
    }
    supplies
}

fn allocate(supplies: &[Supply]) -> Result<Vec<StockLine>, Rejection> {
    let short: Vec<Shortage> = supplies.iter().filter(|s| s.is_short()).map(Supply::shortage).collect();
    if !short.is_empty() {
        let is_unknown = supplies.iter().any(|supply| supply.at.is_none());
        let reason = if is_unknown { RejectReason::UnknownSku } else { RejectReason::InsufficientStock };
        return Err(Rejection { reason, short });
    }
    let from = fewest(supplies);
    let lines: Vec<StockLine> = supplies.iter().flat_map(|supply| supply.split(&from)).collect();
    if lines.len() > MAX_PLACES {
        let scattered = supplies.iter().filter(|supply| supply.split(&from).len() > 1);
        let short = scattered.map(Supply::shortage_of_one_place).collect();
        return Err(Rejection { reason: RejectReason::InsufficientStock, short });
    }
    Ok(lines)
}

/// The smallest set of locations that has everything; of equally small ones the most preferred.
fn fewest(supplies: &[Supply]) -> BTreeSet<&LocationId> {
    let all = by_preference(supplies);
    if all.len() > 1 && all.len() <= MAX_TRIED {
        let mut sets: Vec<usize> = (1..1 << all.len()).collect();
        sets.sort_by_key(|set| (set.count_ones(), *set));
        for set in sets {
            let from = all.iter().enumerate().filter(|(at, _)| set & (1 << at) != 0);
            let from: BTreeSet<&LocationId> = from.map(|(_, location)| *location).collect();
            if supplies
                .iter()
                .all(|supply| supply.within(&from).map(|(_, n)| n).sum::<i64>() >= supply.wanted())
            {
                return from;
            }
        }
    }
    all.into_iter().collect()
}

/// Every location that has something, the one first that most lines prefer.
fn by_preference(supplies: &[Supply]) -> Vec<&LocationId> {
    let mut ranks = BTreeMap::<&LocationId, usize>::new();
    for supply in supplies {
        for (rank, (location, available)) in supply.at.iter().flatten().enumerate() {
            // The further down a line's list, the less a location gains by it; not listed, nothing.
            let gain = if *available > 0 { super::MAX_LOCATIONS - rank.min(super::MAX_LOCATIONS) } else { 0 };
            *ranks.entry(location).or_default() += gain;
        }
    }
    let mut all: Vec<_> = ranks.into_iter().filter(|(_, gain)| *gain > 0).collect();
    all.sort_by(|(a, gain_a), (b, gain_b)| gain_b.cmp(gain_a).then(a.cmp(b)));
    all.into_iter().map(|(location, _)| location).collect()
}

impl Supply {
    fn wanted(&self) -> i64 {
        i64::from(self.wanted.get())
    }

    fn available(&self) -> i64 {
        self.at.iter().flatten().map(|(_, available)| (*available).max(0)).sum()
    }

    fn is_short(&self) -> bool {
        self.at.is_none() || self.available() < self.wanted()
    }

    fn shortage(&self) -> Shortage {
        Shortage { sku: self.sku.clone(), wanted: self.wanted, available: self.available() }
    }

    fn shortage_of_one_place(&self) -> Shortage {
        let most = self.at.iter().flatten().map(|(_, available)| *available).max();
        Shortage { available: most.unwrap_or_default(), ..self.shortage() }
    }

    fn within<'s>(&'s self, from: &BTreeSet<&LocationId>) -> impl Iterator<Item = (&'s LocationId, i64)> {
        let listed = self.at.iter().flatten().filter(|(location, n)| *n > 0 && from.contains(location));
        listed.map(|(location, n)| (location, *n))
    }

    /// From the preferred location that has all of it; otherwise from as few as possible.
    fn split(&self, from: &BTreeSet<&LocationId>) -> Vec<StockLine> {
        let mut there: Vec<_> = self.within(from).collect();
        if let Some(whole) = there.iter().find(|(_, n)| *n >= self.wanted()) {
            return vec![self.line(whole.0, self.wanted)];
        }
        there.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
        let mut lines = vec![];
        let mut left = self.wanted();
        for (location, available) in there {
            let taken = u32::try_from(left.min(available)).ok().and_then(|n| Quantity::new(n).ok());
            let Some(taken) = taken else { break };
            lines.push(self.line(location, taken));
            left -= i64::from(taken.get());
        }
        lines
    }

    fn line(&self, location: &LocationId, quantity: Quantity) -> StockLine {
        StockLine { sku: self.sku.clone(), quantity, location: location.clone() }
    }
}
