//! Text of a length, pattern and format.

use serde_json::Value;

use crate::node::Text;
use crate::{format, pattern};

/// What one would like to see beside the plainest text.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wanted {
    /// Lengths, in characters.
    pub(crate) lengths: Vec<u64>,
}

/// What patterns and formats seldom have.
const ODD: [&str; 9] = ["", "a", "A", "0", " ", "a b", "^", "é", "x\\y"];

/// Some texts, as different as may be, the shortest of a kind first. Each has the length; patterns and formats are left
/// to be judged. They are made when they are asked for, since some are long.
pub(crate) fn texts(text: &Text, wanted: &Wanted) -> impl Iterator<Item = Value> {
    let (min, max) = (text.min, text.max);
    let is_of_length = move |length: u64| min <= length && max.is_none_or(|max| length <= max);
    let lengths = lengths(text, wanted);
    let formatted = text.formats.iter().flat_map(|name| format::samples(name)).map(|text| (*text).to_owned());
    let formatted: Vec<String> = formatted.collect();
    let patterns: Vec<String> = text.patterns.iter().cloned().collect();
    // A pattern that repeats one part has a few characters beside it.
    let times: Vec<usize> =
        [0, 1, 2, 3].into_iter().chain(lengths.iter().flat_map(|l| l.saturating_sub(5)..=*l)).collect();
    let matching = patterns.into_iter().flat_map(move |regex| pattern::samples(&regex, times.clone()));
    let repeated = lengths.into_iter().flat_map(|length| ["a", "A", "0", " ", "é", "!"].map(|c| (c, length)));
    let repeated = repeated.map(|(c, length)| c.repeat(length));
    let all = formatted.into_iter().chain(matching).chain(repeated).chain(ODD.map(str::to_owned));
    all.filter(move |made| u64::try_from(made.chars().count()).is_ok_and(is_of_length)).map(Value::String)
}

/// The lengths at the ends, and those that are wanted, as far as they are possible.
fn lengths(text: &Text, wanted: &Wanted) -> Vec<usize> {
    let mut lengths = vec![text.min.max(1), text.min, text.min.saturating_add(1)];
    lengths.extend(&wanted.lengths);
    lengths.extend(text.max.iter().flat_map(|max| [*max, max.saturating_sub(1)]));
    let is_possible = |length: &u64| text.min <= *length && text.max.is_none_or(|max| *length <= max);
    let possible = lengths.into_iter().filter(is_possible).filter_map(|length| usize::try_from(length).ok());
    possible.filter(|length| *length <= pattern::MAX_CHARS).collect()
}
