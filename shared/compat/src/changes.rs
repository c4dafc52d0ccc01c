//! What changed between two versions, field by field, for people.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::Value;

use crate::contain::decide;
use crate::document::{Schema, escaped};

/// How deep fields are followed.
const MAX_DEPTH: usize = 16;

/// One change of one field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// Which: `lines[].sku`; empty for the document itself.
    pub field: String,
    /// What is different.
    #[serde(flatten)]
    pub kind: Kind,
}

/// What is different.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "change", rename_all = "kebab-case")]
pub enum Kind {
    /// It is new.
    Added {
        /// What it is.
        shape: String,
        /// Whether it must be there.
        is_required: bool,
    },
    /// It is gone.
    Removed {
        /// What it was.
        shape: String,
    },
    /// It must be there now.
    Required,
    /// It need not be there any more.
    Optional,
    /// It accepts more than before.
    Widened {
        /// What it was.
        from: String,
        /// What it is.
        to: String,
    },
    /// It accepts less than before.
    Narrowed {
        /// What it was.
        from: String,
        /// What it is.
        to: String,
    },
    /// It accepts something else than before, or that cannot be told.
    Changed {
        /// What it was.
        from: String,
        /// What it is.
        to: String,
    },
    /// It means the same, and is said differently: description, title, default or examples.
    Reworded,
}

/// Every change, in the order of the fields.
#[must_use]
pub fn changes(old: &Value, new: &Value) -> Vec<Change> {
    let mut walk = Walk { old, new, found: Vec::new(), seen: BTreeSet::new() };
    walk.compare(&Place::default(), MAX_DEPTH);
    walk.found
}

/// The same field in both versions.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    field: String,
    old: String,
    new: String,
}

struct Walk<'s> {
    old: &'s Value,
    new: &'s Value,
    found: Vec<Change>,
    /// What refers to itself is told once.
    seen: BTreeSet<(String, String)>,
}

impl Walk<'_> {
    fn tell(&mut self, field: &str, kind: Kind) {
        self.found.push(Change { field: field.to_owned(), kind });
    }

    fn compare(&mut self, place: &Place, depth: usize) {
        let (Some(before), Some(after)) = (self.old.pointer(&place.old), self.new.pointer(&place.new)) else {
            return;
        };
        if words(before) != words(after) {
            self.tell(&place.field, Kind::Reworded);
        }
        let (old, new) = (target(self.old, &place.old), target(self.new, &place.new));
        let Some(depth) = depth.checked_sub(1) else { return };
        if !self.seen.insert((old.clone(), new.clone())) {
            return;
        }
        let (Some(before), Some(after)) = (self.old.pointer(&old), self.new.pointer(&new)) else { return };
        let inner = Place { field: place.field.clone(), old, new };
        match (fields(before), fields(after)) {
            (Some(was), Some(is)) => self.fields(&inner, (before, &was), (after, &is), depth),
            _ if before.get("items").is_some() && after.get("items").is_some() => {
                let items = Place {
                    field: format!("{}[]", inner.field),
                    old: format!("{}/items", inner.old),
                    new: format!("{}/items", inner.new),
                };
                self.bounds(&inner, without(before, "items") != without(after, "items"));
                self.compare(&items, depth);
            }
            _ => self.bounds(&inner, true),
        }
    }

    fn fields(
        &mut self,
        place: &Place,
        (before, was): (&Value, &BTreeSet<String>),
        (after, is): (&Value, &BTreeSet<String>),
        depth: usize,
    ) {
        for name in was.union(is) {
            let field = if place.field.is_empty() { name.clone() } else { format!("{}.{name}", place.field) };
            let below = |pointer: &str| format!("{pointer}/properties/{}", escaped(name));
            let (old, new) = (below(&place.old), below(&place.new));
            let is_required = is_required(after, name);
            match (was.contains(name), is.contains(name)) {
                (false, _) => self.tell(&field, Kind::Added { shape: shape(self.new, &new), is_required }),
                (_, false) => self.tell(&field, Kind::Removed { shape: shape(self.old, &old) }),
                (true, true) => {
                    match (is_required, self::is_required(before, name)) {
                        (true, false) => self.tell(&field, Kind::Required),
                        (false, true) => self.tell(&field, Kind::Optional),
                        _ => {}
                    }
                    self.compare(&Place { field, old, new }, depth);
                }
            }
        }
    }

    /// What the two accept, each as it stands.
    fn bounds(&mut self, place: &Place, is_told: bool) {
        if !is_told {
            return;
        }
        let (old, new) = (Schema::part(self.old, &place.old), Schema::part(self.new, &place.new));
        let (is_wider, is_narrower) = (decide(old, new).is_safe(), decide(new, old).is_safe());
        let (from, to) = (shape(self.old, &place.old), shape(self.new, &place.new));
        match (is_wider, is_narrower) {
            (true, true) => {}
            (true, false) => self.tell(&place.field, Kind::Widened { from, to }),
            (false, true) => self.tell(&place.field, Kind::Narrowed { from, to }),
            (false, false) => self.tell(&place.field, Kind::Changed { from, to }),
        }
    }
}

fn target(root: &Value, pointer: &str) -> String {
    let mut at = pointer.to_owned();
    for _ in 0..MAX_DEPTH {
        let reference = root.pointer(&at).and_then(|schema| schema.get("$ref")).and_then(Value::as_str);
        match reference.and_then(|reference| reference.strip_prefix('#')) {
            Some(next) => next.clone_into(&mut at),
            None => break,
        }
    }
    at
}

/// What is said to people.
fn words(schema: &Value) -> [Option<&Value>; 4] {
    ["title", "description", "default", "examples"].map(|keyword| schema.get(keyword))
}

fn without(schema: &Value, keyword: &str) -> Value {
    let mut schema = schema.clone();
    if let Value::Object(object) = &mut schema {
        object.remove(keyword);
    }
    schema
}

fn fields(schema: &Value) -> Option<BTreeSet<String>> {
    Some(schema.get("properties")?.as_object()?.keys().cloned().collect())
}

fn is_required(schema: &Value, name: &str) -> bool {
    schema.get("required").and_then(Value::as_array).is_some_and(|all| all.iter().any(|r| r == name))
}

/// A schema in a few words: `string, at most 64`.
fn shape(root: &Value, pointer: &str) -> String {
    let at = target(root, pointer);
    let Some(schema) = root.pointer(&at) else { return "anything".to_owned() };
    let mut said = vec![match (schema.get("const"), schema.get("enum").and_then(Value::as_array)) {
        (Some(value), _) => value.to_string(),
        (None, Some(words)) => one_of(words),
        (None, None) => match schema.get("type") {
            Some(Value::String(name)) => name.clone(),
            Some(Value::Array(names)) => {
                names.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" or ")
            }
            _ if schema.get("oneOf").or_else(|| schema.get("anyOf")).is_some() => "one of several".to_owned(),
            _ => "anything".to_owned(),
        },
    }];
    for (keyword, word) in [
        ("format", ""),
        ("minimum", "from "),
        ("exclusiveMinimum", "above "),
        ("maximum", "to "),
        ("exclusiveMaximum", "below "),
        ("multipleOf", "in steps of "),
        ("minLength", "at least "),
        ("maxLength", "at most "),
        ("minItems", "at least "),
        ("maxItems", "at most "),
        ("pattern", "like "),
    ] {
        match schema.get(keyword) {
            Some(Value::String(text)) => said.push(format!("{word}{text}")),
            Some(value) => said.push(format!("{word}{value}")),
            None => {}
        }
    }
    said.join(", ")
}

/// The most words that are listed.
const SHOWN_WORDS: usize = 12;

fn one_of(words: &[Value]) -> String {
    if words.len() > SHOWN_WORDS {
        return format!("one of {} words", words.len());
    }
    let shown: Vec<String> =
        words.iter().map(|word| word.as_str().map_or_else(|| word.to_string(), str::to_owned)).collect();
    format!("one of {}", shown.join(", "))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(old: &Value, new: &Value) -> Vec<String> {
        changes(old, new).iter().map(|change| serde_json::to_string(change).unwrap()).collect()
    }

    #[test]
    fn every_kind_of_change_is_told_with_its_field() {
        let old = json!({ "properties": {
            "gone": { "type": "string" },
            "lines": { "type": "array", "items": { "$ref": "#/$defs/Line" } },
            "word": { "enum": ["a"] },
        }, "required": ["word"], "$defs": { "Line": { "properties": { "sku": { "type": "string", "maxLength": 5 } } } } });
        let new = json!({ "properties": {
            "lines": { "type": "array", "items": { "$ref": "#/$defs/L" } },
            "new": { "type": "integer", "minimum": 1 },
            "word": { "enum": ["a", "b"], "description": "said" },
        }, "required": ["new"], "$defs": { "L": { "properties": { "sku": { "type": "string", "maxLength": 3 } } } } });
        let mut all = told(&old, &new);
        all.sort();
        let mut expected = vec![
            r#"{"field":"gone","change":"removed","shape":"string"}"#,
            r#"{"field":"lines[].sku","change":"narrowed","from":"string, at most 5","to":"string, at most 3"}"#,
            r#"{"field":"new","change":"added","shape":"integer, from 1","is_required":true}"#,
            r#"{"field":"word","change":"optional"}"#,
            r#"{"field":"word","change":"reworded"}"#,
            r#"{"field":"word","change":"widened","from":"one of a","to":"one of a, b"}"#,
        ];
        expected.sort_unstable();
        assert_eq!(all, expected);
    }

    #[test]
    fn nothing_changed_is_nothing_told() {
        let node = json!({ "$ref": "#/$defs/N", "$defs": { "N": { "properties": { "n": { "$ref": "#/$defs/N" } } } } });
        assert!(changes(&node, &node).is_empty());
    }
}
