//! What holds for every field: its name says what it is, and numbers say what they count.

use serde_json::Value;

use super::super::fields::{SUFFIXES, resolve, unit};
use super::super::set::{prose, type_name};
use super::{ENVELOPE, Findings, Place, escaped};

/// Ids that the shop itself gives, under the names that it has for them.
const NATURAL_KEYS: [&str; 2] = ["sku", "location"];
/// Endings of instants: of a moment, and of the begin or end of a while.
const INSTANTS: [&str; 3] = ["_at", "_since", "_until"];
/// Words in the names of amounts of money.
const MONEY: [&str; 8] = ["amount", "price", "total", "fee", "tax", "discount", "cost", "refund"];

/// A field of an object.
#[derive(Clone, Copy)]
struct Field<'a> {
    object: Place<'a>,
    name: &'a str,
    schema: &'a Value,
    /// What stands behind a `$ref`, and the name it has.
    target: &'a Value,
    type_name: Option<&'a str>,
}

pub(super) fn check(object: Place<'_>, findings: &mut Findings) {
    if object.file.name == ENVELOPE {
        // The names are those of CloudEvents.
        return;
    }
    for (name, schema) in object.properties() {
        let (target, type_name) = resolve(schema, object.file.root);
        let field = Field { object, name, schema, target, type_name };
        snake_case(field, findings);
        ids(field, findings);
        instants(field, findings);
        money(field, findings);
        numbers(field, findings);
    }
}

impl Field<'_> {
    fn add(self, findings: &mut Findings, rule: &'static str, message: String, fix: &str) {
        let pointer = format!("{}/properties/{}", self.object.pointer, escaped(self.name));
        findings.add((self.object.file.file(), &pointer), rule, message, fix);
    }

    fn is(self, kind: &str) -> bool {
        self.target["type"] == kind
    }

    fn is_minor(self) -> bool {
        self.name.ends_with("_minor")
    }
}

fn snake_case(field: Field<'_>, findings: &mut Findings) {
    let is_word =
        |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    let is_snake =
        field.name.split('_').all(is_word) && !field.name.starts_with(|c: char| c.is_ascii_digit());
    if !is_snake {
        let message = format!("{:?} is not snake_case", field.name);
        field.add(findings, "field-name", message, "use lower-case words with underscores");
    }
}

fn ids(field: Field<'_>, findings: &mut Findings) {
    if NATURAL_KEYS.contains(&field.name) {
        return;
    }
    let id_type = field.type_name.filter(|name| name.ends_with("Id"));
    match (id_type, field.name.ends_with("_id")) {
        (Some(of), false) => {
            let message = format!("{} is a {of} and its name does not end in _id", field.name);
            field.add(findings, "id-name", message, "name it after the id");
        }
        (None, true) => {
            let message = format!("{} is no id of a type of its own", field.name);
            field.add(findings, "id-type", message, "use a type of contracts/src/ids.rs");
        }
        (Some(of), true) if !type_name(field.name).ends_with(of) => {
            let message = format!("{} is a {of}", field.name);
            field.add(findings, "id-type", message, "let name and type be the same: order_id is an OrderId");
        }
        (Some(_), true) | (None, false) => {}
    }
}

fn instants(field: Field<'_>, findings: &mut Findings) {
    let is_instant = field.target["format"] == "date-time";
    let is_named_so = INSTANTS.iter().any(|ending| field.name.ends_with(ending));
    if is_instant && !is_named_so {
        let message = format!("the instant {} does not end in _at", field.name);
        field.add(
            findings,
            "time-name",
            message,
            "end it in _at, or in _since or _until for the bounds of a while",
        );
    }
    if is_named_so && !is_instant {
        let message = format!("{} is no instant", field.name);
        field.add(findings, "time-name", message, "make it a Timestamp, or name it for what it is");
    }
}

fn money(field: Field<'_>, findings: &mut Findings) {
    let is_number = field.is("integer") || field.is("number");
    let has_unit = SUFFIXES.iter().any(|(suffix, _)| field.name.ends_with(suffix));
    if is_number && !has_unit && field.name.split('_').any(|word| MONEY.contains(&word)) {
        let message = format!("{} looks like money and does not end in _minor", field.name);
        field.add(
            findings,
            "money-name",
            message,
            "let it be minor units and end in _minor, or end in its unit",
        );
    }
    if !field.is_minor() {
        return;
    }
    if !field.is("integer") {
        field.add(findings, "money-type", format!("{} is no whole number", field.name), "make it an integer");
    }
    let has_currency = |schema: &Value| schema["properties"].get("currency").is_some();
    if !has_currency(field.object.schema) && !has_currency(field.object.file.root) {
        let message = format!("{} has no currency beside it", field.name);
        field.add(findings, "money-currency", message, "add a field currency to the object or to the body");
    }
}

fn numbers(field: Field<'_>, findings: &mut Findings) {
    if field.is("number") {
        let message = format!("{} may be a fraction", field.name);
        field.add(findings, "fraction", message, "use a whole number of a smaller unit");
    }
    let said = [field.schema, field.target].iter().find_map(|schema| schema["description"].as_str());
    let description = prose(said.unwrap_or_default());
    let is_number = field.is("integer") || field.is("number");
    if is_number && unit(field.name, field.target, field.type_name, &description).is_none() {
        let message = format!("{} does not say what it counts", field.name);
        field.add(
            findings,
            "unit",
            message,
            "end it in _minor, _ms, _s, _bytes, _grams or _bp, or say the unit",
        );
    }
}
