//! What can never be, at rest or not.

use super::Say;
use crate::audit::sides::Sides;
use crate::peer::Kind;

pub(super) fn judge(sides: &Sides<'_>, say: &mut Say<'_>) {
    money(sides, say);
    goods(sides, say);
}

fn money(sides: &Sides<'_>, say: &mut Say<'_>) {
    let totals = &sides.money.totals;
    if totals.open_authorizations > 1 {
        let open = totals.open_authorizations;
        say.by(Kind::Provider, format!("the provider has {open} open authorizations, not one"));
    }
    let (captured, refunded) = (totals.captured_minor, totals.refunded_minor);
    let charged_back = totals.charged_back_minor;
    if refunded + charged_back > captured {
        let back = refunded + charged_back;
        say.by(Kind::Provider, format!("{back} minor units given back of {captured} captured"));
    }
    if let Some(total) = sides.order.number("total_minor").filter(|total| captured > *total) {
        say.by(Kind::Provider, format!("{captured} minor units captured, but it is over {total}"));
    }
    if let (Some(due), Some(heard)) =
        (sides.order.number("refund_due_minor"), sides.order.number("captured_minor"))
        && due > heard
    {
        say.that(format!("{due} minor units are to be refunded of {heard} captured"));
    }
}

/// Money before goods, by the two ledgers that nobody here writes.
fn goods(sides: &Sides<'_>, say: &mut Say<'_>) {
    let parcel = &sides.parcel;
    if parcel.labels > 1 {
        say.by(Kind::Carrier, format!("the carrier has {} labels, not one", parcel.labels));
    }
    if parcel.handed_over > 1 {
        say.by(Kind::Carrier, format!("the carrier took {} parcels, not one", parcel.handed_over));
    }
    let Some(left) = parcel.handed_over_at else { return };
    let is_free = sides.order.number("total_minor") == Some(0) || sides.payment.text("state") == "free";
    match sides.money.captured_at {
        Some(paid) if paid <= left => {}
        Some(paid) => say.by(
            Kind::Carrier,
            format!("the carrier took its parcel at {left}, before its money was taken at {paid}"),
        ),
        None if is_free => {}
        None => say.by(Kind::Carrier, "the carrier took its parcel, and its money was never taken"),
    }
}
