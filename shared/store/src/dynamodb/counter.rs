//! A step of a counter as one update, so that steps of others in between do no harm.
//!
//! `ADD` makes what is absent and adds to what is there. Its bounds are conditions: of each field, so that the sum stays
//! within 64 bits; of the number of fields, by the set of their names. What a condition cannot say beforehand (some of
//! the fields are new) is said of the fields as they were read, and holds only if they are still so.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem, Update};

use super::layout::{Attributes, BODY, FIELD_NAMES, Place, VERSION, damaged, field_name, number, number_of};
use crate::failure::Outage;
use crate::unit::{Fields, limits};

/// A step, each field named once.
#[derive(Debug)]
pub(super) struct Step {
    add: BTreeMap<String, i128>,
    guards: BTreeMap<String, i64>,
}

/// What is known of the counter before the step.
#[derive(Debug, Clone)]
pub(super) enum Seen {
    /// Nothing: it is absent, or has all the fields, or room for them.
    Nothing,
    /// It has these of the fields, and no other.
    Fields(Vec<String>),
    /// A document lies there that expired.
    Expired,
}

impl Step {
    pub(super) fn new(add: &[(String, i64)], guards: &[(String, i64)]) -> Self {
        let mut step = Self { add: BTreeMap::new(), guards: BTreeMap::new() };
        for (field, by) in add {
            *step.add.entry(field.clone()).or_default() += i128::from(*by);
        }
        for (field, least) in guards {
            let all = step.guards.entry(field.clone()).or_insert(*least);
            *all = (*all).max(*least);
        }
        step
    }

    /// Whether it could never be made, whatever is there.
    pub(super) fn is_beyond(&self) -> bool {
        self.add.len() > limits::FIELDS || self.add.values().any(|by| i64::try_from(*by).is_err())
    }

    pub(super) fn size_bytes(&self) -> usize {
        // Each field is an attribute and a name in a set.
        self.add.keys().map(|field| 2 * field.len() + 40).sum::<usize>() + 64
    }

    /// Whether the guards hold of `fields`.
    pub(super) fn may(&self, fields: &Fields) -> bool {
        self.guards.iter().all(|(field, least)| fields.get(field).copied().unwrap_or(0) >= *least)
    }

    /// Whether the step would leave the range of 64 bits, or make too many fields.
    pub(super) fn overflows(&self, fields: &Fields) -> bool {
        let value = |field: &str| i128::from(fields.get(field).copied().unwrap_or(0));
        let new = self.add.keys().filter(|field| !fields.contains_key(*field)).count();
        fields.len() + new > limits::FIELDS
            || self.add.iter().any(|(field, by)| i64::try_from(value(field) + by).is_err())
    }

    /// What is to be known of a counter with `fields`.
    pub(super) fn seen(&self, fields: &Fields) -> Seen {
        Seen::Fields(self.add.keys().filter(|field| fields.contains_key(*field)).cloned().collect())
    }

    /// As an action of a transaction.
    pub(super) fn action(
        &self,
        table: &str,
        place: &Place,
        seen: &Seen,
        now: i64,
    ) -> Result<TransactWriteItem, BuildError> {
        if matches!(seen, Seen::Expired) {
            // What it was is to be gone: its entries, its expiry.
            let put = Put::builder()
                .table_name(table)
                .set_item(Some(self.first(place)))
                .condition_expression(format!("attribute_exists({BODY}) AND x <= :now"))
                .expression_attribute_values(":now", number(now));
            return Ok(TransactWriteItem::builder().put(put.build()?).build());
        }
        let mut words = Words::default();
        let mut adds = vec![format!("{VERSION} {}", words.value(number(1)))];
        // A document is no counter.
        let mut conditions = vec![format!("attribute_not_exists({BODY})")];
        for (field, by) in &self.add {
            let name = words.name(field);
            adds.push(format!("{name} {}", words.value(number(by))));
            let (sign, bound) =
                if *by > 0 { ("<=", i128::from(i64::MAX) - by) } else { (">=", i128::from(i64::MIN) - by) };
            if *by != 0 {
                let bound = words.value(number(bound));
                conditions.push(format!("(attribute_not_exists({name}) OR {name} {sign} {bound})"));
            }
        }
        for (field, least) in &self.guards {
            let (name, value) = (words.name(field), words.value(number(least)));
            conditions.push(match least {
                1.. => format!("{name} >= {value}"),
                _ => format!("(attribute_not_exists({name}) OR {name} >= {value})"),
            });
        }
        if !self.add.is_empty() {
            adds.push(format!("{FIELD_NAMES} {}", words.value(self.names())));
            conditions.push(self.room(seen, &mut words));
        }
        let update = Update::builder()
            .table_name(table)
            .set_key(Some(place.attributes()))
            .update_expression(format!("ADD {}", adds.join(", ")))
            .condition_expression(conditions.join(" AND "))
            .set_expression_attribute_names((!words.names.is_empty()).then_some(words.names))
            .set_expression_attribute_values(Some(words.values));
        Ok(TransactWriteItem::builder().update(update.build()?).build())
    }

    /// The counter once this was its first step.
    fn first(&self, place: &Place) -> Attributes {
        let mut item = place.attributes();
        item.insert(VERSION.to_owned(), number(1));
        for (field, by) in &self.add {
            item.insert(field_name(field), number(by));
        }
        if !self.add.is_empty() {
            item.insert(FIELD_NAMES.to_owned(), self.names());
        }
        item
    }

    fn names(&self) -> AttributeValue {
        // A member of a set is never empty.
        AttributeValue::Ss(self.add.keys().map(|field| field_name(field)).collect())
    }

    /// That no more than the allowed fields come together.
    fn room(&self, seen: &Seen, words: &mut Words) -> String {
        let count = |n: usize, words: &mut Words| {
            let most = words.value(number(limits::FIELDS.saturating_sub(n)));
            format!("size({FIELD_NAMES}) <= {most}")
        };
        let Seen::Fields(there) = seen else {
            let all: Vec<_> =
                self.add.keys().map(|field| format!("attribute_exists({})", words.name(field))).collect();
            let fits = count(self.add.len(), words);
            return match &all[..] {
                [one] => format!("(attribute_not_exists({FIELD_NAMES}) OR {fits} OR {one})"),
                _ => format!("(attribute_not_exists({FIELD_NAMES}) OR {fits} OR ({}))", all.join(" AND ")),
            };
        };
        let fits = count(self.add.len() - there.len(), words);
        let mut all = vec![format!("(attribute_not_exists({FIELD_NAMES}) OR {fits})")];
        for field in self.add.keys() {
            let word = if there.contains(field) { "attribute_exists" } else { "attribute_not_exists" };
            all.push(format!("{word}({})", words.name(field)));
        }
        all.join(" AND ")
    }
}

/// Names and values as an expression needs them: no name of a field can be written in it as it is.
#[derive(Default)]
struct Words {
    known: BTreeMap<String, String>,
    names: std::collections::HashMap<String, String>,
    values: Attributes,
}

impl Words {
    fn name(&mut self, field: &str) -> String {
        if let Some(word) = self.known.get(field) {
            return word.clone();
        }
        let word = format!("#f{}", self.known.len());
        self.known.insert(field.to_owned(), word.clone());
        self.names.insert(word.clone(), field_name(field));
        word
    }

    fn value(&mut self, value: AttributeValue) -> String {
        let word = format!(":v{}", self.values.len());
        self.values.insert(word.clone(), value);
        word
    }
}

/// The fields of a counter.
pub(super) fn fields(item: &Attributes) -> Result<Fields, Outage> {
    let mut fields = Fields::new();
    let Some(AttributeValue::Ss(names)) = item.get(FIELD_NAMES) else { return Ok(fields) };
    for name in names {
        let field = name.strip_prefix("f:").ok_or_else(|| damaged(name))?;
        fields.insert(field.to_owned(), number_of(item, name)?.ok_or_else(|| damaged(name))?);
    }
    Ok(fields)
}
