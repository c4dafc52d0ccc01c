//! `GET /audit`: every service's audit of itself, compared with each other and with the peers' ledgers. A service on its
//! own tells its part of it, which is compared by whoever asks all.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use runtime::Problem;

use super::Site;
use crate::audit;

pub(super) async fn show(State(site): State<Site>) -> Result<Response, Problem> {
    let report = audit::run(&site).await?;
    Ok(Json(report).into_response())
}

pub(super) async fn part(State(site): State<Site>) -> Result<Response, Problem> {
    let part = audit::part(&site).await?;
    Ok(Json(part).into_response())
}
