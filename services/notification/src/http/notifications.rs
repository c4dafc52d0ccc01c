//! `GET /notifications` and one of them, with what was written.

use axum::extract::{Path, State};
use axum::http::Uri;
use axum::response::Response;
use contracts::Timestamp;
use runtime::{Edge, Problem};
use serde::Serialize;

use super::page::{Asked, Wanted, invalid, wanted};
use super::{answer, ok};
use crate::document::{BY_CUSTOMER, BY_ORDER, BY_STATUS, NOTIFICATIONS, sort_of};
use crate::domain::{Notification, State as Stands};

/// A message as it is listed: nobody's whole address.
#[derive(Serialize)]
struct Listed<'a> {
    notification_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    order_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    customer_id: Option<&'a str>,
    channel: &'static str,
    template: &'static str,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    provider_code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    provider_reference: Option<&'a str>,
    written_at: Timestamp,
}

impl<'a> Listed<'a> {
    fn of(notification: &'a Notification) -> Self {
        let (reason, code, reference) = match &notification.state {
            Stands::Sending { .. } => (None, None, None),
            Stands::Sent { reference, .. } => (None, None, Some(reference.as_str())),
            Stands::Failed { reason, code, .. } => (Some(reason.as_str()), code.as_deref(), None),
        };
        Self {
            notification_id: notification.notification_id.as_str(),
            order_id: notification.order_id.as_ref().map(|id| id.as_str()),
            customer_id: notification.customer_id.as_ref().map(|id| id.as_str()),
            channel: "email",
            template: notification.milestone.name(),
            status: notification.state.name(),
            to: notification.message.as_ref().map(|message| message.to.masked()),
            reason,
            provider_code: code,
            provider_reference: reference,
            written_at: notification.written_at,
        }
    }
}

/// A message with what was written.
#[derive(Serialize)]
struct Whole<'a> {
    #[serde(flatten)]
    listed: Listed<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    html: Option<&'a str>,
}

#[derive(Serialize)]
struct Listing<'a> {
    notifications: Vec<Listed<'a>>,
    next_cursor: Option<String>,
}

/// What is indexed by status: what was sent is found by its order or its customer.
const STATUSES: [&str; 3] = ["sending", "unknown", "failed"];

pub(super) async fn list(State(edge): State<Edge>, asked: Asked) -> Response {
    answer("/notifications".to_owned(), listed(&edge, asked).await)
}

async fn listed(edge: &Edge, asked: Asked) -> Result<Response, Problem> {
    let wanted = wanted(asked)?;
    let partition = partition(&wanted)?;
    let sort = |id: &str, notification: &Notification| sort_of(id, notification.written_at);
    let (docs, next_cursor) = wanted.page(&edge.reader(), &NOTIFICATIONS, partition, sort).await?;
    ok(&Listing { notifications: docs.iter().map(|doc| Listed::of(doc)).collect(), next_cursor })
}

fn partition(wanted: &Wanted) -> Result<(&'static str, &str), Problem> {
    match (&wanted.order_id, &wanted.customer_id, &wanted.status) {
        (Some(order), None, None) => Ok((BY_ORDER, order)),
        (None, Some(customer), None) => Ok((BY_CUSTOMER, customer)),
        (None, None, Some(status)) if STATUSES.contains(&status.as_str()) => Ok((BY_STATUS, status)),
        (None, None, Some(_)) => Err(invalid(format!("status must be one of {}", STATUSES.join(", ")))),
        _ => Err(invalid("give one of order_id, customer_id and status")),
    }
}

pub(super) async fn show(State(edge): State<Edge>, uri: Uri, Path(id): Path<String>) -> Response {
    answer(uri.path().to_owned(), shown(&edge, &id).await)
}

async fn shown(edge: &Edge, id: &str) -> Result<Response, Problem> {
    let found = edge.reader().get(&NOTIFICATIONS, id).await?;
    let notification = found.ok_or_else(|| Problem::not_found("notification", id))?;
    let message = notification.message.as_ref();
    ok(&Whole {
        listed: Listed::of(&notification),
        subject: message.map(|message| message.subject.as_str()),
        text: message.map(|message| message.text.as_str()),
        html: message.map(|message| message.html.as_str()),
    })
}
