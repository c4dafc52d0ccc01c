//! `GET /shipments/{id}/label` and `GET /returns/{id}/label`: what to print.

use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use contracts::{ReturnId, ShipmentId};
use runtime::Problem;

use super::{Desk, answer};
use crate::carrier::{Label, Parcel};
use crate::document::{LABELS, RETURNS, SHIPMENTS};

pub(super) async fn of_shipment(State(desk): State<Desk>, Path(id): Path<String>) -> Response {
    let path = format!("/shipments/{id}/label");
    answer(path, shipment(&desk, &id).await)
}

async fn shipment(desk: &Desk, id: &str) -> Result<Response, Problem> {
    let missing = || Problem::not_found("shipment", id);
    let parcel = Parcel::Shipment(ShipmentId::new(id).map_err(|_| missing())?);
    let found = desk.edge.reader().get(&SHIPMENTS, id).await?.ok_or_else(missing)?;
    printed(desk, &parcel, found.label()).await
}

pub(super) async fn of_return(State(desk): State<Desk>, Path(id): Path<String>) -> Response {
    let path = format!("/returns/{id}/label");
    answer(path, returned(&desk, &id).await)
}

async fn returned(desk: &Desk, id: &str) -> Result<Response, Problem> {
    let missing = || Problem::not_found("return", id);
    let parcel = Parcel::Return(ReturnId::new(id).map_err(|_| missing())?);
    let found = desk.edge.reader().get(&RETURNS, id).await?.ok_or_else(missing)?;
    printed(desk, &parcel, found.label()).await
}

/// The label that stands: nobody prints one that was given back.
async fn printed(desk: &Desk, parcel: &Parcel, label: Option<&Label>) -> Result<Response, Problem> {
    let none = || {
        Problem::new(404, "no-label", "No label", format!("{parcel} has no label that can be printed"))
            .hint("it has one from shipment.ready until it is stopped, and for 90 days")
    };
    let label = label.ok_or_else(none)?;
    let kept = desk.edge.reader().get(&LABELS, &parcel.to_string()).await?.ok_or_else(none)?;
    let pdf = kept.pdf().filter(|pdf| pdf.sha256() == label.sha256).ok_or_else(none)?;
    let headers = [
        (header::CONTENT_TYPE, "application/pdf".to_owned()),
        (header::CONTENT_DISPOSITION, format!("inline; filename=\"{}.pdf\"", label.number)),
        (header::ETAG, format!("\"{}\"", label.sha256)),
        // It shows an address.
        (header::CACHE_CONTROL, "private, no-store".to_owned()),
    ];
    Ok((headers, pdf.bytes().to_vec()).into_response())
}
