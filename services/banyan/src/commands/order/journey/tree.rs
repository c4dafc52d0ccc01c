//! A journey as a tree: what caused what, how long it took, in as many columns as there are.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use contracts::Timestamp;

use super::Entry;
use crate::commands::shown::span;
use crate::output::cut;

/// How it is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::commands::order) struct Style {
    /// One after another, without branches.
    pub(in crate::commands::order) is_flat: bool,
    /// Lines are cut here; `None`: never.
    pub(in crate::commands::order) width: Option<usize>,
}

/// Less room for words than this, and the column of services gives way.
const WORDS: usize = 24;

/// One line before it is laid out.
struct Row<'a> {
    branch: String,
    since_placed: Duration,
    since_cause: Option<Duration>,
    entry: &'a Entry,
}

/// `entries`, sorted by time, as lines; the first one is the root.
pub(in crate::commands::order) fn draw(entries: &[Entry], style: Style) -> String {
    let begun = entries.first().map_or(Timestamp::EPOCH, |first| first.at);
    let rows = if style.is_flat { in_a_row(entries, begun) } else { branched(entries, begun) };
    let columns = Columns::of(&rows, style.width);
    rows.iter().map(|row| columns.line(row)).collect::<Vec<_>>().join("\n")
}

/// One entry on a line of its own, for whoever watches them come.
pub(in crate::commands::order) fn line(
    entry: &Entry,
    since_placed: Duration,
    width: Option<usize>,
) -> String {
    let row = Row { branch: String::new(), since_placed, since_cause: None, entry };
    Columns { spans: 9, causes: 0, names: 26, services: 12, width }.line(&row)
}

fn in_a_row(entries: &[Entry], begun: Timestamp) -> Vec<Row<'_>> {
    let mut before = begun;
    let rows = entries.iter().enumerate().map(|(at, entry)| {
        let since_cause = (at > 0).then(|| entry.at.since(before));
        before = entry.at;
        Row { branch: String::new(), since_placed: entry.at.since(begun), since_cause, entry }
    });
    rows.collect()
}

fn branched(entries: &[Entry], begun: Timestamp) -> Vec<Row<'_>> {
    let causes = causes(entries);
    let mut effects: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (at, cause) in causes.iter().enumerate().skip(1) {
        effects.entry(*cause).or_default().push(at);
    }
    let mut rows = Vec::with_capacity(entries.len());
    // The next one to draw is last: its place, and what stands before its effects.
    let mut open = vec![(0, String::new(), String::new())];
    while let Some((at, branch, below)) = open.pop() {
        let Some(entry) = entries.get(at) else { continue };
        let since_cause = (at > 0).then(|| entry.at.since(entries[causes[at]].at));
        rows.push(Row { branch, since_placed: entry.at.since(begun), since_cause, entry });
        for (nth, &effect) in effects.get(&at).into_iter().flatten().rev().enumerate() {
            let (branch, line) = if nth == 0 { ("└╴", "  ") } else { ("├╴", "│ ") };
            open.push((effect, format!("{below}{branch}"), format!("{below}{line}")));
        }
    }
    rows
}

/// The place of each entry's cause: the root's, where it is not known or would go round in a circle.
fn causes(entries: &[Entry]) -> Vec<usize> {
    let mut places: BTreeMap<&str, usize> = BTreeMap::new();
    for (at, entry) in entries.iter().enumerate() {
        if let Some(id) = entry.event_id.as_deref() {
            places.entry(id).or_insert(at);
        }
    }
    let cause = |entry: &Entry| entry.caused_by.as_deref().and_then(|id| places.get(id).copied());
    let mut causes: Vec<usize> = entries.iter().map(|entry| cause(entry).unwrap_or(0)).collect();
    for at in 1..causes.len() {
        let mut seen = BTreeSet::from([at]);
        let mut above = causes[at];
        while above != 0 {
            if !seen.insert(above) {
                causes[at] = 0;
                break;
            }
            above = causes[above];
        }
    }
    causes
}

/// How wide each column is; 0: left out.
struct Columns {
    spans: usize,
    causes: usize,
    names: usize,
    services: usize,
    width: Option<usize>,
}

impl Columns {
    fn of(rows: &[Row<'_>], width: Option<usize>) -> Self {
        let widest =
            |text: &dyn Fn(&Row<'_>) -> String| rows.iter().map(|row| length(&text(row))).max().unwrap_or(0);
        let mut columns = Self {
            spans: widest(&placed),
            causes: widest(&caused),
            names: widest(&|row| format!("{}{}", row.branch, row.entry.name())),
            services: widest(&|row| row.entry.service.clone()),
            width,
        };
        if width.is_some_and(|width| columns.before_words() + WORDS > width) {
            columns.services = 0;
        }
        if width.is_some_and(|width| columns.before_words() + WORDS > width) {
            columns.causes = 0;
        }
        columns
    }

    fn before_words(&self) -> usize {
        let columns = [self.spans, self.causes, self.names, self.services];
        columns.iter().filter(|column| **column > 0).map(|column| column + 2).sum()
    }

    fn line(&self, row: &Row<'_>) -> String {
        let mut line = format!("{:>1$}", placed(row), self.spans);
        if self.causes > 0 {
            line.push_str(&format!("  {:>1$}", caused(row), self.causes));
        }
        line.push_str(&format!("  {:1$}", format!("{}{}", row.branch, row.entry.name()), self.names));
        if self.services > 0 {
            line.push_str(&format!("  {:1$}", row.entry.service, self.services));
        }
        // What customers say is shown as text, whatever a terminal would make of it.
        let words = row.entry.summary.chars().map(|c| if c.is_control() { ' ' } else { c });
        line.push_str("  ");
        line.extend(words);
        let line = line.trim_end();
        self.width.map_or_else(|| line.to_owned(), |width| cut(line, width))
    }
}

fn placed(row: &Row<'_>) -> String {
    format!("+{}", span(row.since_placed))
}

fn caused(row: &Row<'_>) -> String {
    row.since_cause.map(|since| format!("({})", span(since))).unwrap_or_default()
}

fn length(text: &str) -> usize {
    text.chars().count()
}

#[cfg(test)]
mod tests;
