//! Formats: which values have one, as far as we can tell.

use crate::number::Fixed;

/// The range that a format of numbers stands for; `None` for formats of text.
pub(crate) fn range(format: &str) -> Option<(Fixed, Fixed)> {
    let (low, high): (i128, i128) = match format {
        "int8" => (i8::MIN.into(), i8::MAX.into()),
        "int16" => (i16::MIN.into(), i16::MAX.into()),
        "int32" => (i32::MIN.into(), i32::MAX.into()),
        "int64" => (i64::MIN.into(), i64::MAX.into()),
        "uint8" => (0, u8::MAX.into()),
        "uint16" => (0, u16::MAX.into()),
        "uint32" => (0, u32::MAX.into()),
        "uint64" => (0, u64::MAX.into()),
        _ => return None,
    };
    Some((Fixed::whole(low), Fixed::whole(high)))
}

/// Formats that say something about text and nothing about numbers, or about neither.
pub(crate) fn is_of_text(format: &str) -> bool {
    range(format).is_none() && !matches!(format, "float" | "double")
}

/// Values that surely have a format: what counter-examples are made of.
pub(crate) fn samples(format: &str) -> &'static [&'static str] {
    match format {
        "date-time" => &["2026-01-02T03:04:05Z", "2026-01-02T03:04:05.678901Z", "1999-12-31T23:59:59+01:00"],
        "date" => &["2026-01-02", "1999-12-31"],
        "uuid" => &["0190b6f0-0000-7000-8000-000000000001", "123e4567-e89b-12d3-a456-426614174000"],
        "email" => &["ada@example.com", "a@b.example"],
        "uri" => &["https://example.com/a", "urn:example:a"],
        "uri-reference" => &["https://example.com/a", "a/b", "a"],
        "ipv4" => &["192.0.2.1", "10.0.0.1"],
        _ => &[],
    }
}

/// Whether `text` has a format; `None` when we cannot tell. Only what everybody agrees on is decided.
pub(crate) fn has(format: &str, text: &str) -> Option<bool> {
    if samples(format).contains(&text) {
        return Some(true);
    }
    // What nobody takes for any of the formats above.
    let is_clearly_none = text.is_empty() || text.chars().any(|c| matches!(c, ' ' | '\\' | '^' | '<' | '>'));
    let has_no_digit = !text.contains(|c: char| c.is_ascii_digit());
    match format {
        "date-time" => (is_clearly_none || has_no_digit || text.len() < 20).then_some(false),
        "date" => (is_clearly_none || has_no_digit || text.len() != 10).then_some(false),
        "uuid" => (is_clearly_none || text.len() != 36).then_some(false),
        "ipv4" => (is_clearly_none || has_no_digit || text.len() > 15).then_some(false),
        "email" => (is_clearly_none || !text.contains('@')).then_some(false),
        "uri" => (is_clearly_none || !text.contains(':')).then_some(false),
        "uri-reference" if !text.is_empty() && is_clearly_none => Some(false),
        "uri-reference" => text.chars().all(|c| c.is_ascii_alphanumeric()).then_some(true),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sample_has_its_format_and_what_is_clearly_none_has_not() {
        let schema = |format: &str| serde_json::json!({ "type": "string", "format": format });
        let probes = [
            "",
            "a",
            "7",
            "x y",
            "a\\b",
            "2026-13-40T00:00:00Z",
            "no-digits-here",
            "zz",
            "a^b",
            "2026-01-02",
            "192.0.2.1",
            "a-uuid-has-thirty-six-characters-all",
        ];
        for format in ["date-time", "date", "uuid", "email", "uri", "uri-reference", "ipv4"] {
            let options = jsonschema::draft202012::options().should_validate_formats(true);
            let validator = options.build(&schema(format)).unwrap();
            for text in samples(format).iter().chain(&probes) {
                if let Some(has) = has(format, text) {
                    assert_eq!(validator.is_valid(&(*text).into()), has, "{format}: {text}");
                }
            }
            assert!(!samples(format).is_empty(), "{format}");
        }
    }
}
