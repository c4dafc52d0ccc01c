//! Schemas that say the same, word by word but for what is said to people.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::document::{Schema, View};
use crate::keyword::{Kind, kind};
use crate::node::{Node, Part};

/// References that are being compared.
type Seen = BTreeSet<(String, String)>;

/// Whether `b` says what `a` says, or is a tolerant reader of it.
pub(crate) fn surely_contained(a: &Node<'_>, b: &Node<'_>) -> bool {
    let ([Part::Spot(in_a), ..], [Part::Spot(in_b)]) = (a.parts.as_slice(), b.parts.as_slice()) else {
        return false;
    };
    // Reading openly accepts more, but not below `oneOf` and what is not understood.
    let is_opened = match (a.schema.view, b.schema.view) {
        (View::Written, View::Written) => false,
        (View::Written, View::Opened) => true,
        (View::Opened, _) => return false,
    };
    Comparing { a: a.schema, b: b.schema, is_opened }.alike(in_a.schema, in_b.schema, &mut Seen::new())
}

struct Comparing<'s> {
    a: Schema<'s>,
    b: Schema<'s>,
    is_opened: bool,
}

impl Comparing<'_> {
    fn alike(&self, a: &Value, b: &Value, seen: &mut Seen) -> bool {
        let (Value::Object(in_a), Value::Object(in_b)) = (a, b) else { return a == b };
        let says = |keyword: &&String| kind(keyword) != Kind::Annotation;
        let count = in_b.keys().filter(says).count();
        count == in_a.keys().filter(says).count()
            && in_a
                .iter()
                .filter(|(keyword, _)| kind(keyword) != Kind::Annotation)
                .all(|(keyword, x)| in_b.get(keyword).is_some_and(|y| self.keyword(keyword, (x, y), seen)))
    }

    fn keyword(&self, keyword: &str, (a, b): (&Value, &Value), seen: &mut Seen) -> bool {
        match keyword {
            "$ref" => self.references((a, b), seen),
            "oneOf" if self.is_opened => false,
            "properties" => match (a, b) {
                (Value::Object(a), Value::Object(b)) => {
                    let is_in_b =
                        |(name, x): (&String, &Value)| b.get(name).is_some_and(|y| self.alike(x, y, seen));
                    a.len() == b.len() && a.iter().all(is_in_b)
                }
                _ => false,
            },
            "items" | "additionalProperties" => self.alike(a, b, seen),
            "allOf" | "anyOf" | "oneOf" => match (a, b) {
                (Value::Array(a), Value::Array(b)) => {
                    a.len() == b.len() && a.iter().zip(b).all(|(x, y)| self.alike(x, y, seen))
                }
                _ => false,
            },
            _ => a == b && (kind(keyword) != Kind::Unknown || !self.is_opened && !has_reference(a)),
        }
    }

    fn references(&self, (a, b): (&Value, &Value), seen: &mut Seen) -> bool {
        let pointer = |value: &Value| Some(value.as_str()?.strip_prefix('#')?.to_owned());
        let (Some(at_a), Some(at_b)) = (pointer(a), pointer(b)) else { return false };
        let (Some(a), Some(b)) = (self.a.root.pointer(&at_a), self.b.root.pointer(&at_b)) else {
            return false;
        };
        !seen.insert((at_a, at_b)) || self.alike(a, b, seen)
    }
}

/// What a keyword that is not understood refers to may have changed.
fn has_reference(value: &Value) -> bool {
    match value {
        Value::Object(object) => object.contains_key("$ref") || object.values().any(has_reference),
        Value::Array(elements) => elements.iter().any(has_reference),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}
