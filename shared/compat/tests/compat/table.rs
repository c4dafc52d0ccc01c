//! Kinds of edit and what each is to whom, Confluent's twelve among them.
//!
//! The twelve, under its strict and its lenient policy, are those of `JsonSchemaTest` in confluentinc/schema-registry
//! since pull request 4292 (May 2026); it checks a new reader of old data only. What it calls compatible and we do not
//! is written down in `confluent_is_followed_but_where_a_document_shows_otherwise`.

use std::collections::BTreeSet;

use compat::{Decision, Direction, Reading, compare};
use serde::Deserialize;
use serde_json::Value;

use crate::oracle::Oracle;

#[derive(Deserialize)]
struct Edit {
    edit: String,
    old: Value,
    new: Value,
    plain: Verdicts,
    banyan: Verdicts,
    /// A rule that one of the breaks must name.
    rule: Option<String>,
    confluent: Option<Confluent>,
}

#[derive(Deserialize)]
struct Verdicts {
    backward: String,
    forward: String,
}

#[derive(Deserialize)]
struct Confluent {
    strict: String,
    lenient: String,
}

impl Edit {
    fn all() -> Vec<Self> {
        serde_json::from_str(include_str!("../table/edits.json")).unwrap()
    }

    /// Every decision with the word that is expected.
    fn decisions(&self) -> Vec<(Direction, Reading, &str, Decision)> {
        let expected = [
            (Direction::Backward, Reading::Plain, &self.plain.backward),
            (Direction::Forward, Reading::Plain, &self.plain.forward),
            (Direction::Backward, Reading::Tolerant, &self.banyan.backward),
            (Direction::Forward, Reading::Tolerant, &self.banyan.forward),
        ];
        let decide = |(direction, reading, word)| {
            let word: &String = word;
            (direction, reading, word.as_str(), compare(&self.old, &self.new, direction, reading))
        };
        expected.into_iter().map(decide).collect()
    }
}

fn word(decision: &Decision) -> &'static str {
    match (decision.breaks.is_empty(), decision.undecided.is_empty()) {
        (true, true) => "safe",
        (false, _) => "break",
        (true, false) => "undecided",
    }
}

#[test]
fn every_edit_has_the_verdict_of_the_table_in_each_mode() {
    let edits = Edit::all();
    let mut wrong = Vec::new();
    for edit in &edits {
        for (direction, reading, expected, decision) in edit.decisions() {
            if word(&decision) != expected {
                wrong
                    .push(format!("{}, {direction:?}, {reading:?}: not {expected}: {decision:?}", edit.edit));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let names: BTreeSet<&str> = edits.iter().map(|edit| edit.edit.as_str()).collect();
    assert!(names.len() == edits.len() && edits.len() >= 80, "{} edits", edits.len());
}

#[test]
fn every_break_names_its_rule() {
    for edit in Edit::all() {
        let Some(rule) = &edit.rule else { continue };
        let decisions = edit.decisions();
        let rules: Vec<&str> =
            decisions.iter().flat_map(|(.., decision)| &decision.breaks).map(|b| b.rule.as_str()).collect();
        assert!(rules.contains(&rule.as_str()), "{}: {rule} is not in {rules:?}", edit.edit);
    }
}

#[test]
fn every_counter_example_is_one_for_another_validator_too() {
    let mut seen = 0;
    for edit in Edit::all() {
        for (direction, reading, _, decision) in edit.decisions() {
            let (writer, reader) = match direction {
                Direction::Backward => (&edit.old, &edit.new),
                Direction::Forward => (&edit.new, &edit.old),
            };
            for found in &decision.breaks {
                let document = &found.counter_example;
                let writer = Oracle::new(writer, Reading::Plain).unwrap();
                let reader = Oracle::new(reader, reading).unwrap();
                assert!(writer.accepts(document), "{}: {document} by the writer", edit.edit);
                assert!(!reader.accepts(document), "{}: {document} by the reader", edit.edit);
                seen += 1;
            }
        }
    }
    assert!(seen > 120, "{seen} counter-examples");
}

#[test]
fn confluent_is_followed_but_where_a_document_shows_otherwise() {
    // What a schema says of a default does not fill it in: whoever validates refuses a document without the field.
    let defaults_count_there =
        ["add a required field with a default, closed", "add a required field with a default, open"];
    // Lenient there: the document of an open writer may have the field with another type.
    let chance_counts_there = ["add an optional field, open"];
    let mut verdicts = 0;
    for edit in Edit::all() {
        let Some(confluent) = &edit.confluent else { continue };
        let name = edit.edit.as_str();
        let strict = word(&compare(&edit.old, &edit.new, Direction::Backward, Reading::Plain));
        assert!(
            strict == confluent.strict || defaults_count_there.contains(&name),
            "{name}, strict: {strict}"
        );
        let lenient = word(&compare(&edit.old, &edit.new, Direction::Backward, Reading::Tolerant));
        let is_known = defaults_count_there.contains(&name) || chance_counts_there.contains(&name);
        assert!(lenient == confluent.lenient || is_known, "{name}, lenient: {lenient}");
        verdicts += 2;
    }
    assert_eq!(verdicts, 24);
}
