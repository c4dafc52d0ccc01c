//! An order that was cancelled: the shop has its goods, or the carrier lost them, and the customer has the money.

use super::{Say, completed, parcels};
use crate::audit::sides::Sides;
use crate::peer::Kind;

pub(super) fn judge(sides: &Sides<'_>, say: &mut Say<'_>) {
    reservation(sides, say);
    money(sides, say);
    parcels::is_not_with_the_customer(sides, say);
}

fn reservation(sides: &Sides<'_>, say: &mut Say<'_>) {
    let state = sides.reservation.text("state");
    let has_left = sides.parcel.handed_over > 0;
    let may_be: &[&str] = match has_left {
        true => &["lost", "brought_back"],
        false => &["released", "rejected", "cancelled", "absent"],
    };
    if !may_be.contains(&state) {
        say.that(format!("cancelled, but its reservation is {state}"));
    }
}

fn money(sides: &Sides<'_>, say: &mut Say<'_>) {
    let totals = &sides.money.totals;
    if totals.open_authorizations > 0 {
        let held = totals.held_minor;
        say.by(Kind::Provider, format!("cancelled, but the provider holds {held} minor units"));
    }
    let payment = sides.payment.text("state");
    if matches!(payment, "authorized" | "action_required") {
        say.that(format!("cancelled, but its payment is {payment}"));
    }
    completed::agreement(sides, say);
    completed::given_back(sides, totals.captured_minor, say);
}
