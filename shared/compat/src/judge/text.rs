//! What is said of text, and formats, which are also of numbers.

use serde_json::Value;

use crate::number::Fixed;
use crate::{format, pattern};

pub(super) fn is_text(keyword: &str, argument: &Value, value: &Value) -> Option<bool> {
    if keyword == "format" {
        return has_format(argument.as_str()?, value);
    }
    let Value::String(text) = value else { return Some(true) };
    match keyword {
        "pattern" => pattern::matches(argument.as_str()?, text),
        "minLength" => Some(length(text)? >= argument.as_u64()?),
        _ => Some(length(text)? <= argument.as_u64()?),
    }
}

fn length(text: &str) -> Option<u64> {
    u64::try_from(text.chars().count()).ok()
}

fn has_format(format: &str, value: &Value) -> Option<bool> {
    match (format::range(format), value) {
        (Some((low, high)), Value::Number(_)) => {
            let number = Fixed::of(value)?;
            Some(number.is_whole() && low <= number && number <= high)
        }
        (None, Value::String(text)) if format::is_of_text(format) => format::has(format, text),
        _ => Some(true),
    }
}
