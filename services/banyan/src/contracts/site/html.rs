//! Text as HTML.

/// Text that may stand anywhere, in a quoted attribute as well.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// Prose: what stands between backquotes is code.
pub(super) fn prose(text: &str) -> String {
    let parts: Vec<String> = text.split('`').map(escape).collect();
    let is_paired = parts.len() % 2 == 1;
    if !is_paired {
        return escape(text);
    }
    let part = |(at, part): (usize, &String)| match at % 2 {
        1 => format!("<code>{part}</code>"),
        _ => part.clone(),
    };
    parts.iter().enumerate().map(part).collect()
}

/// A sentence that begins with a capital and ends in a full stop.
pub(super) fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let Some(first) = letters.next() else { return String::new() };
    let end = if text.ends_with(['.', '!', '?']) { "" } else { "." };
    prose(&format!("{}{}{end}", first.to_uppercase(), letters.as_str()))
}

/// Links to parties.
pub(super) fn parties(names: &[String]) -> String {
    if names.is_empty() {
        return "<span class=\"none\">nobody</span>".to_owned();
    }
    let link = |name: &String| format!("<a class=\"party\" href=\"#party-{0}\">{0}</a>", escape(name));
    names.iter().map(link).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_is_text_and_backquotes_are_code() {
        assert_eq!(escape(r#"<a href="x">'&"#), "&lt;a href=&quot;x&quot;&gt;&#39;&amp;");
        assert_eq!(prose("a `<b>` c"), "a <code>&lt;b&gt;</code> c");
        assert_eq!(prose("one ` alone"), "one ` alone");
        assert_eq!((sentence("it is so"), sentence("Is it?")), ("It is so.".to_owned(), "Is it?".to_owned()));
    }
}
