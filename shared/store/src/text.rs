//! Text without NUL that sorts as what was meant: PostgreSQL's `text` has no NUL, and an id from outside may; and where
//! two texts are kept as one, NUL is what stands between them.
//!
//! NUL and U+0001 become two characters each; all other text is stored as it is. Without this, a message with such an id
//! would be an outage that never ends.

use std::borrow::Cow;

const NUL: &str = "\u{1}\u{1}";
const ONE: &str = "\u{1}\u{2}";

/// As it is stored.
pub(crate) fn stored(text: &str) -> Cow<'_, str> {
    if !text.bytes().any(|byte| byte <= 1) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for one in text.chars() {
        match one {
            '\0' => out.push_str(NUL),
            '\u{1}' => out.push_str(ONE),
            other => out.push(other),
        }
    }
    Cow::Owned(out)
}

/// As it was meant.
pub(crate) fn meant(text: String) -> String {
    if !text.contains('\u{1}') {
        return text;
    }
    // No two of these overlap: each begins with the one character that nothing else contains.
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(one) = rest.next() {
        match one {
            '\u{1}' => out.push(if rest.next() == Some('\u{1}') { '\0' } else { '\u{1}' }),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{meant, stored};

    #[test]
    fn what_is_stored_has_no_nul_and_sorts_as_what_was_meant() {
        let all = [
            "",
            "\0",
            "\0\0",
            "\0\u{1}",
            "\0a",
            "\u{1}",
            "\u{1}\0",
            "\u{1}\u{2}",
            "\u{2}",
            "a",
            "a\0",
            "a\u{1}",
            "ab",
        ];
        assert!(all.is_sorted());
        assert!(all.iter().map(|text| stored(text)).is_sorted());
        for text in all {
            assert!(!stored(text).contains('\0'));
            assert_eq!(meant(stored(text).into_owned()), text);
        }
    }
}
