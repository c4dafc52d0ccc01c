//! Patterns: matching, and making text that matches.

use std::cell::RefCell;
use std::collections::BTreeMap;

use regex_syntax::hir::{Class, Hir, HirKind};

/// The longest text that is made.
pub(crate) const MAX_CHARS: usize = 1 << 17;

/// The most that one compiled pattern may take, in bytes.
const MAX_COMPILED_BYTES: usize = 1 << 20;

/// How many compiled patterns are kept: more than the contracts of a shop have.
const MAX_KNOWN: usize = 256;

thread_local! {
    /// Compiling takes a thousand times as long as matching, and a schema is judged again and again.
    static COMPILED: RefCell<BTreeMap<String, Option<regex::Regex>>> = const { RefCell::new(BTreeMap::new()) };
}

/// The pattern in our dialect; `None` when it says something else there than in ECMA-262.
fn translated(pattern: &str) -> Option<String> {
    // Set operations and nested classes of our dialect are plain characters in theirs.
    if ["&&", "--", "~~", "(?"].iter().any(|odd| pattern.contains(odd)) {
        return None;
    }
    let mut out = String::with_capacity(pattern.len());
    let (mut chars, mut is_in_class) = (pattern.chars(), false);
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next()? {
                'd' => out.push_str("[0-9]"),
                'w' => out.push_str("[A-Za-z0-9_]"),
                escaped if escaped.is_ascii_alphanumeric() && !matches!(escaped, 'n' | 'r' | 't') => {
                    return None;
                }
                escaped => out.extend(['\\', escaped]),
            },
            '[' if is_in_class => return None,
            '[' | ']' => {
                is_in_class = c == '[';
                out.push(c);
            }
            _ => out.push(c),
        }
    }
    Some(out)
}

/// Whether `text` has a part that matches; `None` when the pattern is not understood.
pub(crate) fn matches(pattern: &str, text: &str) -> Option<bool> {
    COMPILED.with_borrow_mut(|known| {
        if known.len() >= MAX_KNOWN && !known.contains_key(pattern) {
            known.clear();
        }
        let compiled = known.entry(pattern.to_owned()).or_insert_with(|| compiled(pattern));
        Some(compiled.as_ref()?.is_match(text))
    })
}

fn compiled(pattern: &str) -> Option<regex::Regex> {
    let pattern = translated(pattern)?;
    regex::RegexBuilder::new(&pattern).size_limit(MAX_COMPILED_BYTES).build().ok()
}

/// Some texts that match, of different lengths and made of different characters. What repeats is repeated `times`.
pub(crate) fn samples(pattern: &str, times: Vec<usize>) -> impl Iterator<Item = String> + use<> {
    let hir = translated(pattern).and_then(|pattern| regex_syntax::parse(&pattern).ok());
    times.into_iter().flat_map(|times| (0..3).map(move |variant| (times, variant))).filter_map(
        move |(times, variant)| {
            let mut text = String::new();
            write(hir.as_ref()?, times, variant, &mut text)?;
            Some(text)
        },
    )
}

/// `None`: it gets too long.
fn write(hir: &Hir, times: usize, variant: usize, out: &mut String) -> Option<()> {
    if out.len() > MAX_CHARS {
        return None;
    }
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(literal) => out.push_str(std::str::from_utf8(&literal.0).ok()?),
        HirKind::Class(class) => out.push(member(class, variant)?),
        HirKind::Repetition(repetition) => {
            let least = usize::try_from(repetition.min).ok()?;
            let most = repetition.max.map_or(usize::MAX, |max| usize::try_from(max).unwrap_or(usize::MAX));
            for _ in 0..times.max(least).min(most) {
                write(&repetition.sub, times, variant, out)?;
            }
        }
        HirKind::Capture(capture) => write(&capture.sub, times, variant, out)?,
        HirKind::Concat(parts) => {
            parts.iter().try_for_each(|part| write(part, times, variant, out))?;
        }
        HirKind::Alternation(parts) => write(parts.get(variant % parts.len())?, times, variant, out)?,
    }
    Some(())
}

/// A character of a class: the plainest first.
fn member(class: &Class, variant: usize) -> Option<char> {
    let Class::Unicode(class) = class else { return None };
    let is_in = |c: char| class.ranges().iter().any(|range| range.start() <= c && c <= range.end());
    let plain = ('a'..='z').chain('0'..='9').chain('A'..='Z').chain(' '..='~');
    let mut plain: Vec<char> = plain.filter(|c| is_in(*c)).collect();
    plain.dedup();
    match plain.len() {
        0 => class.ranges().first().map(regex_syntax::hir::ClassUnicodeRange::start),
        many => plain.get([0, many / 2, many - 1][variant % 3]).copied(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATTERNS: [&str; 6] = [
        "^[A-Za-z0-9._:/+-]+$",
        "^[A-Za-z0-9._:/+-]([A-Za-z0-9._:/+ -]*[A-Za-z0-9._:/+-])?$",
        "^[0-9]{20}$",
        "^[a-z0-9_-]+(\\.[a-z0-9_-]+)+\\.v[1-9][0-9]{0,3}$",
        "^\\d{2}-\\w+$",
        "^(tok|ref)_",
    ];

    #[test]
    fn what_is_made_matches() {
        for pattern in PATTERNS {
            let made: Vec<String> = samples(pattern, vec![0, 1, 5, 40]).collect();
            assert!(!made.is_empty(), "{pattern}");
            for text in made {
                assert_eq!(matches(pattern, &text), Some(true), "{pattern}: {text}");
            }
        }
    }

    #[test]
    fn another_dialect_is_not_guessed_at() {
        for pattern in ["(?=a)", "[a&&b]", "[[a]", "\\1", "\\p{L}", "(", "\\bx"] {
            assert_eq!(matches(pattern, "a"), None, "{pattern}");
        }
    }
}
