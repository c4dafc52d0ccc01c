//! What inventory says. Only stock that cannot be had decides anything.

use contracts::events::stock::{StockRejected, StockReserved, StockShort};

use super::hear::{Meaning, means};
use crate::domain::Input;
use crate::timeline::pieces;

means! {
    StockReserved => |event, _| {
        let count = event.lines.iter().map(|line| u64::from(line.quantity.get())).sum();
        let are = if count == 1 { "is" } else { "are" };
        Meaning::input(
            Input::StockReserved { lines: event.lines.clone() },
            format!("{} {are} reserved", pieces(count)),
        )
    };
    StockRejected => |event, _| Meaning::input(
        Input::StockRejected { reason: event.reason },
        format!("cannot be supplied: {}", event.reason),
    );
    // Without an order only holds of carts are affected.
    StockShort => |event, _| Meaning::input(
        Input::StockShort,
        format!("{} of {} at {} that were promised are missing", event.missing, event.sku, event.location),
    );
}
