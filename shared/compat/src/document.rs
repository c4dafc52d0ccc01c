//! A schema document, and the places in it.

use serde_json::{Map, Value};

/// How a schema is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum View {
    /// As it stands: what a writer keeps to.
    Written,
    /// As a tolerant reader takes it: unknown fields pass, lists of words marked `x-extensible` are open, and `null`
    /// stands for an optional field without a default.
    Opened,
}

/// A schema document with the way it is read.
#[derive(Debug, Clone, Copy)]
pub struct Schema<'s> {
    pub(crate) root: &'s Value,
    pub(crate) view: View,
    /// Where it begins in the document.
    start: &'s str,
}

impl<'s> Schema<'s> {
    /// The schema as it stands.
    #[must_use]
    pub fn written(root: &'s Value) -> Self {
        Self { root, view: View::Written, start: "" }
    }

    /// The schema as a tolerant reader takes it.
    #[must_use]
    pub fn opened(root: &'s Value) -> Self {
        Self { root, view: View::Opened, start: "" }
    }

    /// A part of a document as it stands; all of it when there is no such part.
    pub(crate) fn part(root: &'s Value, start: &'s str) -> Self {
        Self { root, view: View::Written, start }
    }

    pub(crate) fn top(self) -> Spot<'s> {
        let schema = self.root.pointer(self.start).unwrap_or(self.root);
        Spot { pointer: self.start.to_owned(), schema, is_direct: true, or_null: false }
    }

    /// What `$ref` leads to; `None` when it leads out of the document, or nowhere.
    pub(crate) fn follow(self, spot: &Spot<'s>, reference: &str) -> Option<Spot<'s>> {
        let pointer = reference.strip_prefix('#')?;
        if pointer.contains('%') {
            return None;
        }
        let schema = self.root.pointer(pointer)?;
        // A reader looks through one reference for fields that may be null, not through two.
        let is_direct = spot.is_direct && schema.get("$ref").is_none();
        Some(Spot { pointer: pointer.to_owned(), schema, is_direct, or_null: false })
    }
}

/// A place in a document that is a schema.
#[derive(Debug, Clone)]
pub(crate) struct Spot<'s> {
    /// Where: a JSON pointer.
    pub(crate) pointer: String,
    pub(crate) schema: &'s Value,
    /// Reached from the top by fields, items and one reference each, and so a place where a reader lets `null` pass.
    is_direct: bool,
    /// `null` passes here, whatever the schema says.
    pub(crate) or_null: bool,
}

impl<'s> Spot<'s> {
    /// What tells this place, as it is read, from others.
    pub(crate) fn key(&self) -> (&str, bool, bool) {
        (&self.pointer, self.is_direct, self.or_null)
    }

    pub(crate) fn object(&self) -> Option<&'s Map<String, Value>> {
        self.schema.as_object()
    }

    pub(crate) fn without_null(&self) -> Self {
        Self { or_null: false, ..self.clone() }
    }

    /// A keyword's argument; `None` also when this reader does not mind it.
    pub(crate) fn keyword(&self, view: View, keyword: &str) -> Option<&'s Value> {
        let argument = self.object()?.get(keyword)?;
        (!self.is_passed_over(view, keyword, argument)).then_some(argument)
    }

    pub(crate) fn is_passed_over(&self, view: View, keyword: &str, argument: &Value) -> bool {
        view == View::Opened
            && match keyword {
                "additionalProperties" => *argument == Value::Bool(false),
                "enum" => self.schema.get("x-extensible") == Some(&Value::Bool(true)),
                _ => false,
            }
    }

    /// A schema below this one that the same value must satisfy.
    pub(crate) fn part(&self, keyword: &str, at: Option<usize>, schema: &'s Value) -> Self {
        let pointer = match at {
            Some(at) => format!("{}/{keyword}/{at}", self.pointer),
            None => format!("{}/{keyword}", self.pointer),
        };
        Self { pointer, schema, is_direct: false, or_null: false }
    }

    /// What the elements of an array must satisfy.
    pub(crate) fn items(&self, view: View) -> Option<Self> {
        let schema = self.keyword(view, "items")?;
        Some(Self { is_direct: self.is_direct, ..self.part("items", None, schema) })
    }

    /// What a field that is named must satisfy.
    pub(crate) fn property(&self, view: View, name: &str) -> Option<Self> {
        let schema = self.schema.get("properties")?.get(name)?;
        let is_optional = !self.required().any(|required| required == name);
        let or_null =
            view == View::Opened && self.is_direct && is_optional && schema.get("default").is_none();
        let pointer = format!("{}/properties/{}", self.pointer, escaped(name));
        Some(Self { pointer, schema, is_direct: self.is_direct, or_null })
    }

    /// What a field that is not named must satisfy.
    pub(crate) fn additional(&self, view: View) -> Option<Self> {
        let schema = self.keyword(view, "additionalProperties")?;
        Some(self.part("additionalProperties", None, schema))
    }

    /// The fields that have a schema of their own.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'s str> + use<'s> {
        let properties = self.schema.get("properties").and_then(Value::as_object);
        properties.into_iter().flatten().map(|(name, _)| name.as_str())
    }

    /// The fields that must be there.
    pub(crate) fn required(&self) -> impl Iterator<Item = &'s str> + use<'s> {
        let required = self.schema.get("required").and_then(Value::as_array);
        required.into_iter().flatten().filter_map(Value::as_str)
    }
}

/// One step of a JSON pointer.
pub(crate) fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}
