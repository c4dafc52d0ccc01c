//! What the carrier saw, beside what shipping says of its parcels: only where nothing happens in between can the two be
//! compared to the last scan.

use serde_json::{Value, json};
use shipping::simulated::ledger::Stands;
use testkit::Settled;

use super::super::peer::Peers;
use super::facts;

/// The order of a parcel that goes out.
fn order_of(parcel: &str) -> Option<&str> {
    parcel.strip_prefix("shipment/")?.strip_suffix("-s1")
}

/// Where a parcel is, is where the carrier saw it last.
pub(super) fn elsewhere(peers: &Peers, settled: &Settled<'_>) -> Vec<String> {
    let shipments = facts(settled, "shipping", "shipments");
    peers.carrier.with(|carrier| {
        let mut wrong = Vec::new();
        for parcel in carrier.ledger().parcels() {
            let Some(shipment) = order_of(&parcel.book.parcel).and_then(|order| shipments.get(order)) else {
                continue;
            };
            let Stands::HandedOver { .. } = parcel.stands else { continue };
            let seen = parcel.legs.iter().map(|leg| &leg.scan).filter(|scan| scan.at <= settled.now);
            let last =
                seen.max_by_key(|scan| scan.at).map(|scan| json!({ "status": scan.status, "at": scan.at }));
            if last.as_ref().unwrap_or(&Value::Null) != &shipment["position"] {
                let (number, position) = (&parcel.number, &shipment["position"]);
                wrong.push(format!("parcel {number} is {position}; the carrier saw it last {last:?}"));
            }
        }
        wrong
    })
}
