//! From schemas without unions and lists of values to one set for each type.

use serde_json::Value;

use super::Expansion;
use crate::document::{Schema, Spot};
use crate::format;
use crate::judge::{Doubt, not_understood};
use crate::node::{Array, Atom, End, Node, Object, Part, Range, Text};
use crate::number::Fixed;

/// Which types are left.
#[derive(Debug, Clone, Copy, Default)]
struct Types {
    null: bool,
    boolean: bool,
    integer: bool,
    number: bool,
    string: bool,
    array: bool,
    object: bool,
}

impl Types {
    const ALL: Self = Self {
        null: true,
        boolean: true,
        integer: true,
        number: true,
        string: true,
        array: true,
        object: true,
    };

    /// `None`: a name that is not known.
    fn of(argument: &Value) -> Option<Self> {
        let mut types = Self::default();
        let names = match argument {
            Value::Array(names) => names.as_slice(),
            one => std::slice::from_ref(one),
        };
        for name in names {
            match name.as_str()? {
                "null" => types.null = true,
                "boolean" => types.boolean = true,
                "integer" => types.integer = true,
                "number" => (types.number, types.integer) = (true, true),
                "string" => types.string = true,
                "array" => types.array = true,
                "object" => types.object = true,
                _ => return None,
            }
        }
        Some(types)
    }

    fn and(self, other: Self) -> Self {
        Self {
            null: self.null && other.null,
            boolean: self.boolean && other.boolean,
            integer: self.integer && other.integer,
            number: self.number && other.number,
            string: self.string && other.string,
            array: self.array && other.array,
            object: self.object && other.object,
        }
    }
}

/// The keywords of all schemas, with where each stands. What is not understood is passed over, and told.
struct Said<'a, 's> {
    schema: Schema<'s>,
    spots: &'a [Spot<'s>],
    expansion: &'a mut Expansion<'s>,
}

/// Adds the sets of what all `spots` accept.
pub(super) fn atoms<'s>(schema: Schema<'s>, spots: &[Spot<'s>], expansion: &mut Expansion<'s>) {
    let mut said = Said { schema, spots, expansion };
    let types = said.each("type", Types::of).into_iter().fold(Types::ALL, Types::and);
    let mut atoms = Vec::new();
    let mut values = Vec::new();
    if types.null {
        values.push(Value::Null);
    }
    if types.boolean {
        values.extend([Value::Bool(false), Value::Bool(true)]);
    }
    if !values.is_empty() {
        atoms.push(Atom::Values(values));
    }
    if types.integer {
        atoms.extend(said.range(!types.number).map(Atom::Number));
    }
    if types.string {
        atoms.push(Atom::Text(said.text()));
    }
    if types.array {
        atoms.push(Atom::Array(said.array()));
    }
    if types.object {
        said.each("properties", |argument| argument.is_object().then_some(()));
        said.each("required", |argument| argument.is_array().then_some(()));
        atoms.push(Atom::Object(Object::new(schema, spots.to_vec())));
    }
    said.expansion.atoms.extend(atoms);
}

impl<'s> Said<'_, 's> {
    /// What each schema says with a keyword.
    fn each<T>(&mut self, keyword: &str, read: impl Fn(&'s Value) -> Option<T>) -> Vec<T> {
        let mut found = Vec::new();
        for spot in self.spots {
            let Some(argument) = spot.keyword(self.schema.view, keyword) else { continue };
            match read(argument) {
                Some(value) => found.push(value),
                None => self.expansion.doubts.push(not_understood(spot, keyword, argument)),
            }
        }
        found
    }

    /// `None`: no number is in it.
    fn range(&mut self, is_whole: bool) -> Option<Range> {
        let mut range = Range { step: is_whole.then_some(Fixed::ONE), ..Range::default() };
        for (keyword, is_low, is_in) in [
            ("minimum", true, true),
            ("exclusiveMinimum", true, false),
            ("maximum", false, true),
            ("exclusiveMaximum", false, false),
        ] {
            for at in self.each(keyword, Fixed::of) {
                let end = End { at, is_in };
                if is_low { range.raise(end) } else { range.lower(end) }
            }
        }
        let formats = self.each("format", |argument| Some(format::range(argument.as_str()?)));
        for (low, high) in formats.into_iter().flatten() {
            range.raise(End { at: low, is_in: true });
            range.lower(End { at: high, is_in: true });
            range.step = Some(Fixed::ONE);
        }
        let positive = |argument| Fixed::of(argument).filter(|step| *step > Fixed::ZERO);
        for step in self.each("multipleOf", positive) {
            range.step =
                range.step.map_or(Some(step), |known| known.common(step).or_else(|| self.too_large(known)));
        }
        let rounded = range.clone().rounded().unwrap_or_else(|| {
            self.too_large(Fixed::ONE);
            Range { step: None, ..range }
        });
        (!rounded.is_empty()).then_some(rounded)
    }

    /// Goes on with more numbers than are accepted.
    fn too_large(&mut self, instead: Fixed) -> Option<Fixed> {
        let path = self.spots.first().map_or("", |spot| spot.pointer.as_str());
        self.expansion.doubts.push(Doubt::new(path, "these numbers are too large to be compared"));
        Some(instead)
    }

    fn text(&mut self) -> Text {
        let text = |argument: &Value| argument.as_str().map(str::to_owned);
        let formats = self.each("format", text).into_iter().filter(|format| format::is_of_text(format));
        let formats = formats.collect();
        Text {
            min: self.each("minLength", Value::as_u64).into_iter().max().unwrap_or(0),
            max: self.each("maxLength", Value::as_u64).into_iter().min(),
            patterns: self.each("pattern", text).into_iter().collect(),
            formats,
        }
    }

    fn array(&mut self) -> Array<'s> {
        let view = self.schema.view;
        let items = self.spots.iter().filter_map(|spot| spot.items(view)).map(Part::Spot).collect();
        Array {
            items: Node { schema: self.schema, parts: items },
            min: self.each("minItems", Value::as_u64).into_iter().max().unwrap_or(0),
            max: self.each("maxItems", Value::as_u64).into_iter().min(),
            is_unique: self.each("uniqueItems", Value::as_bool).contains(&true),
        }
    }
}
