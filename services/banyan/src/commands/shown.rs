//! Fields of an answer as people read them.

use std::time::Duration;

use contracts::{Currency, Money, Timestamp};
use serde_json::Value;

/// What stands where there is nothing.
const NOTHING: &str = "-";

/// The field at `pointer` as text.
#[must_use]
pub fn text(answer: &Value, pointer: &str) -> String {
    match answer.pointer(pointer) {
        None | Some(Value::Null) => NOTHING.to_owned(),
        Some(Value::String(text)) if text.is_empty() => NOTHING.to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

/// The array at `pointer`.
#[must_use]
pub fn rows<'a>(answer: &'a Value, pointer: &str) -> &'a [Value] {
    answer.pointer(pointer).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// The minor units at `pointer` as an amount in the answer's `currency`.
#[must_use]
pub fn money(answer: &Value, pointer: &str) -> String {
    let Some(minor) = answer.pointer(pointer).and_then(Value::as_i64) else { return NOTHING.to_owned() };
    match Currency::try_from(text(answer, "/currency")) {
        Ok(currency) => format!("{} {currency}", Money::new(minor, currency).decimal()),
        Err(_) => format!("{minor} (minor units)"),
    }
}

/// The instant at `pointer`, to the millisecond, in UTC.
#[must_use]
pub fn time(answer: &Value, pointer: &str) -> String {
    let text = text(answer, pointer);
    match text.parse::<Timestamp>() {
        Ok(instant) => instant.to_string().chars().take(23).collect::<String>().replace('T', " "),
        Err(_) => text,
    }
}

/// How long before `now` the instant at `pointer` was.
#[must_use]
pub fn age(answer: &Value, pointer: &str, now: Timestamp) -> String {
    match text(answer, pointer).parse::<Timestamp>() {
        Ok(instant) => format!("{} ago", span(now.since(instant))),
        Err(_) => NOTHING.to_owned(),
    }
}

/// A duration as people read it: two units at most.
#[must_use]
pub fn span(duration: Duration) -> String {
    let (ms, s) = (duration.as_millis(), duration.as_secs());
    match s {
        0 => format!("{ms}ms"),
        1..60 => format!("{s}.{}s", ms / 100 % 10),
        60..3_600 => format!("{}m {:02}s", s / 60, s % 60),
        3_600..86_400 => format!("{}h {:02}m", s / 3_600, s / 60 % 60),
        _ => format!("{}d {:02}h", s / 86_400, s / 3_600 % 24),
    }
}

/// A type without what all types begin with.
#[must_use]
pub fn event_type(kind: &str) -> &str {
    kind.strip_prefix("shop.banyan.").unwrap_or(kind)
}

/// A type as people say it: `order.placed`.
#[must_use]
pub fn event_name(kind: &str) -> &str {
    let name = event_type(kind);
    let name = name.strip_prefix("banyan.internal.").unwrap_or(name);
    match name.rsplit_once(".v") {
        Some((name, major)) if major.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => name,
    }
}

/// A count with a separator for thousands.
#[must_use]
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let grouped: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().filter_map(|group| std::str::from_utf8(group).ok()).collect();
    grouped.join(",")
}

/// `1 order`, `2 orders`.
#[must_use]
pub fn counted(number: u64, thing: &str) -> String {
    format!("{} {thing}{}", count(number), if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn amounts_times_and_gaps_read_well() {
        let answer = json!({ "currency": "GBP", "total_minor": 1530, "at": "2026-11-22T20:00:00.012999Z", "none": null });
        assert_eq!(money(&answer, "/total_minor"), "15.30 GBP");
        assert_eq!(time(&answer, "/at"), "2026-11-22 20:00:00.012");
        assert_eq!((text(&answer, "/none"), text(&answer, "/absent")), ("-".to_owned(), "-".to_owned()));
        assert_eq!(money(&json!({ "total_minor": 5 }), "/total_minor"), "5 (minor units)");
    }

    #[test]
    fn types_are_said_without_what_all_have() {
        for (kind, name) in [
            ("shop.banyan.order.placed.v1", "order.placed"),
            ("banyan.internal.orders.decided.v12", "orders.decided"),
            ("com.example.van.vroom", "com.example.van.vroom"),
            ("scan: lost", "scan: lost"),
        ] {
            assert_eq!(event_name(kind), name);
        }
    }

    #[test]
    fn durations_have_two_units_at_most() {
        for (ms, text) in [
            (0, "0ms"),
            (999, "999ms"),
            (1_250, "1.2s"),
            (59_999, "59.9s"),
            (125_000, "2m 05s"),
            (3_600_000, "1h 00m"),
            (86_400_000 * 31 + 3_600_000, "31d 01h"),
        ] {
            assert_eq!(span(Duration::from_millis(ms)), text);
        }
    }

    #[test]
    fn thousands_are_separated() {
        for (number, text) in [
            (0, "0 orders"),
            (1, "1 order"),
            (999, "999 orders"),
            (1_000, "1,000 orders"),
            (1_234_567, "1,234,567 orders"),
        ] {
            assert_eq!(counted(number, "order"), text);
        }
    }
}
