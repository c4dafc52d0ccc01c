//! How much there is of everything before the first order: nearly enough.

use std::collections::BTreeMap;
use std::str::FromStr;

use contracts::Sku;

use super::ImportedOrder;

/// Of every so many SKUs, by demand, one is short.
const ONE_IN: usize = 40;
/// The most decimal places of a scale.
const MAX_DECIMALS: usize = 6;
/// The highest scale: a million times the stock is as good as endless.
const MAX_SCALE: u64 = 1_000_000;

/// By how much the opening stock is multiplied: a decimal such as `1.5`, kept as a fraction of integers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scale {
    numerator: u64,
    denominator: u64,
}

/// A text that is not a [`Scale`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "a stock scale is a decimal number from 0 to 1000000 with up to 6 decimal places, such as 1.5, not {0:?}"
)]
pub struct InvalidScale(String);

impl Scale {
    /// As it is.
    pub const ONE: Self = Self { numerator: 1, denominator: 1 };

    /// `pieces` times this, rounded up; the highest number where that is too many.
    #[must_use]
    pub fn apply(self, pieces: u64) -> u64 {
        let scaled = (u128::from(pieces) * u128::from(self.numerator)).div_ceil(u128::from(self.denominator));
        u64::try_from(scaled).unwrap_or(u64::MAX)
    }
}

impl FromStr for Scale {
    type Err = InvalidScale;

    fn from_str(text: &str) -> Result<Self, InvalidScale> {
        let invalid = || InvalidScale(text.chars().take(40).collect());
        let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
        let digits = format!("{whole}{decimals}");
        if decimals.len() > MAX_DECIMALS
            || digits.is_empty()
            || !digits.bytes().all(|digit| digit.is_ascii_digit())
        {
            return Err(invalid());
        }
        let numerator: u64 = digits.parse().map_err(|_| invalid())?;
        let denominator = decimals.bytes().fold(1_u64, |power, _| power * 10);
        if numerator > MAX_SCALE * denominator {
            return Err(invalid());
        }
        Ok(Self { numerator, denominator })
    }
}

/// What orders ask for, summed while they stream by.
#[derive(Debug, Default)]
pub struct Demand(BTreeMap<String, u64>);

impl Demand {
    /// One more order.
    pub fn add(&mut self, order: &ImportedOrder) {
        for (sku, quantity) in order.demand() {
            match self.0.get_mut(sku) {
                Some(total) => *total = total.saturating_add(quantity),
                None => drop(self.0.insert(sku.to_owned(), quantity)),
            }
        }
    }

    /// The stock to open with: what the orders ask for, but half of it (rounded up) for every 40th SKU by demand,
    /// beginning with the most wanted, and equal ones by name. About one order in seven then ends short. At last, `scale`.
    ///
    /// A SKU that [`Sku`] refuses has no stock; [`Import`](super::Import) gives none.
    #[must_use]
    pub fn opening_stock(self, scale: Scale) -> BTreeMap<Sku, u64> {
        let mut by_demand: Vec<(String, u64)> = self.0.into_iter().collect();
        // Stable, and the map is sorted by name: so equal ones stay in the order of their names.
        by_demand.sort_by_key(|(_, pieces)| std::cmp::Reverse(*pieces));
        let stock = by_demand.into_iter().enumerate().filter_map(|(rank, (sku, pieces))| {
            let pieces = if rank % ONE_IN == 0 { pieces.div_ceil(2) } else { pieces };
            Some((Sku::new(sku).ok()?, scale.apply(pieces)))
        });
        stock.collect()
    }
}

/// The stock to open with for `orders`: see [`Demand::opening_stock`].
pub fn opening_stock<'a>(
    orders: impl IntoIterator<Item = &'a ImportedOrder>,
    scale: Scale,
) -> BTreeMap<Sku, u64> {
    let mut demand = Demand::default();
    orders.into_iter().for_each(|order| demand.add(order));
    demand.opening_stock(scale)
}
