//! Tables for people, as Markdown: what there is, what each event says, and who it goes to.

use std::collections::BTreeMap;

use super::super::fields::{Field, flat, of_schema};
use super::super::set::{Event, Set, by_domain};
use super::HOW;

/// The longest list of words in a table, in words: currencies are a standard of their own.
const MAX_WORDS: usize = 20;

/// The document.
pub(super) fn tables(set: &Set) -> String {
    let events = set.events();
    let mut text = format!("<!-- {HOW} -->\n{INTRODUCTION}");
    text.push_str(&topology(&events));
    text.push_str("\n## All events\n");
    for (domain, events) in by_domain(&events) {
        text.push_str(&format!("\n### {domain}\n\n{OVERVIEW}"));
        text.extend(events.iter().map(|event| overview(event)));
    }
    text.push_str("\n## What they say\n\nFields that are always there come first.\n");
    text.extend(events.iter().map(details));
    text
}

const INTRODUCTION: &str = r"# Events

Every event is a [CloudEvent 1.0](https://cloudevents.io) in structured JSON; the
[schema of the envelope](schemas/envelope.v1.json) explains its attributes. This page has what stands in `data`. Amounts
are whole numbers of minor units, instants are RFC 3339 in UTC. Readers ignore fields and words that they do not know.
`banyan contracts docs` makes a page of the same that can be searched.

## Who talks to whom

How many types of event go from a publisher into the queue of a consumer:

";

const OVERVIEW: &str = "| Event | Version | | Published by | Consumed by | Also read by | Says |\n\
    | --- | --- | --- | --- | --- | --- | --- |\n";

const FIELDS: &str = "\n| Field | Type | Always | Unit | Says |\n| --- | --- | --- | --- | --- |\n";

/// Publishers and consumers, as a picture in Mermaid.
fn topology(events: &[Event<'_>]) -> String {
    let mut ways: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for event in events {
        for publisher in event.publishers() {
            for subscriber in event.subscribers().iter().filter(|subscriber| *subscriber != publisher) {
                *ways.entry((publisher, subscriber)).or_default() += 1;
            }
        }
    }
    let way = |((from, to), count): (&(&str, &str), &usize)| format!("    {from} -- {count} --> {to}\n");
    format!("```mermaid\nflowchart LR\n{}```\n", ways.iter().map(way).collect::<String>())
}

fn overview(event: &Event<'_>) -> String {
    let kind = if event.is_state { "state" } else { "fact" };
    let until = event.sunset.map(|day| format!(" until {day}")).unwrap_or_default();
    format!(
        "| [{name}](#{anchor}) | {semver}{until} | {kind} | {} | {} | {} | {} |\n",
        names(event.publishers()),
        names(event.subscribers()),
        names(event.readers()),
        cell(event.summary),
        name = event.name,
        anchor = anchor(event),
        semver = event.semver,
    )
}

/// A heading's anchor depends on who renders it; this one does not.
fn anchor(event: &Event<'_>) -> String {
    event.key.replace('.', "-")
}

fn names(names: &[String]) -> String {
    if names.is_empty() { "–".to_owned() } else { names.join(", ") }
}

fn details(event: &Event<'_>) -> String {
    let mut text = format!("\n### <a id=\"{}\"></a>{}\n\n", anchor(event), event.kind);
    text.push_str(&event.description());
    text.push_str(&format!(
        "\n\nVersion {}. [Schema](schemas/{key}.json), [example](examples/{key}.json).",
        event.semver,
        key = event.key
    ));
    if let Some(day) = event.sunset {
        text.push_str(&format!(" Nobody publishes it from {day} on: read the next major version."));
    }
    text.push('\n');
    let fields = of_schema(event.schema);
    text.push_str(FIELDS);
    for (path, field) in flat(&fields, "") {
        text.push_str(&row(&path, field));
    }
    text
}

fn row(path: &str, field: &Field) -> String {
    let always = if field.is_required { "yes" } else { "no" };
    let mut kind = field.kind.clone();
    if !field.bounds.is_empty() && field.words.is_empty() {
        kind.push_str(&format!(", {}", field.bounds.join(", ")));
    }
    let unit = field.unit.unwrap_or_default();
    format!("| `{path}` | {} | {always} | {unit} | {} |\n", cell(&kind), cell(&says(field)))
}

fn says(field: &Field) -> String {
    let mut says = field.description.clone();
    if !field.words.is_empty() && field.words.len() <= MAX_WORDS {
        let word = |(word, meaning): &(String, String)| match meaning.is_empty() {
            true => format!("<br>`{word}`"),
            false => format!("<br>`{word}`: {meaning}"),
        };
        says.extend(field.words.iter().map(word));
    }
    if let Some(default) = field.default.as_ref().filter(|default| !default.is_object()) {
        says.push_str(&format!(" Without it: `{default}`."));
    }
    says
}

/// Text in a cell: a bar would begin the next one.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

#[cfg(test)]
mod tests {
    use super::super::super::set::tests::committed;
    use super::*;

    #[test]
    fn every_event_has_a_row_and_a_table_of_its_fields() {
        let set = committed();
        let text = tables(&set);
        for event in set.events() {
            let link = format!("](#{})", anchor(&event));
            let target = format!("<a id=\"{}\">", anchor(&event));
            assert_eq!(text.matches(&link).count(), 1, "{link}");
            assert_eq!(text.matches(&target).count(), 1, "{target}");
        }
        assert!(
            text.contains("| `lines[].unit_price_minor` | whole number, 0 or more | yes | minor units |")
        );
    }

    #[test]
    fn every_row_has_as_many_cells_as_its_head() {
        let text = tables(&committed());
        let mut columns = 0;
        for line in text.lines() {
            let bars = line.replace("\\|", "").matches('|').count();
            match line.starts_with('|') {
                true if columns == 0 => columns = bars,
                true => assert_eq!(bars, columns, "{line}"),
                false => columns = 0,
            }
        }
    }

    #[test]
    fn the_picture_has_every_way_between_two_services() {
        let set = committed();
        let text = topology(&set.events());
        assert!(text.contains("payment -- ") && text.contains(" --> orders"));
        assert!(!text.contains("orders --> orders"));
    }
}
