//! JSON in colours.

use super::html::escape;

/// JSON as HTML. What is no JSON is shown as it is, without colours where they make no sense.
pub(super) fn json(text: &str) -> String {
    let mut html = String::with_capacity(text.len() * 2);
    let mut rest = text.trim_end();
    while let Some(first) = rest.chars().next() {
        let (length, class) = token(rest, first);
        let (token, after) = rest.split_at(length);
        rest = after;
        let class = match class {
            "string" if rest.trim_start().starts_with(':') => "key",
            other => other,
        };
        match class {
            "" => html.push_str(&escape(token)),
            _ => html.push_str(&format!("<span class=\"{class}\">{}</span>", escape(token))),
        }
    }
    html
}

/// How many bytes belong together from here, and what they are.
fn token(rest: &str, first: char) -> (usize, &'static str) {
    let while_so = |so: fn(char) -> bool| rest.find(|c| !so(c)).unwrap_or(rest.len());
    match first {
        '"' => (string(rest), "string"),
        '-' | '0'..='9' => (while_so(|c| c.is_ascii_digit() || "+-.eE".contains(c)), "number"),
        'a'..='z' => (while_so(|c| c.is_ascii_lowercase()), "word"),
        other => (other.len_utf8(), ""),
    }
}

/// The length of the string that begins here, with its quotes.
fn string(rest: &str) -> usize {
    let mut is_escaped = false;
    for (at, letter) in rest.char_indices().skip(1) {
        match letter {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_strings_numbers_and_words_have_their_colours() {
        assert_eq!(
            json(r#"{"a": ["b\"", -1.5e3, true]}"#),
            "{<span class=\"key\">&quot;a&quot;</span>: [<span class=\"string\">&quot;b\\&quot;&quot;</span>, \
             <span class=\"number\">-1.5e3</span>, <span class=\"word\">true</span>]}"
        );
    }

    #[test]
    fn what_is_cut_off_ends() {
        for text in ["\"ab", "\"a\\", "{", "ä", ""] {
            let plain = json(text).replace("<span class=\"string\">", "").replace("</span>", "");
            assert_eq!(plain, escape(text));
        }
    }
}
