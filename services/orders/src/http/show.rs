//! `GET /orders/{id}` and its timeline.

use axum::extract::{Path, State};
use axum::response::Response;
use contracts::events::order::CancelReason;
use contracts::order::{Line, OrderStatus};
use contracts::{Currency, CustomerId, Timestamp};
use runtime::{Doc, Problem, Query};
use serde::Serialize;

use super::{Desk, answer, not_found, ok};
use crate::domain::{Case, Order, Payment, PaymentStatus, Refused, Stage};
use crate::dossier::{Document, ORDERS, UNKNOWN};
use crate::timeline::{BY_ORDER, Entry, TIMELINE};

pub(super) async fn show(State(desk): State<Desk>, Path(id): Path<String>) -> Response {
    answer(format!("/orders/{id}"), shown(&desk, &id).await)
}

pub(super) async fn timeline(State(desk): State<Desk>, Path(id): Path<String>) -> Response {
    answer(format!("/orders/{id}/timeline"), told(&desk, &id).await)
}

async fn shown(desk: &Desk, id: &str) -> Result<Response, Problem> {
    let doc = desk.edge.reader().get(&ORDERS, id).await?.ok_or_else(|| not_found(id))?;
    ok(&View::of(&doc, desk.config.shop_currency).ok_or_else(|| not_found(id))?)
}

async fn told(desk: &Desk, id: &str) -> Result<Response, Problem> {
    let reader = desk.edge.reader();
    let doc = reader.get(&ORDERS, id).await?.ok_or_else(|| not_found(id))?;
    if matches!(doc.case, Case::Heard { .. }) {
        return Err(not_found(id));
    }
    // An order has a few dozen entries; a page holds a thousand.
    let query = Query::new(TIMELINE.name(), BY_ORDER, id);
    let (entries, _) = reader.list(&TIMELINE, query).await?;
    ok(&Timeline { entries: entries.iter().map(|entry| EntryView::of(entry)).collect() })
}

#[derive(Serialize)]
struct Timeline<'a> {
    entries: Vec<EntryView<'a>>,
}

#[derive(Serialize)]
struct EntryView<'a> {
    at: Timestamp,
    #[serde(flatten)]
    told: &'a crate::timeline::Told,
}

impl<'a> EntryView<'a> {
    fn of(entry: &'a Entry) -> Self {
        Self { at: entry.at, told: &entry.told }
    }
}

/// An order as callers see it.
#[derive(Debug, Serialize)]
pub(super) struct View<'a> {
    order_id: &'a str,
    customer_id: &'a str,
    status: OrderStatus,
    currency: Currency,
    total_minor: i64,
    lines: &'a [Line],
    payment: PaymentView,
    // Both join with shipping.
    shipments: [(); 0],
    returns: [(); 0],
    cancel_reason: Option<CancelReason>,
    placed_at: Timestamp,
    updated_at: Timestamp,
}

#[derive(Debug, Serialize)]
struct PaymentView {
    status: PaymentStatus,
    authorized_minor: i64,
    captured_minor: i64,
    refunded_minor: i64,
}

impl<'a> View<'a> {
    /// `None` while nobody has said what the order is.
    pub(super) fn of(doc: &'a Doc<Document>, shop_currency: Currency) -> Option<Self> {
        match &doc.case {
            Case::Heard { .. } => None,
            Case::Refused(refused) => Some(Self::refused(doc, refused, shop_currency)),
            Case::Taken(order) => Some(Self::taken(doc, order)),
        }
    }

    fn taken(doc: &'a Doc<Document>, order: &'a Order) -> Self {
        let terms = &order.terms;
        Self {
            order_id: &doc.id,
            customer_id: terms.customer_id.as_str(),
            status: order.status(),
            currency: terms.currency,
            total_minor: terms.total_minor,
            lines: &terms.lines,
            payment: PaymentView::of(&order.payment),
            shipments: [],
            returns: [],
            cancel_reason: match order.stage {
                Stage::Cancelled { reason, .. } => Some(reason),
                Stage::Open | Stage::Confirmed { .. } => None,
            },
            placed_at: terms.placed_at,
            updated_at: doc.updated_at,
        }
    }

    fn refused(doc: &'a Doc<Document>, refused: &'a Refused, shop_currency: Currency) -> Self {
        Self {
            order_id: &doc.id,
            customer_id: refused.customer_id.as_ref().map_or(UNKNOWN, CustomerId::as_str),
            status: OrderStatus::Cancelled,
            currency: refused.currency.unwrap_or(shop_currency),
            total_minor: refused.total_minor,
            lines: &[],
            payment: PaymentView::of(&Payment::default()),
            shipments: [],
            returns: [],
            cancel_reason: Some(refused.reason),
            placed_at: doc.opened_at,
            updated_at: doc.updated_at,
        }
    }

    pub(super) fn status(&self) -> OrderStatus {
        self.status
    }
}

impl PaymentView {
    fn of(payment: &Payment) -> Self {
        Self {
            status: payment.status,
            authorized_minor: payment.authorized_minor,
            captured_minor: payment.captured_minor,
            refunded_minor: payment.refunded_minor,
        }
    }
}
