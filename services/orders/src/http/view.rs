//! An order as callers see it.

use std::collections::BTreeMap;

use contracts::events::order::CancelReason;
use contracts::events::payment::DisputeStatus;
use contracts::order::{Line, LineQuantity, OrderStatus};
use contracts::{Currency, CustomerId, DisputeId, OrderId, ReturnId, ShipmentId, Sku, Timestamp};
use runtime::Doc;
use serde::Serialize;

use crate::domain::{Case, Order, Payment, PaymentStatus, Refused, Return};
use crate::dossier::{Document, UNKNOWN};

/// An order as callers see it.
#[derive(Debug, Serialize)]
pub(super) struct View<'a> {
    order_id: &'a str,
    customer_id: &'a str,
    status: OrderStatus,
    currency: Currency,
    total_minor: i64,
    lines: &'a [Line],
    payment: PaymentView<'a>,
    shipments: Vec<ShipmentView<'a>>,
    returns: Vec<ReturnView<'a>>,
    cancel_reason: Option<CancelReason>,
    /// Present while it waits too long.
    #[serde(skip_serializing_if = "Option::is_none")]
    stalled: Option<StalledView>,
    placed_at: Timestamp,
    updated_at: Timestamp,
}

#[derive(Debug, Serialize)]
struct PaymentView<'a> {
    status: PaymentStatus,
    authorized_minor: i64,
    captured_minor: i64,
    refunded_minor: i64,
    /// Present once the customer has contested it.
    #[serde(skip_serializing_if = "Option::is_none")]
    dispute: Option<DisputeView<'a>>,
}

#[derive(Debug, Serialize)]
struct DisputeView<'a> {
    dispute_id: &'a DisputeId,
    status: DisputeStatus,
    amount_minor: i64,
}

#[derive(Debug, Serialize)]
struct ShipmentView<'a> {
    shipment_id: &'a ShipmentId,
    status: &'static str,
    tracking_number: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct ReturnView<'a> {
    return_id: &'a ReturnId,
    status: &'static str,
    lines: &'a [LineQuantity],
    #[serde(skip_serializing_if = "Option::is_none")]
    arrived: Option<&'a BTreeMap<Sku, u32>>,
    refunded_minor: i64,
    requested_at: Timestamp,
}

#[derive(Debug, Serialize)]
struct StalledView {
    waiting_for: &'static str,
    since: Timestamp,
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
        let waiting = order.watch.waiting.filter(|_| doc.has_stalled());
        Self {
            order_id: &doc.id,
            customer_id: terms.customer_id.as_str(),
            status: order.status(),
            currency: terms.currency,
            total_minor: terms.total_minor,
            lines: &terms.lines,
            payment: PaymentView::of(&order.payment),
            shipments: ShipmentView::of(order).into_iter().collect(),
            returns: order.returns.iter().map(|one| ReturnView::of(one, order, &doc.id)).collect(),
            cancel_reason: order.cancel_reason(),
            stalled: waiting
                .map(|waiting| StalledView { waiting_for: waiting.awaited.event(), since: waiting.since }),
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
            payment: PaymentView::nothing(),
            shipments: Vec::new(),
            returns: Vec::new(),
            cancel_reason: Some(refused.reason),
            stalled: None,
            placed_at: doc.opened_at,
            updated_at: doc.updated_at,
        }
    }

    pub(super) fn status(&self) -> OrderStatus {
        self.status
    }

    pub(super) fn customer_id(&self) -> &str {
        self.customer_id
    }
}

impl<'a> PaymentView<'a> {
    fn of(payment: &'a Payment) -> Self {
        Self {
            status: payment.status,
            authorized_minor: payment.authorized_minor,
            captured_minor: payment.captured_minor,
            refunded_minor: payment.refunded_minor,
            dispute: payment.dispute.as_ref().map(|dispute| DisputeView {
                dispute_id: &dispute.dispute_id,
                status: dispute.status,
                amount_minor: dispute.amount_minor,
            }),
        }
    }

    fn nothing() -> Self {
        let (authorized_minor, captured_minor, refunded_minor) = (0, 0, 0);
        let (status, dispute) = (PaymentStatus::Pending, None);
        Self { status, authorized_minor, captured_minor, refunded_minor, dispute }
    }
}

impl<'a> ShipmentView<'a> {
    /// The parcel, once it has a name.
    fn of(order: &'a Order) -> Option<Self> {
        let parcel = &order.shipment;
        Some(Self {
            shipment_id: parcel.shipment_id.as_ref()?,
            status: parcel.status(),
            tracking_number: parcel.tracking_number.as_deref(),
        })
    }
}

impl<'a> ReturnView<'a> {
    fn of(one: &'a Return, order: &Order, order_id: &str) -> Self {
        let refund_id = OrderId::new(order_id).ok().and_then(|id| one.cause().refund_id(&id).ok());
        let refunded = refund_id.and_then(|id| order.payment.refunded.get(&id)).copied();
        Self {
            return_id: &one.return_id,
            status: one.status(&order.refunds, refunded),
            lines: &one.lines,
            arrived: one.arrived.as_ref(),
            refunded_minor: refunded.unwrap_or(0),
            requested_at: one.requested_at,
        }
    }
}
