//! What became of all orders, counted from what the services say.

use runtime::Findings;
use serde::{Deserialize, Serialize};

use super::sides::{Sides, facts};

/// How many orders came how far. An order can be in several.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Counts {
    /// Were confirmed at some time.
    pub confirmed: u64,
    /// Left the house.
    pub dispatched: u64,
    /// Are with the customer, by the carrier's last word.
    pub delivered: u64,
    /// Were lost on their way.
    pub lost: u64,
    /// Could not be delivered, and are back.
    pub brought_back: u64,
    /// Delivered and paid for.
    pub completed: u64,
    /// Closed without goods.
    pub cancelled: u64,
    /// Customers sent something back, and it arrived.
    pub returned: u64,
    /// Customers were given money back.
    pub refunded: u64,
    /// Customers contest, or contested, what was taken.
    pub disputes: u64,
    /// Mails that the mailbox took.
    pub mails: u64,
    /// Returns that did not arrive yet, and mails that are being sent.
    pub under_way: u64,
}

impl Counts {
    /// Counts one order.
    pub(super) fn add(&mut self, sides: &Sides<'_>) {
        let (status, parcel) = (sides.order.text("status"), sides.shipment.text("state"));
        let refunded = sides.payment.number("refunded_minor").unwrap_or(0);
        let is = |field: &mut u64, holds: bool| *field += u64::from(holds);
        is(&mut self.confirmed, sides.order.flag("was_confirmed") == Some(true));
        is(&mut self.completed, status == "completed");
        is(&mut self.cancelled, status == "cancelled");
        is(&mut self.dispatched, sides.shipment.flag("handed_over") == Some(true));
        is(&mut self.delivered, parcel == "delivered");
        is(&mut self.lost, parcel == "lost");
        is(&mut self.brought_back, parcel == "returned");
        is(&mut self.returned, !sides.came_back.is_empty());
        is(&mut self.refunded, refunded > 0);
        is(&mut self.disputes, !sides.payment.each("dispute").is_empty());
    }

    /// Counts what is not an order's own.
    pub(super) fn add_all(&mut self, findings: &[(&'static str, Findings)]) {
        for (_, mail) in facts(findings, "notification", "mails") {
            self.mails += u64::from(mail.text("state") == "sent");
            self.under_way += u64::from(matches!(mail.text("state"), "sending" | "unknown"));
        }
        for (_, returning) in facts(findings, "shipping", "returns") {
            let comes = matches!(returning.text("state"), "booking" | "labelled");
            self.under_way += u64::from(comes && returning.flag("stuck") != Some(true));
        }
    }
}
