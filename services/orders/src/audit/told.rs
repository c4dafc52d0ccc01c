//! What an order's timeline says.

use std::collections::BTreeMap;

use contracts::EventData;
use contracts::events::order::{
    OrderCancelRequested, OrderCancelled, OrderCompleted, OrderConfirmed, OrderRefundDue,
};
use contracts::events::payment::{PaymentAuthorized, PaymentCaptured};
use contracts::events::shipment::{
    ShipmentDelivered, ShipmentDispatched, ShipmentFailed, ShipmentStopRefused, ShipmentStopped,
};
use contracts::events::stock::StockShort;

use crate::timeline::{DECIDED, Entry};

/// The types that are looked for.
const KINDS: [&str; 13] = [
    OrderConfirmed::TYPE,
    OrderCancelRequested::TYPE,
    OrderCancelled::TYPE,
    OrderCompleted::TYPE,
    OrderRefundDue::TYPE,
    PaymentAuthorized::TYPE,
    PaymentCaptured::TYPE,
    ShipmentStopped::TYPE,
    ShipmentStopRefused::TYPE,
    ShipmentDispatched::TYPE,
    ShipmentDelivered::TYPE,
    ShipmentFailed::TYPE,
    StockShort::TYPE,
];

/// What an order's timeline says.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// How many entries there are.
    pub(super) entries: u32,
    /// How many of them are events of our own.
    pub(super) published: u64,
    /// How often each of [`KINDS`] is there, and the first.
    seen: [Option<(u32, u32)>; KINDS.len()],
    /// What was taken, in minor units.
    pub(super) captured_minor: Option<i64>,
    /// What fell due, in minor units, and how often, by the name of the refund.
    pub(super) refunds: BTreeMap<String, (u32, i64)>,
}

impl Told {
    pub(super) fn count(&mut self, entry: &Entry) {
        let told = &entry.told;
        self.entries += 1;
        self.published += u64::from(told.service == "orders" && told.kind != DECIDED);
        if let Some(at) = KINDS.iter().position(|kind| *kind == told.kind) {
            let (times, first) = self.seen[at].unwrap_or((0, entry.number));
            self.seen[at] = Some((times + 1, first.min(entry.number)));
        }
        if told.kind == PaymentCaptured::TYPE {
            self.captured_minor = self.captured_minor.or(told.amount_minor);
        }
        if let (OrderRefundDue::TYPE, Some(refund)) = (told.kind.as_str(), &told.refund) {
            let (times, minor) = self.refunds.entry(refund.clone()).or_default();
            *times += 1;
            *minor = minor.saturating_add(told.amount_minor.unwrap_or(0));
        }
    }

    /// How often an event of this type is there.
    pub(super) fn times<T: EventData>(&self) -> u32 {
        self.at::<T>().map_or(0, |(times, _)| times)
    }

    /// The first entry of this type.
    pub(super) fn first<T: EventData>(&self) -> Option<u32> {
        self.at::<T>().map(|(_, first)| first)
    }

    fn at<T: EventData>(&self) -> Option<(u32, u32)> {
        KINDS.iter().position(|kind| *kind == T::TYPE).and_then(|at| self.seen[at])
    }

    /// How often it was confirmed.
    pub(super) fn confirmed(&self) -> u32 {
        self.times::<OrderConfirmed>()
    }

    /// The sum of all refunds that fell due, in minor units.
    pub(super) fn refund_due_minor(&self) -> i64 {
        self.refunds.values().fold(0, |sum, (_, minor)| sum.saturating_add(*minor))
    }
}
