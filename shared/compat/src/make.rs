//! Making documents that are accepted: what counter-examples are made of, and how it is seen that there are none.

mod number;
mod text;

use serde_json::{Map, Value};

pub(crate) use number::numbers;
pub(crate) use text::{Wanted, texts};

use crate::expand::expand;
use crate::judge::Judgement;
use crate::node::{Array, Atom, Key, Node, Object};

/// How many nodes are looked at for one document.
const MAX_STEPS: usize = 4_000;
/// The longest array that is made.
const MAX_ELEMENTS: u64 = 5_000;

/// What came of making.
#[derive(Debug, Clone)]
pub(crate) enum Made {
    Value(Value),
    /// There is no such value.
    Nothing,
    /// None was found, and there may be one.
    Unknown,
}

impl Made {
    pub(crate) fn is_nothing(&self) -> bool {
        matches!(self, Self::Nothing)
    }

    pub(crate) fn value(self) -> Option<Value> {
        match self {
            Self::Value(value) => Some(value),
            Self::Nothing | Self::Unknown => None,
        }
    }
}

/// Makes documents.
#[derive(Debug)]
pub(crate) struct Maker {
    steps: usize,
    /// What is being made. The smallest document does not contain what it is made for, so within itself it is nothing.
    within: Vec<Key>,
}

impl Maker {
    pub(crate) fn new() -> Self {
        Self { steps: MAX_STEPS, within: Vec::new() }
    }

    /// The first value that comes to mind.
    pub(crate) fn any(&mut self, node: &Node<'_>) -> Made {
        self.first(node, |_| true)
    }

    fn first(&mut self, node: &Node<'_>, is_wanted: impl Fn(&Value) -> bool) -> Made {
        let key = node.key();
        if self.within.contains(&key) {
            return Made::Nothing;
        }
        let Some(steps) = self.steps.checked_sub(1) else { return Made::Unknown };
        self.steps = steps;
        self.within.push(key);
        let mut made = Made::Nothing;
        for atom in &expand(node, 0).atoms {
            if is_surely_empty(atom) {
                continue;
            }
            let is_in = |value: &Value| is_wanted(value) && node.judge(value) == Judgement::Accepts;
            let found = match atom {
                Atom::Values(values) => values.iter().find(|value| is_in(value)).cloned(),
                Atom::Number(range) => numbers(range, &[]).into_iter().find(is_in),
                Atom::Text(text) => texts(text, &Wanted::default()).find(is_in),
                Atom::Array(_) | Atom::Object(_) => match self.of(atom) {
                    Made::Value(value) => Some(value).filter(is_in),
                    Made::Unknown => None,
                    Made::Nothing => continue,
                },
            };
            made = Made::Unknown;
            if let Some(value) = found {
                made = Made::Value(value);
                break;
            }
        }
        self.within.pop();
        made
    }

    /// A value of one set; not judged.
    pub(crate) fn of(&mut self, atom: &Atom<'_>) -> Made {
        if is_surely_empty(atom) {
            return Made::Nothing;
        }
        let first = |value: Option<Value>| value.map_or(Made::Unknown, Made::Value);
        match atom {
            Atom::Values(values) => first(values.first().cloned()),
            Atom::Number(range) => first(numbers(range, &[]).into_iter().next()),
            Atom::Text(text) => first(texts(text, &Wanted::default()).next()),
            Atom::Array(array) => self.array(array, None, array.min),
            Atom::Object(object) => self.object(object, None),
        }
    }

    /// Some values of a set, as different as may be; not judged.
    pub(crate) fn several(&mut self, atom: &Atom<'_>) -> Vec<Value> {
        match atom {
            Atom::Values(values) => values.clone(),
            Atom::Number(range) => numbers(range, &[]),
            Atom::Text(text) => texts(text, &Wanted::default()).collect(),
            Atom::Array(array) => {
                let lengths = [array.min, array.min + 1, array.min + 2];
                lengths.iter().filter_map(|length| self.array(array, None, *length).value()).collect()
            }
            Atom::Object(object) => {
                let mut found: Vec<Value> = self.object(object, None).value().into_iter().collect();
                for name in object.names() {
                    if let Made::Value(value) = self.any(&object.field(Some(name))) {
                        found.extend(self.object(object, Some((name, value))).value());
                    }
                }
                found
            }
        }
    }

    /// The smallest object, with one field given.
    pub(crate) fn object(&mut self, object: &Object<'_>, given: Option<(&str, Value)>) -> Made {
        let mut fields = Map::new();
        let mut is_known = true;
        for name in &object.required {
            if given.as_ref().is_some_and(|(given, _)| given == name) {
                continue;
            }
            match self.any(&object.field(Some(name))) {
                Made::Value(value) => drop(fields.insert((*name).to_owned(), value)),
                Made::Nothing => return Made::Nothing,
                Made::Unknown => is_known = false,
            }
        }
        if let Some((name, value)) = given {
            fields.insert(name.to_owned(), value);
        }
        if is_known { Made::Value(Value::Object(fields)) } else { Made::Unknown }
    }

    /// An array of a length, with the first element given.
    pub(crate) fn array(&mut self, array: &Array<'_>, given: Option<Value>, length: u64) -> Made {
        let Some(length) = usize::try_from(length).ok().filter(|_| length <= MAX_ELEMENTS) else {
            return Made::Unknown;
        };
        let mut elements: Vec<Value> = given.into_iter().collect();
        while elements.len() < length {
            let made = if array.is_unique {
                let seen = &elements;
                self.another(&array.items, seen)
            } else {
                self.any(&array.items)
            };
            match made {
                Made::Value(value) if array.is_unique => elements.push(value),
                Made::Value(value) => elements.resize(length, value),
                // Elements of the kind that was given exist, at least that one.
                Made::Unknown if !array.is_unique && !elements.is_empty() => {
                    elements.resize(length, elements[0].clone());
                }
                nothing => return nothing,
            }
        }
        Made::Value(Value::Array(elements))
    }

    /// A value that is none of those.
    fn another(&mut self, node: &Node<'_>, seen: &[Value]) -> Made {
        let is_new = |value: &Value| !seen.iter().any(|known| crate::number::same(known, value));
        let made = self.first(node, is_new);
        if !matches!(made, Made::Unknown) {
            return made;
        }
        let expansion = expand(node, 0);
        let is_listed = expansion.atoms.iter().all(|atom| matches!(atom, Atom::Values(_)));
        if is_listed && expansion.doubts.is_empty() {
            return Made::Nothing;
        }
        let count = seen.len();
        let more = expansion.atoms.iter().flat_map(|atom| match atom {
            Atom::Number(range) => number::nth(range, count),
            Atom::Text(_) => Some(Value::String(format!("a{count}"))),
            Atom::Values(_) | Atom::Array(_) | Atom::Object(_) => None,
        });
        let found = more.into_iter().find(|value| is_new(value) && node.judge(value) == Judgement::Accepts);
        found.map_or(Made::Unknown, Made::Value)
    }
}

/// What is seen without making anything.
fn is_surely_empty(atom: &Atom<'_>) -> bool {
    match atom {
        Atom::Values(values) => values.is_empty(),
        Atom::Number(range) => range.is_empty(),
        Atom::Text(text) => text.max.is_some_and(|max| max < text.min),
        Atom::Array(array) => array.max.is_some_and(|max| max < array.min),
        Atom::Object(_) => false,
    }
}
