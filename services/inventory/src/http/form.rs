//! Reading a JSON body field by field, so that everything that is wrong is told at once, each by its JSON pointer.

use std::collections::BTreeMap;
use std::str::FromStr;

use contracts::{InvalidId, Quantity, Sku};
use runtime::{FieldError, Problem};
use serde_json::Value;

/// A body being read.
pub(super) struct Form<'b> {
    body: &'b Value,
    errors: Vec<FieldError>,
}

impl<'b> Form<'b> {
    pub(super) fn new(body: &'b Value) -> Self {
        let mut form = Self { body, errors: vec![] };
        if !body.is_object() {
            form.wrong("", "must be a JSON object");
        }
        form
    }

    /// Notes that a field is wrong.
    pub(super) fn wrong(&mut self, pointer: &str, message: impl ToString) {
        self.errors.push(FieldError { pointer: pointer.to_owned(), message: message.to_string() });
    }

    /// An id that must be there.
    pub(super) fn id<T: FromStr<Err = InvalidId>>(&mut self, pointer: &str) -> Option<T> {
        let text = self.text(pointer)?;
        text.parse().map_err(|error| self.wrong(pointer, error)).ok()
    }

    /// An id that may be left out.
    pub(super) fn optional_id<T: FromStr<Err = InvalidId>>(&mut self, pointer: &str) -> Option<T> {
        self.given(pointer)?;
        self.id(pointer)
    }

    /// A text that must be there, not empty, of at most 256 characters.
    pub(super) fn text(&mut self, pointer: &str) -> Option<&'b str> {
        match self.body.pointer(pointer) {
            Some(Value::String(text)) if text.is_empty() => self.wrong(pointer, "must not be empty"),
            Some(Value::String(text)) if text.chars().count() > contracts::order::MAX_TEXT_CHARS => {
                let most = contracts::order::MAX_TEXT_CHARS;
                self.wrong(pointer, format!("must have at most {most} characters"));
            }
            Some(Value::String(text)) => return Some(text),
            Some(_) => self.wrong(pointer, "must be a string"),
            None => self.wrong(pointer, "is missing"),
        }
        None
    }

    /// A whole number that must be there, from `least` to `most`.
    pub(super) fn integer(&mut self, pointer: &str, least: i64, most: i64) -> Option<i64> {
        let Some(value) = self.body.pointer(pointer) else {
            self.wrong(pointer, "is missing");
            return None;
        };
        let number = value.as_i64().filter(|number| (least..=most).contains(number));
        if number.is_none() {
            self.wrong(pointer, format!("must be a whole number from {least} to {most}, got {value}"));
        }
        number
    }

    /// A whole number that may be left out.
    pub(super) fn optional_integer(&mut self, pointer: &str, least: i64, most: i64) -> Option<i64> {
        self.given(pointer)?;
        self.integer(pointer, least, most)
    }

    /// A yes or no that is no when it is left out.
    pub(super) fn flag(&mut self, pointer: &str) -> bool {
        match self.body.pointer(pointer) {
            Some(Value::Bool(flag)) => return *flag,
            Some(Value::Null) | None => {}
            Some(other) => self.wrong(pointer, format!("must be true or false, got {other}")),
        }
        false
    }

    /// How many elements an array has, from 1 to `most`; 0 when it is wrong.
    pub(super) fn elements(&mut self, pointer: &str, most: usize) -> usize {
        match self.body.pointer(pointer) {
            Some(Value::Array(array)) if (1..=most).contains(&array.len()) => return array.len(),
            Some(Value::Array(array)) => {
                self.wrong(pointer, format!("must have 1 to {most} elements, has {}", array.len()));
            }
            Some(_) => self.wrong(pointer, "must be an array"),
            None => self.wrong(pointer, "is missing"),
        }
        0
    }

    /// `/lines` with a SKU and a quantity each; equal SKUs are summed.
    pub(super) fn lines(&mut self, most: usize) -> BTreeMap<Sku, Quantity> {
        let mut lines = BTreeMap::<Sku, Quantity>::new();
        for at in 0..self.elements("/lines", most) {
            let sku = self.id::<Sku>(&format!("/lines/{at}/sku"));
            let pointer = format!("/lines/{at}/quantity");
            let quantity = self.integer(&pointer, 1, i64::from(Quantity::MAX));
            let quantity = quantity.and_then(|n| u32::try_from(n).ok()).and_then(|n| Quantity::new(n).ok());
            let (Some(sku), Some(quantity)) = (sku, quantity) else { continue };
            let sum = match lines.get(&sku) {
                Some(before) => before.checked_add(quantity),
                None => Some(quantity),
            };
            match sum {
                Some(sum) => {
                    lines.insert(sku, sum);
                }
                None => {
                    self.wrong(&pointer, format!("with the other lines of {sku} more than {}", Quantity::MAX))
                }
            }
        }
        lines
    }

    /// Ends the reading.
    ///
    /// # Errors
    /// A problem of type `slug` when anything was wrong.
    pub(super) fn done(self, slug: &str, title: &'static str) -> Result<(), Problem> {
        let Some(first) = self.errors.first() else { return Ok(()) };
        let detail = match self.errors.len() {
            1 => format!("{} {}", first.pointer, first.message).trim_start().to_owned(),
            n => format!("{n} fields are wrong"),
        };
        Err(Problem { errors: self.errors, ..Problem::new(422, slug, title, detail) })
    }

    /// `null` is the same as leaving it out.
    fn given(&self, pointer: &str) -> Option<()> {
        self.body.pointer(pointer).filter(|value| !value.is_null()).map(|_| ())
    }
}
