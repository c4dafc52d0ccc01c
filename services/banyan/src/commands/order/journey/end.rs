//! How an order ended and why, in one sentence.

use serde::Serialize;
use serde_json::Value;

use super::Journey;
use crate::commands::shown::{counted, event_name, money, text};

/// Where an order has come to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(in crate::commands::order) struct End {
    /// As `GET /orders/{id}` says it.
    pub(in crate::commands::order) status: String,
    /// Completed or cancelled, and all money is where it belongs.
    pub(in crate::commands::order) ended: bool,
    /// Why it was cancelled, or is to be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::commands::order) cancel_reason: Option<String>,
    /// All of it for people.
    pub(in crate::commands::order) sentence: String,
}

impl End {
    pub(in crate::commands::order) fn of(journey: &Journey) -> Self {
        let order = &journey.order;
        let status = text(order, "/status");
        let cancel_reason = order.get("cancel_reason").and_then(Value::as_str).map(str::to_owned);
        let minor =
            |name: &str| order.pointer(&format!("/payment/{name}")).and_then(Value::as_i64).unwrap_or(0);
        let (captured, refunded) = (minor("captured_minor"), minor("refunded_minor"));
        let is_settled = match status.as_str() {
            "completed" => true,
            "cancelled" => captured <= refunded,
            _ => false,
        };
        let mut sentence = match (status.as_str(), &cancel_reason) {
            ("cancelled" | "cancelling", Some(reason)) => format!("{status}: {reason}"),
            ("completed", _) => "completed: delivered".to_owned(),
            ("cancelled", None) => status.clone(),
            _ => format!("still {status}"),
        };
        sentence.push_str(&money_said(order, captured, refunded));
        if let Some(stalled) = order.get("stalled").filter(|stalled| stalled.is_object()) {
            let (event, since) = (text(stalled, "/waiting_for"), text(stalled, "/since"));
            sentence.push_str(&format!("; stalled: {} has not come since {since}", event_name(&event)));
        }
        if !journey.letters.is_empty() {
            let many = counted(journey.letters.len() as u64, "dead letter");
            sentence.push_str(&format!("; {many}: its messages could not be handled"));
        }
        Self { status, ended: is_settled, cancel_reason, sentence }
    }
}

/// `, 12.50 GBP refunded`; nothing where no money moved and none had to.
fn money_said(order: &Value, captured: i64, refunded: i64) -> String {
    let paid = || money(order, "/payment/captured_minor");
    let back = || money(order, "/payment/refunded_minor");
    match (text(order, "/status").as_str(), captured, refunded) {
        ("cancelled", 0, _) => ", no money was taken".to_owned(),
        ("cancelled", _, _) if refunded >= captured => format!(", {} refunded", back()),
        ("cancelled", _, 0) => format!(", {} still to be refunded", paid()),
        ("cancelled", _, _) => format!(", {} of {} refunded so far", back(), paid()),
        (_, 0, _) => String::new(),
        (_, _, 0) => format!(", {} paid", paid()),
        (_, _, _) => format!(", {} paid, {} refunded", paid(), back()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_end_is_one_sentence_with_the_reason_and_the_money() {
        for (status, reason, captured, refunded, want, ended) in [
            ("completed", None, 1_530, 0, "completed: delivered, 15.30 GBP paid", true),
            ("completed", None, 1_530, 500, "completed: delivered, 15.30 GBP paid, 5.00 GBP refunded", true),
            ("completed", None, 0, 0, "completed: delivered", true),
            (
                "cancelled",
                Some("stock_short"),
                1_250,
                1_250,
                "cancelled: stock_short, 12.50 GBP refunded",
                true,
            ),
            (
                "cancelled",
                Some("payment_declined"),
                0,
                0,
                "cancelled: payment_declined, no money was taken",
                true,
            ),
            (
                "cancelled",
                Some("undelivered"),
                500,
                0,
                "cancelled: undelivered, 5.00 GBP still to be refunded",
                false,
            ),
            ("cancelled", None, 500, 100, "cancelled, 1.00 GBP of 5.00 GBP refunded so far", false),
            ("cancelling", Some("customer_request"), 0, 0, "cancelling: customer_request", false),
            ("dispatched", None, 1_530, 0, "still dispatched, 15.30 GBP paid", false),
            ("confirmed", None, 0, 0, "still confirmed", false),
        ] {
            let order = json!({
                "status": status, "cancel_reason": reason, "currency": "GBP",
                "payment": { "captured_minor": captured, "refunded_minor": refunded },
            });
            let end = End::of(&Journey { order, entries: vec![], letters: vec![] });
            assert_eq!((end.sentence.as_str(), end.ended), (want, ended));
        }
    }

    #[test]
    fn what_keeps_an_order_from_its_end_is_said() {
        let order = json!({
            "status": "confirmed", "currency": "GBP", "payment": {},
            "stalled": { "waiting_for": "shop.banyan.shipment.ready.v1", "since": "2026-11-22T20:00:00Z" },
        });
        let end = End::of(&Journey { order, entries: vec![], letters: vec![json!({})] });
        let want = "still confirmed; stalled: shipment.ready has not come since 2026-11-22T20:00:00Z; \
                    1 dead letter: its messages could not be handled";
        assert_eq!(end.sentence, want);
    }
}
