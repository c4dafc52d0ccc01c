//! Who gets the stock: pure decisions. Nothing here waits, tells the time or reaches outside.

#![warn(clippy::wildcard_enum_match_arm)]

mod adjustment;
mod allocation;
mod card;
mod hold;
mod movement;
mod reservation;
mod returning;
mod shortfall;
mod stock;
mod transfer;

pub use adjustment::MAX_ADJUSTMENTS;
pub(crate) use adjustment::{Adjusting, Adjustment, Refused, adjust};
pub(crate) use allocation::{Rejection, Reserving, Supply, reserve, summed};
pub use card::MAX_LOCATIONS;
pub(crate) use card::{Card, TooManyLocations};
pub(crate) use hold::{Ends, Hold, HoldState, Ripe};
pub(crate) use movement::{Kind, Movement, MovementLine, Shift, lines_of, shifts};
pub(crate) use reservation::{
    Cannot, Decision, Ended, Promise, Reservation, cancel, confirm, end_journey, is_open, lose, sell,
};
pub(crate) use returning::Return;
pub(crate) use shortfall::{MAX_VICTIMS, Shortfall, fits};
pub(crate) use stock::{Place, Stock};
pub use transfer::MAX_TRANSFERRED;
pub(crate) use transfer::transfer;

/// The most places (a SKU at a location) that one decision may touch. A unit of work has 100 items: besides these a
/// reservation, a hold, a movement, a timer and the record.
pub(crate) const MAX_PLACES: usize = 90;

/// The most distinct SKUs in one order, and in one cart's hold.
pub(crate) const MAX_SKUS: usize = contracts::order::MAX_LINES;

#[cfg(test)]
mod tests;
