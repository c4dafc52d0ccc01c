//! Stock moved: tell how much there is now, and once when it has fallen low.
//!
//! It reads what is there, not what moved, so it may come late, twice or out of order: the counter's own number of
//! steps tells readers which of two levels is newer.

use contracts::events::stock::{StockLevelChanged, StockLow};
use runtime::{Fail, JobHandler, Levels, Uow};

use crate::domain::{Card, Place, Stock};
use crate::ledger::{CARDS, STOCK, TellLevels, WATCHES, Watch, stock_of};

pub(crate) struct ProjectLevels {
    /// The threshold of SKUs whose card has none.
    pub(crate) low_stock: Option<u32>,
}

impl JobHandler for ProjectLevels {
    type Job = TellLevels;

    async fn run(&self, job: &TellLevels, uow: &mut Uow) -> Result<(), Fail> {
        let ids: Vec<String> = job.places.iter().map(Place::id).collect();
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let skus: Vec<&str> = job.places.iter().map(|place| place.sku.as_str()).collect();
        let cards = uow.peek(&CARDS, &skus).await?;
        let watches = uow.peek(&WATCHES, &ids).await?;
        let levels = uow.levels(&STOCK, &ids).await?;
        let mut turned = vec![];
        for (at, place) in job.places.iter().enumerate() {
            let stock = stock_of(&levels[at]);
            tell(uow, place, &levels[at], stock)?;
            let threshold = self.threshold(cards[at].as_ref());
            let is_low = threshold.is_some_and(|threshold| stock.available <= i64::from(threshold));
            if is_low != watches[at].unwrap_or_default().is_low && turn(uow, place, is_low).await? {
                turned.push(place.clone());
                if let (true, Some(threshold)) = (is_low, threshold) {
                    tell_low(uow, place, &levels[at], threshold)?;
                }
            }
        }
        // Levels are read unchecked, so another run may have seen newer ones while this one turned a watch by older
        // ones. Whoever turns a watch has it looked at again: the last look then agrees with the stock.
        match TellLevels::of(turned) {
            Some(again) => uow.enqueue(&again),
            None => Ok(()),
        }
    }
}

impl ProjectLevels {
    fn threshold(&self, card: Option<&Card>) -> Option<u32> {
        card.and_then(|card| card.low_stock).or(self.low_stock)
    }
}

/// Notes that a place has become low, or is not low any more; answers whether that is new.
async fn turn(uow: &mut Uow, place: &Place, is_low: bool) -> Result<bool, Fail> {
    let id = place.id();
    let mut watch = match uow.load(&WATCHES, &id).await? {
        Some(watch) => watch,
        None => uow.fresh(id, Watch::default()),
    };
    if watch.is_low == is_low {
        return Ok(false);
    }
    watch.is_low = is_low;
    uow.put(&WATCHES, watch)?;
    Ok(true)
}

fn tell(uow: &mut Uow, place: &Place, levels: &Levels, stock: Stock) -> Result<(), Fail> {
    let Place { sku, location } = place.clone();
    let Stock { on_hand, available, reserved, allocated, quarantine } = stock;
    let told = StockLevelChanged { sku, location, on_hand, available, reserved, allocated, quarantine };
    uow.emit_state(&place.id(), levels.steps, &told)
}

fn tell_low(uow: &mut Uow, place: &Place, levels: &Levels, threshold: u32) -> Result<(), Fail> {
    let Place { sku, location } = place.clone();
    let available = levels.get("available");
    let told = StockLow { sku, location, available, threshold: i64::from(threshold) };
    uow.emit_state(&place.id(), levels.steps, &told)
}
