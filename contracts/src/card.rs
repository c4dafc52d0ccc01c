//! Finding payment card numbers in what callers send, so that none is ever kept.
//!
//! A card number is 13 to 19 digits with an issuer's prefix, that issuer's length and the check digit of Luhn
//! (ISO/IEC 7812-1, annex B). Blanks and dashes between the digits are ignored; it may stand inside a longer text, in
//! a string, in a JSON number or in a field's name. A field named `sku` may hold any digits: shops number goods as
//! they like. Digits that have no break between them are taken whole: a run of 20 digits holds no card number. UUIDs
//! and hexadecimal digests of 32 digits and more are passed over: one in some ten thousand would look like a card.

use std::fmt;
use std::ops::Range;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

mod issuer;
mod mask;

pub use mask::{Masked, mask, mask_text};

/// The fewest digits of a card number.
pub const MIN_DIGITS: usize = 13;

/// The most digits of a card number.
pub const MAX_DIGITS: usize = 19;

/// How many places are reported at most: one is enough to refuse.
pub const MAX_FOUND: usize = 20;

/// The field that may hold any digits.
const EXEMPT: &str = "sku";

/// JSON pointers to the card numbers in a JSON text. Names of fields are searched too; a pointer never repeats one
/// that is a card number itself, but shows `*` for it.
///
/// # Errors
/// The text is not JSON.
pub fn in_json(text: &str) -> Result<Vec<String>, serde_json::Error> {
    if !may_hold_card(text) {
        return Ok(Vec::new());
    }
    let mut search = Search::default();
    let mut json = serde_json::Deserializer::from_str(text);
    At { search: &mut search, exempt: false }.deserialize(&mut json)?;
    json.end()?;
    Ok(search.found)
}

/// JSON pointers to the card numbers in a JSON value; see [`in_json`].
#[must_use]
pub fn in_value(value: &Value) -> Vec<String> {
    let mut search = Search::default();
    // Walking a value that is already there cannot fail; what was found until then would be kept if it did.
    At { search: &mut search, exempt: false }.deserialize(value).ok();
    search.found
}

/// Whether a text holds a card number.
#[must_use]
pub fn in_text(text: &str) -> bool {
    if text.bytes().filter(u8::is_ascii_digit).take(MIN_DIGITS).count() < MIN_DIGITS {
        return false;
    }
    let mut is_found = false;
    each_stretch(text, |_| is_found = true);
    is_found
}

/// Shows each stretch of digits that holds a card number to `visit`.
fn each_stretch(text: &str, mut visit: impl FnMut(Range<usize>)) {
    let mut stretch = Stretch::default();
    let (mut begin, mut at) = (0, 0);
    let mut after_word = false;
    while let Some(c) = text[at..].chars().next() {
        if !after_word && let Some(length) = identifier_length(&text.as_bytes()[at..]) {
            if stretch.ends_with_card() {
                visit(begin..at);
            }
            at += length;
            after_word = true;
            continue;
        }
        if c.is_ascii_digit() {
            if stretch.digits.is_empty() {
                begin = at;
            }
            stretch.digit(c);
        } else if is_separator(c) {
            stretch.separator();
        } else if stretch.ends_with_card() {
            visit(begin..at);
        }
        after_word = c.is_alphanumeric();
        at += c.len_utf8();
    }
    if stretch.ends_with_card() {
        visit(begin..at);
    }
}

/// Digits in groups, with nothing but blanks and dashes between the groups.
#[derive(Default)]
struct Stretch {
    digits: Vec<u8>,
    /// Where each group begins in `digits`.
    groups: Vec<usize>,
    in_group: bool,
}

impl Stretch {
    fn digit(&mut self, c: char) {
        if !self.in_group {
            self.groups.push(self.digits.len());
            self.in_group = true;
        }
        self.digits.push(c as u8 - b'0');
    }

    fn separator(&mut self) {
        self.in_group = false;
    }

    /// Whether it holds a card number. It is over, and the next one begins.
    fn ends_with_card(&mut self) -> bool {
        let holds_card = self.holds_card();
        self.digits.clear();
        self.groups.clear();
        self.in_group = false;
        holds_card
    }

    /// Whether whole groups that follow one another are a card number. At most 19 groups from each start matter.
    fn holds_card(&self) -> bool {
        if self.digits.len() < MIN_DIGITS {
            return false;
        }
        self.groups.iter().enumerate().any(|(n, &start)| {
            let ends = self.groups[n + 1..].iter().copied().chain([self.digits.len()]);
            ends.take_while(|end| end - start <= MAX_DIGITS).any(|end| is_card(&self.digits[start..end]))
        })
    }
}

fn is_card(digits: &[u8]) -> bool {
    (MIN_DIGITS..=MAX_DIGITS).contains(&digits.len()) && issuer::issues(digits) && luhn(digits)
}

fn luhn(digits: &[u8]) -> bool {
    let doubled = |digit: u8| if digit < 5 { digit * 2 } else { digit * 2 - 9 };
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(n, &digit)| u32::from(if n % 2 == 1 { doubled(digit) } else { digit }))
        .sum();
    sum.is_multiple_of(10)
}

fn is_separator(c: char) -> bool {
    c.is_whitespace() || c == '-' || matches!(c, '\u{2010}'..='\u{2015}' | '\u{2212}')
}

/// How many bytes a UUID or a hexadecimal digest at the beginning of `bytes` has; `None` when there is none.
fn identifier_length(bytes: &[u8]) -> Option<usize> {
    const UUID: usize = 36;
    let ends_at = |n: usize| bytes.get(n).is_none_or(|b| !b.is_ascii_alphanumeric());
    if let Some(uuid) = bytes.get(..UUID) {
        let shaped = uuid.iter().enumerate().all(|(n, b)| match n {
            8 | 13 | 18 | 23 => *b == b'-',
            _ => b.is_ascii_hexdigit(),
        });
        if shaped && ends_at(UUID) {
            return Some(UUID);
        }
    }
    let word = bytes.iter().take_while(|b| b.is_ascii_hexdigit()).count();
    let is_digest =
        matches!(word, 32 | 40 | 64) && ends_at(word) && bytes[..word].iter().any(u8::is_ascii_alphabetic);
    is_digest.then_some(word)
}

/// Cheap and never wrong when it says no: whether enough digits stand close enough in a JSON text. Escapes and
/// exponents hide digits, so a text with those may always hold one.
fn may_hold_card(text: &str) -> bool {
    let mut run = 0;
    let mut before = b' ';
    for byte in text.bytes() {
        match byte {
            b'0'..=b'9' => run += 1,
            b'\\' => return true,
            b'e' | b'E' if before.is_ascii_digit() => return true,
            b' ' | b'-' | b'.' | b'\t' | 0x80.. => {}
            _ => run = 0,
        }
        if run >= MIN_DIGITS {
            return true;
        }
        before = byte;
    }
    false
}

/// A walk through a JSON document.
#[derive(Default)]
struct Search {
    path: Vec<Segment>,
    found: Vec<String>,
}

enum Segment {
    Field(String),
    Index(usize),
}

impl Search {
    fn report(&mut self) {
        if self.found.len() < MAX_FOUND {
            self.found.push(self.path.iter().map(ToString::to_string).collect());
        }
    }
}

impl fmt::Display for Segment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field(name) => write!(f, "/{}", name.replace('~', "~0").replace('/', "~1")),
            Self::Index(index) => write!(f, "/{index}"),
        }
    }
}

/// The value at the end of the search's path.
struct At<'a> {
    search: &'a mut Search,
    exempt: bool,
}

impl At<'_> {
    fn text(self, text: &str) {
        if !self.exempt && in_text(text) {
            self.search.report();
        }
    }
}

impl<'de> DeserializeSeed<'de> for At<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for At<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        self.text(text);
        Ok(())
    }

    fn visit_u64<E>(self, number: u64) -> Result<(), E> {
        self.text(&number.to_string());
        Ok(())
    }

    fn visit_i64<E>(self, number: i64) -> Result<(), E> {
        self.text(&number.to_string());
        Ok(())
    }

    fn visit_f64<E>(self, number: f64) -> Result<(), E> {
        // Written with a point or an exponent; the parser may be off by one in the last place, hence the rounding.
        self.text(&format!("{number:.0}"));
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        for index in 0.. {
            self.search.path.push(Segment::Index(index));
            let item = items.next_element_seed(At { search: &mut *self.search, exempt: false })?;
            self.search.path.pop();
            if item.is_none() {
                break;
            }
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<(), A::Error> {
        while let Some(name) = fields.next_key::<String>()? {
            let exempt = name == EXEMPT;
            let hidden = in_text(&name);
            self.search.path.push(Segment::Field(if hidden { "*".to_owned() } else { name }));
            if hidden {
                self.search.report();
            }
            fields.next_value_seed(At { search: &mut *self.search, exempt })?;
            self.search.path.pop();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
