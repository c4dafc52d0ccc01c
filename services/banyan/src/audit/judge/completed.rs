//! An order that was completed: its goods are with the customer, but for what came back, and so is what they cost.

use super::{Say, parcels};
use crate::audit::sides::Sides;
use crate::peer::Kind;

pub(super) fn judge(sides: &Sides<'_>, say: &mut Say<'_>) {
    reservation(sides, say);
    money(sides, say);
    parcels::arrived(sides, say);
    let mails = sides.told.each("mails");
    let is_told = mails.iter().any(|(milestone, _)| *milestone == "order-completed");
    if sides.told.flag("has_address") == Some(true) && !is_told {
        say.that("completed, and its customer was not told");
    }
}

fn reservation(sides: &Sides<'_>, say: &mut Say<'_>) {
    let state = sides.reservation.text("state");
    if !matches!(state, "sold" | "lost" | "brought_back") {
        say.that(format!("completed, but its reservation is {state}"));
    }
    // What turned out to be missing was ordered all the same.
    let mut held = sides.reservation.numbers("lines").unwrap_or_default();
    for (sku, pieces) in sides.reservation.numbers("missing").unwrap_or_default() {
        *held.entry(sku).or_default() += pieces;
    }
    if sides.order.numbers("lines") != Some(held) {
        say.that("completed, but other quantities are reserved than were ordered");
    }
}

fn money(sides: &Sides<'_>, say: &mut Say<'_>) {
    let total = sides.order.number("total_minor").unwrap_or(-1);
    if let Some(amount) = sides.payment.number("amount_minor").filter(|amount| *amount != total) {
        say.that(format!("completed over {total} minor units, but its payment is over {amount} minor units"));
    }
    let payment = sides.payment.text("state");
    if !matches!(payment, "captured" | "free") {
        say.that(format!("completed, but its payment is {payment}"));
    }
    let totals = &sides.money.totals;
    let took = totals.captured_minor;
    if took != total {
        say.by(Kind::Provider, format!("completed over {total} minor units, but the provider took {took}"));
    }
    if totals.open_authorizations > 0 && totals.held_minor > 0 {
        say.by(Kind::Provider, format!("completed, but the provider holds {} more", totals.held_minor));
    }
    agreement(sides, say);
    let Some(worth) = worth_that_came_back(sides) else { return };
    let due = sides.order.number("refund_due_minor").unwrap_or(worth);
    if due != worth {
        say.that(format!("goods worth {worth} minor units came back, and {due} are to be refunded"));
    }
    given_back(sides, due, say);
}

/// Orders, payment and the provider count the same.
pub(super) fn agreement(sides: &Sides<'_>, say: &mut Say<'_>) {
    let totals = &sides.money.totals;
    for (what, told, booked) in [
        ("captured", "captured_minor", totals.captured_minor),
        ("refunded", "refunded_minor", totals.refunded_minor),
    ] {
        for (who, side) in [("payment", sides.payment), ("orders", sides.order)] {
            if let Some(said) = side.number(told).filter(|said| *said != booked) {
                say.by(
                    Kind::Provider,
                    format!("{who} says that {said} minor units were {what}, the provider {booked}"),
                );
            }
        }
    }
}

/// What is to be given back was given back: refunded, or taken by a lost dispute, which is an account of its own.
pub(super) fn given_back(sides: &Sides<'_>, due: i64, say: &mut Say<'_>) {
    let totals = &sides.money.totals;
    let (refunded, charged_back) = (totals.refunded_minor, totals.charged_back_minor);
    if refunded > due || refunded + charged_back < due {
        say.by(
            Kind::Provider,
            format!("{due} minor units are to be refunded, and the provider gave {refunded} back"),
        );
    }
}

/// What the goods that came back cost, with their part of the shipping: by the shares that were frozen when the order
/// was placed, and by what inventory took in. `None` when the shares are not told.
fn worth_that_came_back(sides: &Sides<'_>) -> Option<i64> {
    let shares = sides.order.numbers("shares")?;
    if matches!(sides.shipment.text("state"), "lost" | "returned") {
        return Some(shares.values().sum());
    }
    let ordered = sides.order.numbers("lines")?;
    let mut worth = 0i128;
    for (sku, share) in shares {
        let pieces = i128::from(ordered.get(sku).copied().unwrap_or(0)).max(1);
        let back = i128::from(sides.came_back.get(sku).copied().unwrap_or(0)).min(pieces);
        worth += i128::from(share) * back / pieces;
    }
    i64::try_from(worth).ok()
}
