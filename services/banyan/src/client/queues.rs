//! What is left to do, by the queues.

use serde_json::Value;

/// Messages that wait or are in hand, by the answer of `GET /queues`; `None` when it says nothing of queues.
#[must_use]
pub fn queued(report: &Value) -> Option<u64> {
    let queues = report.get("queues")?.as_array()?;
    let number = |queue: &Value, name: &str| queue.get(name).and_then(Value::as_u64).unwrap_or(0);
    Some(queues.iter().map(|queue| number(queue, "waiting") + number(queue, "in_flight")).sum())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_waits_and_what_is_in_hand_is_work() {
        let report = json!({ "queues": [{ "queue": "a", "waiting": 2, "in_flight": 1 }, { "queue": "b", "waiting": 0, "in_flight": 4 }] });
        assert_eq!(queued(&report), Some(7));
        assert_eq!((queued(&json!({})), queued(&Value::Null)), (None, None));
    }
}
