//! Whether a document satisfies a schema, as far as the keywords are known.
//!
//! Three answers: a keyword that is not understood leaves open what others do not refuse.

mod text;

use serde_json::{Map, Value};

use crate::document::{Schema, Spot, escaped};
use crate::keyword::{self, Kind};
use crate::number::{Fixed, same};

/// How deep schemas are followed into a document.
const MAX_DEPTH: usize = 128;

/// What a schema says of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Judgement {
    /// It is accepted.
    Accepts,
    /// It is refused, and where.
    Rejects(Refusal),
    /// It cannot be told, and why not.
    Unknown(Doubt),
}

/// Why a document is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The keyword that refuses.
    pub keyword: String,
    /// Where it stands: a JSON pointer into the schema, through references.
    pub schema: String,
    /// What it refuses: a JSON pointer into the document.
    pub at: String,
    /// Whether it refuses because more than one branch accepts.
    pub is_overlap: bool,
}

/// Something that is not understood.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct Doubt {
    /// Where: a JSON pointer into the schema.
    pub path: String,
    /// What, in one sentence.
    pub reason: String,
}

impl Doubt {
    pub(crate) fn new(path: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { path: path.into(), reason: reason.into() }
    }
}

impl Judgement {
    /// For a child of a document: where it is refused begins at the document.
    fn below(self, step: &str) -> Self {
        match self {
            Self::Rejects(refusal) => {
                Self::Rejects(Refusal { at: format!("/{}{}", escaped(step), refusal.at), ..refusal })
            }
            Self::Accepts | Self::Unknown(_) => self,
        }
    }
}

/// All must accept: a refusal goes before a doubt.
fn all(judgements: impl IntoIterator<Item = Judgement>) -> Judgement {
    let mut doubt = None;
    for judgement in judgements {
        match judgement {
            Judgement::Accepts => {}
            Judgement::Rejects(_) => return judgement,
            Judgement::Unknown(unknown) => doubt = doubt.or(Some(unknown)),
        }
    }
    doubt.map_or(Judgement::Accepts, Judgement::Unknown)
}

impl<'s> Schema<'s> {
    /// Judges a document.
    #[must_use]
    pub fn judge(self, document: &Value) -> Judgement {
        self.at(&self.top(), document, MAX_DEPTH)
    }

    pub(crate) fn at(self, spot: &Spot<'s>, value: &Value, depth: usize) -> Judgement {
        let Some(depth) = depth.checked_sub(1) else {
            return Judgement::Unknown(Doubt::new(&spot.pointer, "it is nested too deeply"));
        };
        if spot.or_null && value.is_null() {
            return Judgement::Accepts;
        }
        match spot.schema {
            Value::Bool(true) => Judgement::Accepts,
            Value::Bool(false) => Judgement::Rejects(Refusal {
                keyword: "false".to_owned(),
                schema: spot.pointer.clone(),
                at: String::new(),
                is_overlap: false,
            }),
            Value::Object(object) => all(keyword::in_order(object)
                .filter(|(keyword, argument)| !spot.is_passed_over(self.view, keyword, argument))
                .map(|(keyword, argument)| self.keyword(spot, (keyword, argument), value, depth))),
            _ => Judgement::Unknown(Doubt::new(&spot.pointer, "a schema is an object, true or false")),
        }
    }

    fn keyword(
        self,
        spot: &Spot<'s>,
        (keyword, argument): (&str, &'s Value),
        value: &Value,
        depth: usize,
    ) -> Judgement {
        let known = match keyword::kind(keyword) {
            Kind::Annotation => Some(true),
            Kind::Value => is_value(keyword, argument, value),
            Kind::Number => is_number(keyword, argument, value),
            Kind::Text => text::is_text(keyword, argument, value),
            Kind::Array => match (keyword, value) {
                ("items", Value::Array(elements)) => return self.elements(spot, elements, depth),
                _ => is_array(keyword, argument, value),
            },
            Kind::Object => match value {
                Value::Object(fields) => return self.fields(spot, (keyword, argument), fields, depth),
                _ => Some(true),
            },
            Kind::Applied => return self.applied(spot, (keyword, argument), value, depth),
            Kind::Unknown => None,
        };
        match known {
            Some(true) => Judgement::Accepts,
            Some(false) => refused(spot, keyword),
            None => Judgement::Unknown(not_understood(spot, keyword, argument)),
        }
    }

    fn elements(self, spot: &Spot<'s>, elements: &[Value], depth: usize) -> Judgement {
        let Some(items) = spot.items(self.view) else { return Judgement::Accepts };
        let judged = elements.iter().enumerate();
        all(judged.map(|(at, element)| self.at(&items, element, depth).below(&at.to_string())))
    }

    fn fields(
        self,
        spot: &Spot<'s>,
        (keyword, argument): (&str, &Value),
        fields: &Map<String, Value>,
        depth: usize,
    ) -> Judgement {
        match keyword {
            "required" if argument.is_array() => {
                match spot.required().find(|name| !fields.contains_key(*name)) {
                    Some(missing) => refused(spot, keyword).below(missing),
                    None => Judgement::Accepts,
                }
            }
            "properties" if argument.is_object() => all(fields.iter().filter_map(|(name, value)| {
                let property = spot.property(self.view, name)?;
                Some(self.at(&property, value, depth).below(name))
            })),
            "additionalProperties" => {
                let Some(additional) = spot.additional(self.view) else { return Judgement::Accepts };
                let is_named = |name: &str| spot.schema["properties"].get(name).is_some();
                all(fields.iter().filter(|(name, _)| !is_named(name)).map(|(name, value)| {
                    let judgement = self.at(&additional, value, depth).below(name);
                    match judgement {
                        Judgement::Rejects(refusal) if refusal.keyword == "false" => {
                            Judgement::Rejects(Refusal { keyword: keyword.to_owned(), ..refusal })
                        }
                        _ => judgement,
                    }
                }))
            }
            _ => Judgement::Unknown(not_understood(spot, keyword, argument)),
        }
    }

    fn applied(
        self,
        spot: &Spot<'s>,
        (keyword, argument): (&str, &'s Value),
        value: &Value,
        depth: usize,
    ) -> Judgement {
        let doubt = || Judgement::Unknown(not_understood(spot, keyword, argument));
        if keyword == "$ref" {
            let target = argument.as_str().and_then(|reference| self.follow(spot, reference));
            return target.map_or_else(doubt, |target| self.at(&target, value, depth));
        }
        let Some(parts) = argument.as_array().filter(|parts| !parts.is_empty()) else { return doubt() };
        let judged: Vec<Judgement> = parts
            .iter()
            .enumerate()
            .map(|(at, part)| self.at(&spot.part(keyword, Some(at), part), value, depth))
            .collect();
        if keyword == "allOf" {
            return all(judged);
        }
        let accepting = judged.iter().filter(|judgement| **judgement == Judgement::Accepts).count();
        let unknown = judged.iter().find(|judgement| matches!(judgement, Judgement::Unknown(_)));
        match (keyword, accepting, unknown) {
            ("anyOf", 1.., _) | ("oneOf", 1, None) => Judgement::Accepts,
            ("oneOf", 2.., _) => match refused(spot, keyword) {
                Judgement::Rejects(refusal) => Judgement::Rejects(Refusal { is_overlap: true, ..refusal }),
                other => other,
            },
            (_, _, Some(unknown)) => unknown.clone(),
            (_, _, None) => nearest(&judged).unwrap_or_else(|| refused(spot, keyword)),
        }
    }
}

/// The refusal of the only branch that was meant. What says only that another branch was meant counts least, and then
/// how deep in the document it is found.
fn nearest(judged: &[Judgement]) -> Option<Judgement> {
    let rank = |judgement: &Judgement| match judgement {
        Judgement::Rejects(refusal) => {
            let is_told = !matches!(refusal.keyword.as_str(), "const" | "type" | "false");
            (is_told, refusal.at.matches('/').count())
        }
        Judgement::Accepts | Judgement::Unknown(_) => (false, 0),
    };
    let meant = judged.iter().max_by_key(|judgement| rank(judgement))?;
    let rivals = judged.iter().filter(|judgement| rank(judgement) == rank(meant)).count();
    (rivals == 1).then(|| meant.clone())
}

fn refused(spot: &Spot<'_>, keyword: &str) -> Judgement {
    Judgement::Rejects(Refusal {
        keyword: keyword.to_owned(),
        schema: format!("{}/{keyword}", spot.pointer),
        at: String::new(),
        is_overlap: false,
    })
}

pub(crate) fn not_understood(spot: &Spot<'_>, keyword: &str, argument: &Value) -> Doubt {
    let reason = match argument {
        Value::String(text) => format!("the keyword {keyword} with {text:?} is not understood"),
        _ => format!("the keyword {keyword} is not understood, or not as it is used here"),
    };
    Doubt::new(format!("{}/{}", spot.pointer, escaped(keyword)), reason)
}

fn is_value(keyword: &str, argument: &Value, value: &Value) -> Option<bool> {
    match keyword {
        "const" => Some(same(argument, value)),
        "enum" => Some(argument.as_array()?.iter().any(|word| same(word, value))),
        _ => match argument {
            Value::String(name) => is_of_type(name, value),
            Value::Array(names) => {
                let is_of = names.iter().map(|name| is_of_type(name.as_str()?, value));
                let is_of: Option<Vec<bool>> = is_of.collect();
                Some(is_of?.contains(&true))
            }
            _ => None,
        },
    }
}

fn is_of_type(name: &str, value: &Value) -> Option<bool> {
    match name {
        "null" => Some(value.is_null()),
        "boolean" => Some(value.is_boolean()),
        "string" => Some(value.is_string()),
        "array" => Some(value.is_array()),
        "object" => Some(value.is_object()),
        "number" => Some(value.is_number()),
        "integer" if value.is_number() => Some(Fixed::of(value)?.is_whole()),
        "integer" => Some(false),
        _ => None,
    }
}

fn is_number(keyword: &str, argument: &Value, value: &Value) -> Option<bool> {
    let limit = Fixed::of(argument)?;
    if !value.is_number() {
        return Some(true);
    }
    let number = Fixed::of(value)?;
    Some(match keyword {
        "minimum" => number >= limit,
        "exclusiveMinimum" => number > limit,
        "maximum" => number <= limit,
        "exclusiveMaximum" => number < limit,
        _ if limit <= Fixed::ZERO => return None,
        _ => number.is_multiple_of(limit),
    })
}

fn is_array(keyword: &str, argument: &Value, value: &Value) -> Option<bool> {
    let Value::Array(elements) = value else { return Some(true) };
    let count = u64::try_from(elements.len()).ok()?;
    match keyword {
        "items" => Some(true),
        "minItems" => Some(count >= argument.as_u64()?),
        "maxItems" => Some(count <= argument.as_u64()?),
        _ => {
            let is_twice = |(at, element): (usize, &Value)| elements[..at].iter().any(|e| same(e, element));
            Some(!argument.as_bool()? || !elements.iter().enumerate().any(is_twice))
        }
    }
}
