//! Documents, short enough to be read.

use serde_json::Value;

/// The longest text that is shown whole, in characters.
const MAX_CHARS: usize = 64;
/// The longest array that is shown whole.
const MAX_ELEMENTS: usize = 6;

/// One line of JSON in which long texts and arrays are cut, and say so.
pub(super) fn abridged(value: &Value) -> String {
    match value {
        Value::String(text) if text.chars().count() > MAX_CHARS => {
            let start: String = text.chars().take(8).collect();
            let shown = Value::String(format!("{start}…")).to_string();
            format!("{shown} ({} characters)", text.chars().count())
        }
        Value::Array(elements) => {
            let mut shown: Vec<String> = elements.iter().take(MAX_ELEMENTS).map(abridged).collect();
            if elements.len() > MAX_ELEMENTS {
                shown.truncate(1);
                shown.push(format!("… ({} elements)", elements.len()));
            }
            format!("[{}]", shown.join(", "))
        }
        Value::Object(fields) if !fields.is_empty() => {
            let field = |(name, value): (&String, &Value)| {
                format!("{}: {}", Value::String(name.clone()), abridged(value))
            };
            let shown: Vec<String> = fields.iter().map(field).collect();
            format!("{{ {} }}", shown.join(", "))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => {
            value.to_string()
        }
    }
}
