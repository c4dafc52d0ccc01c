//! Whether an order has come to rest: its end is reached, and nobody is being asked about it.

use crate::audit::sides::Sides;

/// Refunds in these states stay in them.
const REFUND_ENDS: [&str; 3] = ["refunded", "covered", "refused"];

pub(super) fn is_at_rest(sides: &Sides<'_>) -> bool {
    let status = sides.order.text("status");
    let has_ended = matches!(status, "completed" | "cancelled" | "absent");
    has_ended && is_money_at_rest(sides) && is_parcel_at_rest(sides, status)
}

fn is_money_at_rest(sides: &Sides<'_>) -> bool {
    let state = sides.payment.text("state");
    let asks = matches!(state, "authorizing" | "capturing" | "voiding" | "unknown" | "action_required");
    let refunds_are_over =
        sides.payment.each("refunds").iter().all(|(_, refund)| REFUND_ENDS.contains(&refund.text("state")));
    !asks && sides.payment.flag("asking") != Some(true) && refunds_are_over
}

fn is_parcel_at_rest(sides: &Sides<'_>, status: &str) -> bool {
    let state = sides.shipment.text("state");
    let asks = matches!(state, "booking" | "handing_over" | "stopping")
        || sides.shipment.text("label") == "voiding"
        || sides.shipment.flag("stuck") == Some(true);
    let is_on_the_way = state == "handed_over" && status == "cancelled";
    !asks && !is_on_the_way
}
