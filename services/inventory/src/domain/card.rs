//! What is known about a SKU besides how much there is.

use contracts::LocationId;
use serde::{Deserialize, Serialize};

/// The most locations of one SKU: all of them are read for each line of an order.
pub const MAX_LOCATIONS: usize = 16;

/// A SKU's card.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Card {
    /// Where it may lie, the preferred location first. Never shrinks, so that stock cannot get out of sight.
    pub(crate) locations: Vec<LocationId>,
    /// Low at this many available pieces or fewer; the service's own threshold when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) low_stock: Option<u32>,
}

/// A SKU may lie at no more locations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooManyLocations;

impl Card {
    /// Whether this SKU may lie there.
    pub(crate) fn lists(&self, location: &LocationId) -> bool {
        self.locations.contains(location)
    }

    /// Adds a location, as the least preferred.
    ///
    /// # Errors
    /// [`TooManyLocations`]: refuse what would lie there.
    pub(crate) fn add(&mut self, location: LocationId) -> Result<(), TooManyLocations> {
        if self.lists(&location) {
            return Ok(());
        }
        if self.locations.len() >= MAX_LOCATIONS {
            return Err(TooManyLocations);
        }
        self.locations.push(location);
        Ok(())
    }
}
