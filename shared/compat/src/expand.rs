//! From what schemas say together to simple sets.
//!
//! The sets together have every value that is accepted. They may have more: where something is not understood it is
//! passed over, and the doubt is told.

mod build;
mod disjoint;

pub(crate) use disjoint::atoms_are_disjoint;
use serde_json::Value;

use crate::document::{Schema, Spot, View};
use crate::judge::{Doubt, Judgement, not_understood};
use crate::keyword::{self, Kind};
use crate::node::{Atom, Node, Part};
use crate::number::same;

/// Into how many alternatives unions within unions are multiplied out.
const MAX_ALTERNATIVES: usize = 256;

/// Simple sets that together have all that is accepted.
#[derive(Debug, Clone, Default)]
pub(crate) struct Expansion<'s> {
    pub(crate) atoms: Vec<Atom<'s>>,
    /// Why they may have more than what is accepted; empty when they have not.
    pub(crate) doubts: Vec<Doubt>,
}

/// Schemas without references, and unions that are still to be multiplied out.
#[derive(Debug, Clone, Default)]
struct Flat<'s> {
    plain: Vec<Spot<'s>>,
    unions: Vec<Vec<Part<'s>>>,
    just: Vec<Value>,
    is_never: bool,
    /// Branches of which exactly one must accept.
    exclusive: Vec<Vec<Spot<'s>>>,
    doubts: Vec<Doubt>,
}

/// Expands a node. `depth` bounds how far it is looked into whether the branches of `oneOf` exclude each other.
pub(crate) fn expand<'s>(node: &Node<'s>, depth: usize) -> Expansion<'s> {
    let schema = node.schema;
    let mut flat = Flat::default();
    for part in &node.parts {
        flat.add(schema, part);
    }
    let mut expansion = Expansion::default();
    for alternative in multiplied(schema, flat) {
        if alternative.is_never {
            continue;
        }
        expansion.doubts.extend(alternative.doubts.iter().cloned());
        match alternative.values(schema.view) {
            Some(values) => {
                let values = filtered(node, &alternative, values, &mut expansion.doubts);
                if !values.is_empty() {
                    expansion.atoms.push(Atom::Values(values));
                }
            }
            None => build::atoms(schema, &alternative.plain, &mut expansion),
        }
        for branches in &alternative.exclusive {
            expansion.doubts.extend(disjoint::overlap(schema, branches, depth));
        }
    }
    expansion.doubts.sort();
    expansion.doubts.dedup();
    expansion
}

/// The listed values that everything else accepts, too.
fn filtered<'s>(
    node: &Node<'s>,
    alternative: &Flat<'s>,
    values: Vec<Value>,
    doubts: &mut Vec<Doubt>,
) -> Vec<Value> {
    // By the plain parts as well: of a union's branches only the one of this alternative counts.
    let chosen = alternative.plain.iter().cloned().map(Part::Spot);
    let chosen = Node { schema: node.schema, parts: chosen.collect() };
    let mut kept = Vec::new();
    for value in values {
        if alternative.just.iter().any(|just| !same(just, &value)) {
            continue;
        }
        match (chosen.judge(&value), node.judge(&value)) {
            (Judgement::Rejects(_), _) | (_, Judgement::Rejects(_)) => continue,
            (Judgement::Unknown(doubt), _) | (_, Judgement::Unknown(doubt)) => doubts.push(doubt),
            (Judgement::Accepts, Judgement::Accepts) => {}
        }
        kept.push(value);
    }
    kept
}

/// Every choice of one branch from each union.
fn multiplied<'s>(schema: Schema<'s>, flat: Flat<'s>) -> Vec<Flat<'s>> {
    let mut done = Vec::new();
    let mut open = vec![flat];
    while let Some(mut flat) = open.pop() {
        let Some(union) = flat.unions.pop() else {
            done.push(flat);
            continue;
        };
        if done.len() + open.len() + union.len() > MAX_ALTERNATIVES {
            // Whichever branch it is: more than what is accepted.
            flat.doubts.push(Doubt::new("", "there are too many alternatives"));
            open.push(flat);
            continue;
        }
        for part in union.iter().rev() {
            let mut chosen = flat.clone();
            chosen.add(schema, part);
            open.push(chosen);
        }
    }
    done
}

impl<'s> Flat<'s> {
    fn add(&mut self, schema: Schema<'s>, part: &Part<'s>) {
        let spot = match part {
            Part::Just(value) => return self.just.push(value.clone()),
            Part::Spot(spot) => spot,
        };
        if spot.or_null {
            return self.unions.push(vec![Part::Just(Value::Null), Part::Spot(spot.without_null())]);
        }
        match spot.schema {
            Value::Bool(true) => {}
            Value::Bool(false) => self.is_never = true,
            Value::Object(_) if self.plain.iter().any(|known| known.key() == spot.key()) => {}
            Value::Object(object) => {
                self.plain.push(spot.clone());
                for (keyword, argument) in keyword::in_order(object) {
                    self.add_keyword(schema, spot, (keyword, argument));
                }
            }
            _ => self.doubts.push(Doubt::new(&spot.pointer, "a schema is an object, true or false")),
        }
    }

    /// What is applied to the same value; the rest is read from the plain spots.
    fn add_keyword(&mut self, schema: Schema<'s>, spot: &Spot<'s>, (keyword, argument): (&str, &'s Value)) {
        match keyword::kind(keyword) {
            Kind::Unknown => self.doubts.push(not_understood(spot, keyword, argument)),
            Kind::Applied => {
                let parts = || -> Option<Vec<Spot<'s>>> {
                    if keyword == "$ref" {
                        return Some(vec![schema.follow(spot, argument.as_str()?)?]);
                    }
                    let parts = argument.as_array().filter(|parts| !parts.is_empty())?.iter().enumerate();
                    Some(parts.map(|(at, part)| spot.part(keyword, Some(at), part)).collect())
                };
                match (keyword, parts()) {
                    (_, None) => self.doubts.push(not_understood(spot, keyword, argument)),
                    ("$ref" | "allOf", Some(parts)) => {
                        for part in parts {
                            self.add(schema, &Part::Spot(part));
                        }
                    }
                    (_, Some(parts)) => {
                        self.unions.push(parts.iter().cloned().map(Part::Spot).collect());
                        if keyword == "oneOf" && parts.len() > 1 {
                            self.exclusive.push(parts);
                        }
                    }
                }
            }
            Kind::Annotation | Kind::Value | Kind::Number | Kind::Text | Kind::Array | Kind::Object => {}
        }
    }

    /// The values that are listed, when any schema lists them.
    fn values(&self, view: View) -> Option<Vec<Value>> {
        if let Some(just) = self.just.first() {
            return Some(vec![just.clone()]);
        }
        let listed = self.plain.iter().filter_map(|spot| {
            let object = spot.object()?;
            if let Some(value) = object.get("const") {
                return Some(vec![value.clone()]);
            }
            let words = spot.keyword(view, "enum")?;
            words.as_array().cloned()
        });
        listed.min_by_key(Vec::len)
    }
}
