//! `POST /carriers/{carrier}/webhooks`: what a carrier tells of its own accord. The same scans may come again when it
//! is asked, and the same reducer knows them.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Path, Request, State};
use axum::http::HeaderMap;
use axum::response::Response;
use runtime::signature::{HEADER, is_signed};
use runtime::{Answer, Command, Problem, Refusal, Uow};
use serde_json::json;

use super::{Desk, answer};
use crate::carrier::{Parcel, Scan, Told};
use crate::config::Config;
use crate::document::{SHIPMENTS, as_told, load_return, save, save_return};

/// The longest body, in bytes: a hundred scans are under 40 KB.
const MAX_BODY_BYTES: usize = 64 * 1024;

/// How many parcels one webhook is about at most: each may be written and looked for later, in one unit of work, which
/// holds a hundred items.
const MAX_PARCELS: usize = 45;

pub(super) async fn told(
    State(desk): State<Desk>,
    Path(carrier): Path<String>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let path = format!("/carriers/{carrier}/webhooks");
    answer(path, taken(&desk, &carrier, parts.headers, body).await)
}

async fn taken(desk: &Desk, carrier: &str, headers: HeaderMap, body: Body) -> Result<Response, Problem> {
    if carrier != desk.config.carrier || desk.config.webhook_secrets.is_empty() {
        return Err(Problem::not_found("webhook of carrier", carrier)
            .hint("webhooks are heard once a secret is configured that signs them"));
    }
    let body = whole(body).await?;
    let signature = headers.get(HEADER).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !is_signed(&desk.config.webhook_secrets, &body, signature) {
        let detail = format!("the header {HEADER} does not sign this body with a secret of ours");
        return Err(Problem::new(401, "not-signed", "Not signed", detail));
    }
    let told = desk.carrier.told(&body).ok_or_else(|| {
        let detail = format!("the body is not a webhook of {carrier}");
        Problem::new(422, "invalid-webhook", "Invalid webhook", detail)
    })?;
    let command = Hear::of(told, desk.config.clone())?;
    let write = desk.edge.heard(format!("POST /carriers/{carrier}/webhooks"), &headers, body)?;
    desk.edge.run(&write, &command).await
}

async fn whole(body: Body) -> Result<Bytes, Problem> {
    to_bytes(body, MAX_BODY_BYTES).await.map_err(|_| {
        let detail = format!("the body must have at most {MAX_BODY_BYTES} bytes, and arrive whole");
        Problem::new(413, "body-too-large", "Body too large", detail)
    })
}

/// Hears scans of some parcels.
struct Hear {
    scans: BTreeMap<Parcel, Vec<Scan>>,
    config: Arc<Config>,
}

impl Hear {
    fn of(told: Vec<Told>, config: Arc<Config>) -> Result<Self, Problem> {
        let mut scans: BTreeMap<Parcel, Vec<Scan>> = BTreeMap::new();
        for Told { parcel, scan } in told {
            scans.entry(parcel).or_default().push(scan);
        }
        if scans.len() > MAX_PARCELS {
            let detail = format!("one webhook may be about {MAX_PARCELS} parcels, not {}", scans.len());
            return Err(Problem::new(422, "invalid-webhook", "Invalid webhook", detail));
        }
        Ok(Self { scans, config })
    }

    /// `false`: there is no such parcel. It cannot come later, since ours are kept before they are booked.
    async fn hear(&self, uow: &mut Uow, parcel: &Parcel, scans: Vec<Scan>) -> Result<bool, Refusal> {
        let (now, scans) = (uow.now(), as_told(uow, scans));
        match parcel {
            Parcel::Shipment(id) => {
                let Some(mut shipment) = uow.load(&SHIPMENTS, id.as_str()).await? else { return Ok(false) };
                let next = shipment.see(scans, now);
                save(uow, shipment, next, &self.config)?;
            }
            Parcel::Return(id) => {
                let Some(mut returning) = load_return(uow, id).await? else { return Ok(false) };
                let next = returning.see(scans, now);
                save_return(uow, returning, next, &self.config)?;
            }
        }
        Ok(true)
    }
}

impl Command for Hear {
    async fn run(&self, uow: &mut Uow) -> Result<Answer, Refusal> {
        let (mut known, mut unknown) = (0, 0);
        for (parcel, scans) in &self.scans {
            match self.hear(uow, parcel, scans.clone()).await? {
                true => known += 1,
                false => unknown += 1,
            }
        }
        Ok(Answer::json(202, None, &json!({ "parcels": known, "unknown_parcels": unknown }))?)
    }
}
