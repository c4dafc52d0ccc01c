//! `GET /payments/{id}`: how a payment stands and what came of each question. Never the token that pays.

use axum::extract::{Path, State};
use axum::response::Response;
use contracts::events::payment::DisputeStatus;
use contracts::{Currency, DisputeId, OrderId, RefundId, Timestamp};
use runtime::Problem;
use serde::Serialize;

use super::{Desk, answer, ok};
use crate::document::PAYMENTS;
use crate::domain::{CaptureTold, Entry, Payment, RefundState, State as Stands, Trouble};
use crate::gateway::{Dispute, Reference};

/// A payment as it is shown.
#[derive(Debug, Serialize)]
pub(super) struct View<'a> {
    payment_id: &'a OrderId,
    order_id: &'a OrderId,
    status: &'static str,
    provider: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    amount_minor: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    currency: Option<Currency>,
    authorized_minor: i64,
    captured_minor: i64,
    refunded_minor: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    provider_reference: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    action_url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    refunds: Vec<RefundView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dispute: Option<DisputeView<'a>>,
    /// What a person should look at.
    #[serde(skip_serializing_if = "Option::is_none")]
    trouble: Option<Trouble>,
    opened_at: Timestamp,
}

#[derive(Debug, Serialize)]
struct RefundView<'a> {
    refund_id: &'a RefundId,
    amount_minor: i64,
    currency: Currency,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    provider_reference: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct DisputeView<'a> {
    dispute_id: &'a DisputeId,
    status: DisputeStatus,
    amount_minor: i64,
    currency: Currency,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    evidence_due_at: Option<Timestamp>,
    at: Timestamp,
}

/// The same with its history.
#[derive(Debug, Serialize)]
struct Whole<'a> {
    #[serde(flatten)]
    view: View<'a>,
    history: &'a [Entry],
    /// How many older entries are gone.
    history_dropped: u64,
}

impl<'a> View<'a> {
    pub(super) fn of(payment: &'a Payment, provider: &'a str) -> Self {
        let (expires_at, action_url) = match &payment.state {
            Stands::Authorized { expires_at, .. } => (*expires_at, None),
            Stands::ActionRequired { action_url, .. } => (None, Some(action_url.as_str())),
            _ => (None, None),
        };
        Self {
            payment_id: &payment.order_id,
            order_id: &payment.order_id,
            status: payment.state.name(),
            provider,
            amount_minor: payment.placed.as_ref().map(|placed| placed.money.amount_minor),
            currency: payment.placed.as_ref().map(|placed| placed.money.currency),
            authorized_minor: payment.authorized_minor(),
            captured_minor: payment.captured_minor(),
            refunded_minor: payment.refunded_minor(),
            provider_reference: reference(&payment.state).map(Reference::as_str),
            expires_at,
            action_url,
            reason: reason(payment),
            refunds: payment.refunds.iter().map(|(id, refund)| RefundView::of(id, refund)).collect(),
            dispute: payment.dispute().map(DisputeView::of),
            trouble: payment.trouble(),
            opened_at: payment.opened_at,
        }
    }
}

/// The provider's name for what is held, or was.
pub(crate) fn reference(state: &Stands) -> Option<&Reference> {
    match state {
        Stands::Authorized { reference, .. }
        | Stands::ActionRequired { reference, .. }
        | Stands::Expired { reference, .. } => Some(reference),
        Stands::Capturing { capture, .. } | Stands::Captured { capture, .. } => Some(&capture.reference),
        Stands::Voiding { void, .. } => void.reference.as_ref(),
        Stands::Voided { reference, .. } => reference.as_ref(),
        Stands::Waiting
        | Stands::Authorizing { .. }
        | Stands::Free
        | Stands::Declined { .. }
        | Stands::Closed => None,
    }
}

/// Why nothing is held, or why it was not taken.
fn reason(payment: &Payment) -> Option<String> {
    let in_words = |reason: &dyn std::fmt::Display, code: Option<&str>| match code {
        Some(code) => format!("{reason} ({code})"),
        None => reason.to_string(),
    };
    match (&payment.state, &payment.capture_told) {
        (Stands::Declined { reason, code }, _) => Some(in_words(reason, Some(code))),
        (_, Some(CaptureTold::Failed { reason, code })) => Some(in_words(reason, code.as_deref())),
        (Stands::Expired { code, .. }, _) => Some(code.clone()),
        _ => None,
    }
}

impl<'a> RefundView<'a> {
    fn of(refund_id: &'a RefundId, refund: &'a crate::domain::Refunding) -> Self {
        let (provider_reference, reason) = match &refund.state {
            RefundState::Refunded { reference } => (Some(reference.as_str()), None),
            RefundState::Refused { code } => (None, Some(code.as_str())),
            RefundState::Waiting
            | RefundState::Asked { .. }
            | RefundState::Disputed
            | RefundState::Covered => (None, None),
        };
        Self {
            refund_id,
            amount_minor: refund.money.amount_minor,
            currency: refund.money.currency,
            status: refund.state.name(),
            provider_reference,
            reason,
        }
    }
}

impl<'a> DisputeView<'a> {
    fn of(dispute: &'a Dispute) -> Self {
        Self {
            dispute_id: &dispute.dispute_id,
            status: dispute.status,
            amount_minor: dispute.money.amount_minor,
            currency: dispute.money.currency,
            reason: dispute.code.as_deref(),
            evidence_due_at: dispute.evidence_due_at,
            at: dispute.at,
        }
    }
}

pub(super) async fn show(State(desk): State<Desk>, Path(id): Path<String>) -> Response {
    answer(format!("/payments/{id}"), shown(&desk, &id).await)
}

async fn shown(desk: &Desk, id: &str) -> Result<Response, Problem> {
    let found = desk.edge.reader().get(&PAYMENTS, id).await?;
    let payment = found.ok_or_else(|| Problem::not_found("payment", id))?;
    let view = View::of(&payment, desk.config.provider);
    let history = payment.history.entries();
    ok(&Whole { view, history, history_dropped: payment.history.dropped() })
}
