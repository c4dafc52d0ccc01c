//! What must hold within `orders`, recomputed from the lines that were agreed and from the entries that were written.

use std::collections::BTreeMap;

use contracts::events::order::{CancelReason, OrderCancelled, OrderConfirmed};
use contracts::events::payment::PaymentAuthorized;
use contracts::order::OrderStatus;
use contracts::{EventData, Timestamp};
use runtime::{Doc, Fail, Findings, Reader};
use serde_json::{Value, json};

use crate::domain::{Case, Order, Origin, Refused, Stage, Terms};
use crate::dossier::{Document, ORDERS};
use crate::timeline::{Entry, TIMELINE};

/// Audits orders against their timelines.
pub(crate) struct Audit;

impl runtime::Audit for Audit {
    async fn audit(&self, reader: &Reader, _now: Timestamp) -> Result<Findings, Fail> {
        let mut picture = reader.snapshot().await?;
        let mut told: BTreeMap<String, Told> = BTreeMap::new();
        picture
            .each(&TIMELINE, |entry: Doc<Entry>| {
                told.entry(entry.order_id.as_str().to_owned()).or_default().count(&entry);
            })
            .await?;
        let mut findings = Findings::default();
        picture
            .each(&ORDERS, |doc| {
                let told = told.remove(&doc.id).unwrap_or_default();
                judge(&doc, &told, &mut findings);
            })
            .await?;
        for order_id in told.into_keys() {
            findings.violations.push(format!("order {order_id} has a timeline and no document"));
        }
        Ok(findings)
    }
}

/// What an order's timeline says.
#[derive(Debug, Default)]
pub(crate) struct Told {
    entries: u32,
    published: u64,
    confirmed: u32,
    cancelled: u32,
    authorized: u32,
}

impl Told {
    pub(crate) fn count(&mut self, entry: &Entry) {
        let (kind, service) = (entry.told.kind.as_str(), entry.told.service.as_str());
        self.entries += 1;
        self.published += u64::from(service == "orders");
        self.confirmed += u32::from(kind == OrderConfirmed::TYPE);
        self.cancelled += u32::from(kind == OrderCancelled::TYPE);
        self.authorized += u32::from(kind == PaymentAuthorized::TYPE);
    }
}

/// Compares one order with its timeline.
pub(crate) fn judge(doc: &Doc<Document>, told: &Told, findings: &mut Findings) {
    let mut wrong: Vec<String> = Vec::new();
    if told.entries != doc.entries {
        wrong.push(format!("counts {} entries and has {}", doc.entries, told.entries));
    }
    if told.published != doc.emitted {
        wrong.push(format!("counts {} events and told of {}", doc.emitted, told.published));
    }
    let (status, fact) = match &doc.case {
        Case::Heard { .. } => (None, json!({ "opened_at": doc.opened_at })),
        Case::Refused(refused) => (Some(OrderStatus::Cancelled), refused_fact(doc, refused)),
        Case::Taken(order) => {
            judge_terms(&order.terms, &mut wrong);
            judge_origin(order, &mut wrong);
            (Some(order.status()), fact(order))
        }
    };
    judge_decisions(status, told, &mut wrong);
    let kind = if status.is_some() { "orders" } else { "heard" };
    findings.facts.entry(kind.to_owned()).or_default().insert(doc.id.clone(), fact);
    findings.violations.extend(wrong.into_iter().map(|what| format!("order {} {what}", doc.id)));
}

/// Exactly one decision follows, and only from what allows it.
fn judge_decisions(status: Option<OrderStatus>, told: &Told, wrong: &mut Vec<String>) {
    let expected = match status {
        Some(OrderStatus::Confirmed) => (1, 0),
        Some(OrderStatus::Cancelled) => (0, 1),
        _ => (0, 0),
    };
    if (told.confirmed, told.cancelled) != expected {
        let word = status.map_or("not placed", OrderStatus::as_str);
        let (confirmed, cancelled) = (told.confirmed, told.cancelled);
        wrong.push(format!("is {word}, and was confirmed {confirmed} and cancelled {cancelled} times"));
    }
    if told.confirmed > 0 && told.authorized == 0 {
        wrong.push("was confirmed and its payment never authorized".to_owned());
    }
}

fn judge_terms(terms: &Terms, wrong: &mut Vec<String>) {
    let goods = terms.lines.iter().try_fold(0i64, |sum, line| sum.checked_add(line.goods_minor()?));
    let total = goods.and_then(|goods| goods.checked_add(terms.shipping_fee_minor));
    if total != Some(terms.total_minor) {
        wrong.push(format!("costs {} and its lines and shipping {total:?}", terms.total_minor));
    }
    let shares = terms.allocation.iter();
    let worth = shares
        .clone()
        .try_fold(0i64, |sum, share| sum.checked_add(share.goods_minor)?.checked_add(share.fee_minor));
    if worth != Some(terms.total_minor) {
        wrong.push(format!("costs {} and its shares {worth:?}", terms.total_minor));
    }
    let by_line = terms.lines.iter().map(|line| (&line.sku, line.goods_minor()));
    if !by_line.eq(shares.map(|share| (&share.sku, Some(share.goods_minor)))) {
        wrong.push("has shares of other goods than its lines".to_owned());
    }
}

/// An order from HTTP was checked before it was told to anybody: whoever answers for other lines or another amount is
/// wrong. Two applications may use one id for two orders, and then both are right.
fn judge_origin(order: &Order, wrong: &mut Vec<String>) {
    if let (Origin::Http { .. }, Stage::Cancelled { reason: CancelReason::InvalidOrder, .. }) =
        (&order.origin, &order.stage)
    {
        wrong.push("was sound, and stock or payment were arranged for something else".to_owned());
    }
}

fn fact(order: &Order) -> Value {
    let terms = &order.terms;
    let lines: BTreeMap<&str, u32> =
        terms.lines.iter().map(|line| (line.sku.as_str(), line.quantity.get())).collect();
    let cancel_reason = match order.stage {
        Stage::Cancelled { reason, .. } => Some(reason),
        Stage::Open | Stage::Confirmed { .. } => None,
    };
    let mut fact = json!({
        "status": order.status(),
        "total_minor": terms.total_minor,
        "currency": terms.currency,
        "cancel_reason": cancel_reason,
        "placed_at": terms.placed_at,
        "lines": lines,
    });
    if let Origin::Http { idempotency_key } = &order.origin {
        fact["idempotency_key"] = json!(idempotency_key);
    }
    fact
}

fn refused_fact(doc: &Doc<Document>, refused: &Refused) -> Value {
    json!({
        "status": OrderStatus::Cancelled,
        "total_minor": refused.total_minor,
        "currency": refused.currency,
        "cancel_reason": refused.reason,
        "placed_at": doc.opened_at,
        "lines": {},
    })
}
