//! What must hold within `orders`, recomputed from the lines that were agreed and from the entries that were written.

use std::collections::BTreeMap;

use contracts::order::OrderStatus;
use contracts::{OrderId, Timestamp};
use runtime::{Doc, Fail, Findings, Reader};
use serde_json::{Value, json};

use crate::domain::{Case, Order, Origin, Refused};
use crate::dossier::{Document, ORDERS};
use crate::timeline::{Entry, TIMELINE};

mod judge;
mod told;

use told::Told;

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
                compare(&doc, &told, &mut findings);
            })
            .await?;
        for order_id in told.into_keys() {
            findings.violations.push(format!("order {order_id} has a timeline and no document"));
        }
        Ok(findings)
    }
}

/// Compares one order with its timeline, and says what others compare with it.
fn compare(doc: &Doc<Document>, told: &Told, findings: &mut Findings) {
    let wrong = judge::all(doc, told);
    let (kind, fact) = match &doc.case {
        Case::Heard { .. } => ("heard", json!({ "opened_at": doc.opened_at })),
        Case::Refused(refused) => ("orders", refused_fact(doc, refused)),
        Case::Taken(order) => ("orders", order_fact(order, &doc.id, told)),
    };
    findings.facts.entry(kind.to_owned()).or_default().insert(doc.id.clone(), fact);
    findings.violations.extend(wrong.into_iter().map(|what| format!("order {} {what}", doc.id)));
}

fn order_fact(order: &Order, order_id: &str, told: &Told) -> Value {
    let terms = &order.terms;
    let lines: BTreeMap<&str, u32> =
        terms.lines.iter().map(|line| (line.sku.as_str(), line.quantity.get())).collect();
    let shares: BTreeMap<&str, i64> =
        terms.lines.iter().map(|line| (line.sku.as_str(), terms.worth_of(&line.sku))).collect();
    let order_id = OrderId::new(order_id).ok();
    let refunded = |one: &crate::domain::Return| {
        let refund_id = one.cause().refund_id(order_id.as_ref()?).ok()?;
        order.payment.refunded.get(&refund_id).copied()
    };
    let returns: BTreeMap<&str, &str> = order
        .returns
        .iter()
        .map(|one| (one.return_id.as_str(), one.status(&order.refunds, refunded(one))))
        .collect();
    let mut fact = json!({
        "status": order.status(),
        "total_minor": terms.total_minor,
        "currency": terms.currency,
        "cancel_reason": order.cancel_reason(),
        "placed_at": terms.placed_at,
        "lines": lines,
        "shares": shares,
        "was_confirmed": told.confirmed() > 0,
        "captured_minor": order.payment.captured_minor,
        "refunded_minor": order.payment.refunded_minor,
        "refund_due_minor": told.refund_due_minor(),
        "refunded_lines": order.refunds.pieces,
        "shipped": order.shipment.is_dispatched,
        "returns": returns,
    });
    if let Some(waiting) = order.watch.waiting {
        fact["waiting_for"] = json!(waiting.awaited.event());
    }
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
        "shares": {},
        "was_confirmed": false,
        "captured_minor": 0,
        "refunded_minor": 0,
        "refund_due_minor": 0,
        "refunded_lines": {},
        "shipped": false,
        "returns": {},
    })
}
