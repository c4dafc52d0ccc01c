//! What the carrier's own ledger says of parcels.

use std::collections::BTreeSet;

use contracts::events::shipment::TrackingStatus;
use runtime::Findings;

use super::Say;
use crate::audit::books::Books;
use crate::audit::sides::Sides;
use crate::audit::{Wrong, sides};
use crate::peer::Kind;

/// The one parcel of a completed order was taken by the carrier, once.
pub(super) fn arrived(sides: &Sides<'_>, say: &mut Say<'_>) {
    let state = sides.shipment.text("state");
    if !matches!(state, "delivered" | "lost" | "returned") {
        say.that(format!("completed, but its parcel is {state}"));
    }
    if sides.order.flag("shipped") == Some(false) {
        say.that("completed, and orders never heard that it left");
    }
    if (sides.parcel.labels, sides.parcel.handed_over) != (1, 1) {
        let (labels, taken) = (sides.parcel.labels, sides.parcel.handed_over);
        let sentence = format!("completed, but the carrier sold {labels} labels and took {taken} parcels");
        say.by(Kind::Carrier, sentence);
    }
}

/// The goods of a cancelled order stayed, were lost, or were brought back.
pub(super) fn is_not_with_the_customer(sides: &Sides<'_>, say: &mut Say<'_>) {
    let state = sides.shipment.text("state");
    if !matches!(state, "absent" | "waiting" | "stopped" | "failed" | "lost" | "returned") {
        say.that(format!("cancelled, but its parcel is {state}"));
    }
    let parcel = &sides.parcel;
    let is_gone = matches!(parcel.end, Some(TrackingStatus::Lost | TrackingStatus::Returned));
    if parcel.handed_over > 0 && !is_gone {
        say.by(Kind::Carrier, "cancelled, but the carrier brought its parcel to the customer");
    }
    // A label that could not be taken back costs money, and is told to a person.
    if parcel.labels > parcel.handed_over && sides.shipment.text("label") != "kept" {
        say.by(Kind::Carrier, "cancelled, but its label was not taken back");
    }
}

/// Parcels that nobody here knows of.
pub(super) fn strangers(findings: &[(&'static str, Findings)], books: &Books) -> Vec<Wrong> {
    let known: BTreeSet<String> = sides::facts(findings, "shipping", "shipments")
        .map(|(_, fact)| fact.text("parcel").to_owned())
        .chain(sides::facts(findings, "shipping", "returns").map(|(id, _)| format!("return/{id}")))
        .collect();
    let unknown = books.parcels.keys().filter(|name| !known.contains(*name));
    unknown
        .map(|name| Wrong::of(Kind::Carrier, format!("parcel {name}: the carrier has it, and nobody else")))
        .collect()
}
