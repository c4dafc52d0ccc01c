//! Making card numbers unreadable in what has to be kept although it was refused.

use serde_json::{Map, Value};

use super::{EXEMPT, MAX_FOUND, each_stretch, in_json, in_text, in_value};

/// A message without its card numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Masked {
    /// The message; JSON where it was JSON.
    pub text: String,
    /// JSON pointers to what was masked, at most [`MAX_FOUND`]; empty where the message is not JSON.
    pub pointers: Vec<String>,
}

/// A message with every card number masked; `None` when it has none. What a field named `sku` holds stays, as in
/// [`in_json`], unless the message is not JSON.
#[must_use]
pub fn mask(text: &str) -> Option<Masked> {
    let Ok(pointers) = in_json(text) else {
        // Digits written as escapes are digits to whoever mends the message.
        let plain = unescaped(text);
        return in_text(&plain).then(|| Masked { text: mask_text(&plain), pointers: vec![] });
    };
    if pointers.is_empty() {
        return None;
    }
    let masked = serde_json::from_str(text).map(|value| mask_value(value, false)).unwrap_or_default();
    debug_assert!(in_value(&masked).is_empty() && pointers.len() <= MAX_FOUND, "a card number is left");
    Some(Masked { text: masked.to_string(), pointers })
}

/// A text with the digits of every card number, and of the groups beside it, shown as `*`.
#[must_use]
pub fn mask_text(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut done = 0;
    each_stretch(text, |stretch| {
        masked.push_str(&text[done..stretch.start]);
        masked.extend(text[stretch.clone()].chars().map(|c| if c.is_ascii_digit() { '*' } else { c }));
        done = stretch.end;
    });
    masked.push_str(&text[done..]);
    masked
}

fn mask_value(value: Value, exempt: bool) -> Value {
    match value {
        Value::String(text) if !exempt => Value::String(mask_text(&text)),
        Value::Number(number) if !exempt && !in_value(&Value::Number(number.clone())).is_empty() => {
            Value::String("*".repeat(super::MIN_DIGITS))
        }
        Value::Array(items) => items.into_iter().map(|item| mask_value(item, false)).collect(),
        Value::Object(fields) => {
            let masked = fields.into_iter().map(|(name, value)| {
                let exempt = name == EXEMPT;
                (mask_text(&name), mask_value(value, exempt))
            });
            Value::Object(masked.collect::<Map<_, _>>())
        }
        other => other,
    }
}

/// With digits, blanks and dashes that are written as `\u00XX` written plainly.
fn unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("\\u00") {
        let code = rest.get(at + 4..at + 6).and_then(|code| u8::from_str_radix(code, 16).ok());
        match code.filter(|code| code.is_ascii_digit() || matches!(code, b' ' | b'-')) {
            Some(code) => {
                plain.push_str(&rest[..at]);
                plain.push(char::from(code));
                rest = &rest[at + 6..];
            }
            None => {
                plain.push_str(&rest[..at + 4]);
                rest = &rest[at + 4..];
            }
        }
    }
    plain.push_str(rest);
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(text: &str) -> String {
        mask(text).unwrap_or_else(|| panic!("{text} has none")).text
    }

    #[test]
    fn json_stays_json_and_nothing_of_the_number_is_left() {
        for (text, expected, pointers) in [
            (
                r#"{"note":"pay 4111 1111 1111 1111 now"}"#,
                r#"{"note":"pay **** **** **** **** now"}"#,
                ["/note"],
            ),
            (r#"{"n":4111111111111111}"#, r#"{"n":"*************"}"#, ["/n"]),
            (r#"{"a":[{"n":4111111111111111.0}]}"#, r#"{"a":[{"n":"*************"}]}"#, ["/a/0/n"]),
            (r#"{"4111111111111111":1}"#, r#"{"****************":1}"#, ["/*"]),
            (r#"{"e":"\u00341111111\u00311111111"}"#, r#"{"e":"****************"}"#, ["/e"]),
            (
                r#"{"sku":"4111111111111111","x":"4111-1111-1111-1111"}"#,
                r#"{"sku":"4111111111111111","x":"****-****-****-****"}"#,
                ["/x"],
            ),
            (r#"{"x":"4111111111111111","x":""}"#, r#"{"x":""}"#, ["/x"]),
        ] {
            let Masked { text: shown, pointers: at } = mask(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!((shown.as_str(), at.as_slice()), (expected, pointers.map(str::to_owned).as_slice()));
            assert_eq!(mask(&shown), None);
        }
    }

    #[test]
    fn what_is_not_json_is_masked_as_it_stands() {
        assert_eq!(masked("{\"n\": 4111111111111111,"), "{\"n\": ****************,");
        assert_eq!(masked("card=4111-1111-1111-1111; x"), "card=****-****-****-****; x");
        assert_eq!(masked("{\"e\":\"\\u00341111111\\u002d11111111"), "{\"e\":\"********-********");
        assert_eq!(masked("4111111111111111 a 5555555555554444"), "**************** a ****************");
    }

    #[test]
    fn what_has_none_stays_untouched() {
        for text in [r#"{"a": 4111111111111112}"#, "4111111111111112", "", "{}", "\\u00", "\\u00é", "x\\u00"]
        {
            assert_eq!(mask(text), None, "{text}");
            assert_eq!(mask_text(text), text);
        }
    }
}
