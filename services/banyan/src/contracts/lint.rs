//! What every contract must keep to: names, descriptions, units, bounds, money, examples, ways.
//!
//! A rule says what is wrong, where, and what to do about it. Whether a change breaks somebody is another question, see
//! [`super::check`].

use std::fmt;

use serde::Serialize;
use serde_json::Value;

use super::set::Set;

mod examples;
mod fields;
mod names;
mod objects;
#[cfg(test)]
mod tests;
mod topology;

/// The schema of the envelope: CloudEvents names its attributes, and it is open for extensions.
const ENVELOPE: &str = "envelope.v1";
/// Schemas that are no event's: the envelope, and bodies of requests.
const NO_EVENTS: [&str; 2] = [ENVELOPE, "place-order.v1"];

/// One place that breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Finding {
    /// The file, below the folder of the contracts.
    pub file: String,
    /// Where in it: a JSON pointer, empty for the whole.
    pub pointer: String,
    /// Which rule.
    pub rule: &'static str,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub fix: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, pointer, rule, message, fix } = self;
        write!(f, "{file}:{pointer}: {rule}: {message}, {fix}")
    }
}

/// Everything that breaks a rule, by file and place.
#[must_use]
pub fn lint(set: &Set) -> Vec<Finding> {
    let mut findings = Findings::default();
    for (name, schema) in &set.schemas {
        let schema = Schema { name, root: &schema.value };
        names::check(schema, &mut findings);
        schema.walk(&mut |place| {
            objects::check(place, &mut findings);
            fields::check(place, &mut findings);
        });
    }
    examples::check(set, &mut findings);
    topology::check(set, &mut findings);
    findings.0.sort_unstable();
    findings.0
}

/// What was found so far.
#[derive(Debug, Default)]
struct Findings(Vec<Finding>);

impl Findings {
    fn add(
        &mut self,
        at: (String, &str),
        rule: &'static str,
        message: impl Into<String>,
        fix: impl Into<String>,
    ) {
        let (file, pointer) = at;
        let (message, fix) = (message.into(), fix.into());
        self.0.push(Finding { file, pointer: pointer.to_owned(), rule, message, fix });
    }
}

/// One file of schemas.
#[derive(Debug, Clone, Copy)]
struct Schema<'a> {
    /// Without `.json`.
    name: &'a str,
    root: &'a Value,
}

/// A schema within a file.
#[derive(Debug, Clone, Copy)]
struct Place<'a> {
    file: Schema<'a>,
    pointer: &'a str,
    schema: &'a Value,
}

impl<'a> Schema<'a> {
    fn file(self) -> String {
        format!("schemas/{}.json", self.name)
    }

    fn is_event(self) -> bool {
        !NO_EVENTS.contains(&self.name)
    }

    /// Calls `look` with every schema in the file.
    fn walk(self, look: &mut dyn FnMut(Place<'_>)) {
        walk(Place { file: self, pointer: "", schema: self.root }, look);
    }
}

impl<'a> Place<'a> {
    fn at(self) -> (String, &'a str) {
        (self.file.file(), self.pointer)
    }

    /// The schemas of the fields, when this is an object.
    fn properties(self) -> impl Iterator<Item = (&'a String, &'a Value)> {
        self.schema["properties"].as_object().into_iter().flatten()
    }
}

/// Keywords with a schema behind each name.
const BY_NAME: [&str; 2] = ["properties", "$defs"];
/// Keywords with a list of schemas.
const LISTS: [&str; 4] = ["oneOf", "anyOf", "allOf", "prefixItems"];
/// Keywords with one schema.
const SINGLE: [&str; 3] = ["items", "additionalProperties", "not"];

fn walk(place: Place<'_>, look: &mut dyn FnMut(Place<'_>)) {
    let Some(object) = place.schema.as_object() else { return };
    look(place);
    let mut deeper = |pointer: String, schema: &Value| {
        walk(Place { file: place.file, pointer: &pointer, schema }, look);
    };
    for keyword in BY_NAME {
        for (name, schema) in object.get(keyword).and_then(Value::as_object).into_iter().flatten() {
            deeper(format!("{}/{keyword}/{}", place.pointer, escaped(name)), schema);
        }
    }
    for keyword in LISTS {
        let schemas = object.get(keyword).and_then(Value::as_array).into_iter().flatten();
        for (at, schema) in schemas.enumerate() {
            deeper(format!("{}/{keyword}/{at}", place.pointer), schema);
        }
    }
    for keyword in SINGLE {
        if let Some(schema) = object.get(keyword) {
            deeper(format!("{}/{keyword}", place.pointer), schema);
        }
    }
}

/// A name as a part of a JSON pointer (RFC 6901).
fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}
