//! `GET /shipments/{id}` and `GET /returns/{id}`: how a parcel stands, and where it was seen. Nobody's address.

use axum::extract::{Path, State};
use axum::response::Response;
use contracts::order::LineQuantity;
use contracts::{OrderId, ShipmentId, Timestamp};
use runtime::Problem;
use serde::Serialize;

use super::{Desk, answer, ok};
use crate::carrier::{Label, Scan};
use crate::document::{RETURNS, SHIPMENTS};
use crate::domain::{Return, ReturnState, Shipment, State as Stands, Trouble};

/// A shipment as it is shown.
#[derive(Debug, Serialize)]
pub(super) struct View<'a> {
    shipment_id: &'a ShipmentId,
    order_id: &'a OrderId,
    status: &'static str,
    carrier: &'a str,
    #[serde(flatten)]
    way: Way<'a>,
    lines: &'a [LineQuantity],
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    opened_at: Timestamp,
}

/// What shipments and returns have in common.
#[derive(Debug, Serialize)]
struct Way<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    tracking_number: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tracking_url: Option<&'a str>,
    /// What a person should look at.
    #[serde(skip_serializing_if = "Option::is_none")]
    trouble: Option<Trouble>,
    tracking: &'a [Scan],
}

impl<'a> Way<'a> {
    fn of(label: Option<&'a Label>, trouble: Option<Trouble>, tracking: &'a [Scan]) -> Self {
        Self {
            tracking_number: label.map(|label| label.number.as_str()),
            tracking_url: label.and_then(|label| label.url.as_deref()),
            trouble,
            tracking,
        }
    }
}

impl<'a> View<'a> {
    pub(super) fn of(shipment: &'a Shipment, carrier: &'a str) -> Self {
        let reason = match &shipment.state {
            Stands::Failed { code, .. } => Some(code.as_str()),
            Stands::Lost { .. } | Stands::Returned { .. } => {
                shipment.tracking.position().map(|scan| scan.code.as_str())
            }
            Stands::Waiting
            | Stands::Booking { .. }
            | Stands::Ready { .. }
            | Stands::HandingOver { .. }
            | Stands::Stopping { .. }
            | Stands::HandedOver { .. }
            | Stands::Delivered { .. }
            | Stands::Stopped { .. } => None,
        };
        Self {
            shipment_id: &shipment.shipment_id,
            order_id: &shipment.order_id,
            status: shipment.state.name(),
            carrier,
            way: Way::of(shipment.label(), shipment.trouble, shipment.tracking.scans()),
            lines: shipment.order.as_ref().map(|order| &*order.lines).unwrap_or_default(),
            reason,
            opened_at: shipment.opened_at,
        }
    }
}

pub(super) async fn shipment(State(desk): State<Desk>, Path(id): Path<String>) -> Response {
    answer(format!("/shipments/{id}"), shown(&desk, &id).await)
}

async fn shown(desk: &Desk, id: &str) -> Result<Response, Problem> {
    let found = desk.edge.reader().get(&SHIPMENTS, id).await?;
    let shipment = found.ok_or_else(|| Problem::not_found("shipment", id))?;
    ok(&View::of(&shipment, desk.config.carrier))
}

/// A return as it is shown.
#[derive(Debug, Serialize)]
struct ReturnView<'a> {
    return_id: &'a str,
    order_id: &'a OrderId,
    status: &'static str,
    #[serde(flatten)]
    way: Way<'a>,
    lines: &'a [LineQuantity],
    location: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    opened_at: Timestamp,
}

impl<'a> ReturnView<'a> {
    fn of(returning: &'a Return) -> Self {
        let reason = match &returning.state {
            ReturnState::Astray { code, .. } | ReturnState::Refused { code } => Some(code.as_str()),
            ReturnState::Booking { .. } | ReturnState::Labelled { .. } | ReturnState::Received { .. } => None,
        };
        Self {
            return_id: returning.return_id.as_str(),
            order_id: &returning.order_id,
            status: returning.state.name(),
            way: Way::of(returning.label(), returning.trouble, returning.tracking.scans()),
            lines: &returning.lines,
            location: returning.location.as_str(),
            reason,
            opened_at: returning.opened_at,
        }
    }
}

pub(super) async fn returned(State(desk): State<Desk>, Path(id): Path<String>) -> Response {
    answer(format!("/returns/{id}"), return_shown(&desk, &id).await)
}

async fn return_shown(desk: &Desk, id: &str) -> Result<Response, Problem> {
    let found = desk.edge.reader().get(&RETURNS, id).await?;
    let returning = found.ok_or_else(|| Problem::not_found("return", id))?;
    ok(&ReturnView::of(&returning))
}
