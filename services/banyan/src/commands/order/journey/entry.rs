//! One thing that happened to an order, whoever tells it.

use contracts::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::commands::shown::{event_name, rows, text};

/// One thing that happened to an order. Written as JSON it is the entry as it was answered, and who told it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(in crate::commands::order) struct Entry {
    /// When.
    pub(in crate::commands::order) at: Timestamp,
    /// The event's type; a name of ours where it is no event.
    #[serde(rename = "type")]
    pub(in crate::commands::order) kind: String,
    /// Which event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::commands::order) event_id: Option<String>,
    /// Who did it.
    pub(in crate::commands::order) service: String,
    /// In words.
    pub(in crate::commands::order) summary: String,
    /// The id of the event that caused it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::commands::order) caused_by: Option<String>,
    /// At which try it went through.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::commands::order) attempt: Option<u32>,
    /// Who tells it.
    #[serde(default)]
    told_by: Teller,
    /// What else was told.
    #[serde(flatten)]
    more: Map<String, Value>,
}

/// Who tells an entry.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Teller {
    /// The order's own timeline.
    #[default]
    Orders,
    /// The payment's history.
    Payment,
    /// The parcel's scans.
    Shipping,
    /// The dead letters.
    DeadLetters,
}

impl Entry {
    /// An entry of the order's own timeline.
    pub(super) fn told(entry: &Value) -> Option<Self> {
        serde_json::from_value(entry.clone()).ok()
    }

    /// A step of the payment: what was asked of the provider, and what it said.
    pub(super) fn of_payment(step: &Value) -> Option<Self> {
        let mut summary = text(step, "/words");
        if let Some(key) = step.get("key").and_then(Value::as_str) {
            summary.push_str(&format!(" ({key})"));
        }
        if let Some(times) = step.get("times").and_then(Value::as_u64) {
            summary.push_str(&format!(", {times} times"));
        }
        let entry = Self::other(step, Teller::Payment, format!("provider: {}", text(step, "/kind")))?;
        Some(Self { service: "payment".to_owned(), summary, ..entry })
    }

    /// A scan of the parcel.
    pub(super) fn of_scan(scan: &Value) -> Option<Self> {
        let entry = Self::other(scan, Teller::Shipping, format!("scan: {}", text(scan, "/status")))?;
        let said = ["/code", "/place"].map(|name| text(scan, name)).into_iter().filter(|word| word != "-");
        let summary = said.collect::<Vec<_>>().join(", ");
        Some(Self { service: "shipping".to_owned(), summary, ..entry })
    }

    /// A message that was given up. It hangs below the event that nobody could handle.
    pub(super) fn of_letter(letter: &Value) -> Option<Self> {
        let at: Timestamp = text(letter, "/died").parse().ok()?;
        let what =
            format!("{} is given up ({})", event_name(&text(letter, "/event_type")), text(letter, "/reason"));
        let why = rows(letter, "/chain").first().map(|error| format!(": {}", text(error, "")));
        let id = text(letter, "/id");
        let named = letter.pointer("/message/id").and_then(Value::as_str).map(str::to_owned);
        let more = Map::from_iter([("dead_letter_id".to_owned(), Value::String(id.clone()))]);
        Some(Self {
            at,
            kind: "dead letter".to_owned(),
            event_id: None,
            service: text(letter, "/service"),
            summary: what + &why.unwrap_or_default(),
            caused_by: named.or(Some(id)),
            attempt: None,
            told_by: Teller::DeadLetters,
            more,
        })
    }

    fn other(told: &Value, told_by: Teller, kind: String) -> Option<Self> {
        let mut more = told.as_object()?.clone();
        let at = more.remove("at")?.as_str()?.parse().ok()?;
        // Names that this struct has itself.
        for name in ["type", "event_id", "service", "summary", "caused_by", "attempt", "told_by"] {
            more.remove(name);
        }
        let (service, summary) = (String::new(), String::new());
        Some(Self {
            at,
            kind,
            event_id: None,
            service,
            summary,
            caused_by: None,
            attempt: None,
            told_by,
            more,
        })
    }

    /// Whether it is the placing of the order, from which all follows.
    pub(super) fn is_placing(&self) -> bool {
        event_name(&self.kind) == "order.placed"
    }

    /// Its name: the type without what all types have in common, and at which try it went through.
    pub(super) fn name(&self) -> String {
        let name = event_name(&self.kind);
        match self.attempt {
            Some(attempt) if attempt > 1 => format!("{name} (try {attempt})"),
            _ => name.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_entry_of_orders_stays_what_it_is() {
        let told = json!({
            "at": "2026-11-22T20:00:00.000000Z", "type": "shop.banyan.order.placed.v1", "event_id": "e-1",
            "service": "orders", "summary": "", "sequence": 1,
        });
        let mut want = told.clone();
        want["told_by"] = json!("orders");
        assert_eq!(serde_json::to_value(Entry::told(&told).unwrap()).unwrap(), want);
        assert_eq!(Entry::told(&json!({ "at": "never" })), None);
    }

    #[test]
    fn what_others_tell_becomes_entries_or_is_left_out() {
        let at = "2026-11-22T20:00:00Z";
        let scan = json!({ "at": at, "status": "in_transit", "code": "DEP", "place": "Leeds" });
        let letter = json!({
            "died": at, "event_type": "shop.banyan.order.placed.v1", "reason": "exhausted", "service": "payment",
            "chain": ["no such token"], "id": "m-1", "message": { "id": "e-1" },
        });
        let paid = json!({ "at": at, "key": "pay-o-1-capture-1", "kind": "asked", "words": "take 15.30 GBP", "times": 3 });
        for (entry, name, service, summary, cause) in [
            (Entry::of_scan(&scan), "scan: in_transit", "shipping", "DEP, Leeds", None),
            (
                Entry::of_payment(&paid),
                "provider: asked",
                "payment",
                "take 15.30 GBP (pay-o-1-capture-1), 3 times",
                None,
            ),
            (
                Entry::of_letter(&letter),
                "dead letter",
                "payment",
                "order.placed is given up (exhausted): no such token",
                Some("e-1"),
            ),
        ] {
            let entry = entry.unwrap();
            assert_eq!(
                (
                    entry.name().as_str(),
                    entry.service.as_str(),
                    entry.summary.as_str(),
                    entry.caused_by.as_deref()
                ),
                (name, service, summary, cause)
            );
        }
        for odd in [json!({}), json!({ "at": 5 }), json!("x"), json!(null)] {
            assert_eq!(
                (Entry::of_scan(&odd), Entry::of_payment(&odd), Entry::of_letter(&odd)),
                (None, None, None)
            );
        }
    }

    #[test]
    fn a_retry_is_named() {
        let told = |attempt: Value| json!({ "at": "2026-11-22T20:00:00Z", "type": "shop.banyan.payment.captured.v1", "service": "", "summary": "", "attempt": attempt });
        for (attempt, name) in [
            (json!(null), "payment.captured"),
            (json!(1), "payment.captured"),
            (json!(3), "payment.captured (try 3)"),
        ] {
            assert_eq!(Entry::told(&told(attempt)).unwrap().name(), name);
        }
    }
}
