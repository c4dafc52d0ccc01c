//! What must hold within the shipping service, and the facts that orders, payments and the carrier's ledger are
//! compared with.

use std::collections::{BTreeMap, BTreeSet};

use contracts::Timestamp;
use runtime::{Audit, Fail, Findings, Reader};
use serde_json::{Value, json};

use crate::carrier::Parcel;
use crate::document::{LABELS, RETURNS, SHIPMENTS};
use crate::domain::{Release, Return, Shipment, State, Trouble};

/// The audit of the shipping service.
pub(crate) struct ShippingAudit;

impl Audit for ShippingAudit {
    async fn audit(&self, reader: &Reader, _now: Timestamp) -> Result<Findings, Fail> {
        let mut findings = Findings::default();
        let (mut shipments, mut returns, mut numbers) = (BTreeMap::new(), BTreeMap::new(), BTreeSet::new());
        let mut labels: BTreeMap<String, String> = BTreeMap::new();
        let violations = &mut findings.violations;
        let mut snapshot = reader.snapshot().await?;
        snapshot.each(&LABELS, |label| drop(labels.insert(label.id.clone(), label.data.sha256))).await?;
        snapshot
            .each(&SHIPMENTS, |shipment| {
                violations.extend(wrong(&shipment.data, &labels));
                if let Some(label) = shipment.label()
                    && !numbers.insert(label.number.clone())
                {
                    violations.push(format!("two parcels have the tracking number {}", label.number));
                }
                shipments.insert(shipment.order_id.to_string(), fact(&shipment.data));
            })
            .await?;
        snapshot
            .each(&RETURNS, |returning| {
                returns.insert(returning.return_id.to_string(), fact_of_return(&returning.data));
            })
            .await?;
        findings.facts.insert("shipments".to_owned(), shipments);
        findings.facts.insert("returns".to_owned(), returns);
        Ok(findings)
    }
}

/// What a shipment says against itself, and against the label that is kept for it.
fn wrong(shipment: &Shipment, labels: &BTreeMap<String, String>) -> Vec<String> {
    let (id, state) = (&shipment.shipment_id, shipment.state.name());
    let mut wrong = Vec::new();
    if shipment.order.is_none() && !matches!(shipment.state, State::Waiting | State::Stopped { .. }) {
        wrong.push(format!("shipment {id} is {state} before its order was confirmed"));
    }
    if may_be_with_carrier(&shipment.state) && shipment.captured.is_none() {
        wrong.push(format!("shipment {id} is {state} before its money was taken"));
    }
    let awaits = matches!(shipment.state, State::HandingOver { .. } | State::Stopping { .. });
    if shipment.stop_asked.is_some() && !awaits {
        wrong.push(format!("shipment {id} is {state} and owes an answer to a cancel"));
    }
    if shipment.trouble == Some(Trouble::TakenUnasked) {
        wrong.push(format!("shipment {id} is {state}, and the carrier has it without having been asked"));
    }
    let kept = labels.get(&Parcel::Shipment(id.clone()).to_string());
    if let (Some(label), Some(kept)) = (shipment.label(), kept)
        && label.sha256 != *kept
    {
        wrong.push(format!("shipment {id} has another label than the one that is kept"));
    }
    wrong
}

/// Whether the carrier was asked to take it, or has it.
fn may_be_with_carrier(state: &State) -> bool {
    match state {
        State::HandingOver { .. }
        | State::Stopping { .. }
        | State::HandedOver { .. }
        | State::Delivered { .. }
        | State::Lost { .. }
        | State::Returned { .. } => true,
        State::Waiting
        | State::Booking { .. }
        | State::Ready { .. }
        | State::Stopped { .. }
        | State::Failed { .. } => false,
    }
}

fn is_handed_over(state: &State) -> bool {
    may_be_with_carrier(state) && !matches!(state, State::HandingOver { .. } | State::Stopping { .. })
}

fn fact(shipment: &Shipment) -> Value {
    let release = match &shipment.state {
        State::Stopped { release, .. } | State::Failed { release, .. } => Some(match release {
            Release::Nothing => "nothing",
            Release::Voiding { .. } => "voiding",
            Release::Voided => "voided",
            Release::Kept { .. } => "kept",
        }),
        _ => None,
    };
    let lines = shipment.order.as_ref().map(|order| {
        let lines = order.lines.iter();
        lines.map(|line| (line.sku.to_string(), line.quantity.get())).collect::<BTreeMap<_, _>>()
    });
    json!({
        "shipment_id": shipment.shipment_id,
        "parcel": shipment.parcel(),
        "state": shipment.state.name(),
        "captured": shipment.captured.is_some(),
        "handed_over": is_handed_over(&shipment.state),
        "tracking_number": shipment.label().map(|label| &label.number),
        "label": release,
        "position": shipment.tracking.position().map(|scan| json!({ "status": scan.status, "at": scan.at })),
        "lines": lines,
        "stuck": shipment.trouble.is_some_and(Trouble::has_given_up),
    })
}

fn fact_of_return(returning: &Return) -> Value {
    json!({
        "order_id": returning.order_id,
        "state": returning.state.name(),
        "tracking_number": returning.label().map(|label| &label.number),
        "stuck": returning.trouble.is_some_and(Trouble::has_given_up),
    })
}
