//! Whether one schema accepts everything that another accepts.
//!
//! Three ends: shown for every document; a document that shows the opposite, judged by both schemas; or neither, and
//! then it is said why. Nothing is called safe that was not shown, and nothing broken without such a document.

mod structure;

use serde_json::Value;

use crate::alike;
use crate::document::Schema;
use crate::expand::{Expansion, atoms_are_disjoint, expand};
use crate::judge::{Doubt, Judgement};
use crate::make::Maker;
use crate::node::{Atom, Key, Node, Object};
use crate::rule::{Break, told};

/// How many pairs of places are compared. Real schemas take some hundreds; only recursion through unions takes more.
const MAX_PAIRS: usize = 20_000;
/// How many documents are told that break.
pub const MAX_BREAKS: usize = 100;
/// How far it is looked into what sets have in common.
const DISJOINT_DEPTH: usize = 6;
/// Sets of so few values are gone through one by one.
const FEW: usize = 64;

/// What was found.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Decision {
    /// Where a document is accepted by the first schema and not by the second; each with such a document.
    pub breaks: Vec<Break>,
    /// What could not be decided.
    pub undecided: Vec<Doubt>,
}

impl Decision {
    /// Whether everything that the first schema accepts is accepted by the second.
    #[must_use]
    pub fn is_safe(&self) -> bool {
        self.breaks.is_empty() && self.undecided.is_empty()
    }
}

/// Decides whether every document that `a` accepts is accepted by `b`.
#[must_use]
pub fn decide(a: Schema<'_>, b: Schema<'_>) -> Decision {
    let mut decider = Decider { pairs: MAX_PAIRS, assumed: Vec::new() };
    let mut found = decider.contained(&Node::top(a), &Node::top(b));
    found.doubts.sort();
    found.doubts.dedup();
    let breaks = found.values.into_iter().filter_map(|value| match b.judge(&value) {
        Judgement::Rejects(refusal) => Some(told(b, refusal, value)),
        Judgement::Accepts | Judgement::Unknown(_) => None,
    });
    Decision { breaks: breaks.collect(), undecided: found.doubts }
}

/// What was found at one place.
#[derive(Debug, Default)]
struct Found {
    /// Accepted by the first and refused by the second; each for a reason of its own.
    values: Vec<Value>,
    doubts: Vec<Doubt>,
}

impl Found {
    fn is_safe(&self) -> bool {
        self.values.is_empty() && self.doubts.is_empty()
    }

    /// Adds what was found elsewhere; of values that `b` refuses for the same reason, the first is kept.
    fn add(&mut self, b: &Node<'_>, other: Self) {
        self.doubts.extend(other.doubts);
        for value in other.values {
            self.add_value(b, value);
        }
    }

    fn add_value(&mut self, b: &Node<'_>, value: Value) {
        let reason = b.judge(&value);
        if self.values.len() < MAX_BREAKS && !self.values.iter().any(|known| b.judge(known) == reason) {
            self.values.push(value);
        }
    }

    fn doubt(at: &Node<'_>, reason: &str) -> Self {
        Self { values: Vec::new(), doubts: vec![Doubt::new(at.pointer(), reason)] }
    }
}

/// Whether a value is accepted by one and refused by the other.
#[derive(Debug, PartialEq, Eq)]
enum Shown {
    Yes,
    No,
    Unknown(Doubt),
}

fn shown(a: &Node<'_>, b: &Node<'_>, value: &Value) -> Shown {
    match (a.judge(value), b.judge(value)) {
        (Judgement::Accepts, Judgement::Rejects(_)) => Shown::Yes,
        (Judgement::Rejects(_), _) | (_, Judgement::Accepts) => Shown::No,
        (Judgement::Unknown(doubt), _) | (_, Judgement::Unknown(doubt)) => Shown::Unknown(doubt),
    }
}

/// Two places, one in each schema.
#[derive(Clone, Copy)]
struct Pair<'p, 's> {
    a: &'p Node<'s>,
    b: &'p Node<'s>,
}

struct Decider {
    pairs: usize,
    /// What is being compared. A document is finite, so within the comparison it may be taken for shown.
    assumed: Vec<(Key, Key)>,
}

impl Decider {
    fn contained<'s>(&mut self, a: &Node<'s>, b: &Node<'s>) -> Found {
        let Some(pairs) = self.pairs.checked_sub(1) else {
            return Found::doubt(b, "there is too much to compare");
        };
        self.pairs = pairs;
        if alike::surely_contained(a, b) {
            return Found::default();
        }
        let key = (a.key(), b.key());
        if self.assumed.contains(&key) {
            return Found::default();
        }
        self.assumed.push(key);
        let (in_a, in_b) = (expand(a, 0), expand(b, DISJOINT_DEPTH));
        let mut found = Found::default();
        for atom in &in_a.atoms {
            let of_atom = self.atom(Pair { a, b }, atom, &in_b);
            found.add(b, of_atom);
        }
        self.assumed.pop();
        found
    }

    fn atom<'s>(&mut self, pair: Pair<'_, 's>, atom: &Atom<'s>, in_b: &Expansion<'s>) -> Found {
        let few = match atom {
            Atom::Values(values) => Some(values.clone()),
            Atom::Number(range) => range.few(FEW),
            Atom::Text(_) | Atom::Array(_) | Atom::Object(_) => None,
        };
        if let Some(values) = few {
            return one_by_one(pair, &values);
        }
        if Maker::new().of(atom).is_nothing() {
            return Found::default();
        }
        let is_rival = |other: &&Atom<'s>| {
            !matches!(other, Atom::Values(_)) && !atoms_are_disjoint(atom, other, DISJOINT_DEPTH)
        };
        let rivals: Vec<&Atom<'s>> = in_b.atoms.iter().filter(is_rival).collect();
        let mut found = match rivals.as_slice() {
            [] => without_rival(pair, atom),
            [rival] => self.structure(pair, atom, rival),
            _ => self.several(pair, atom, in_b, &rivals),
        };
        if found.is_safe() {
            // More may be in the rivals than is accepted.
            found.doubts.extend(in_b.doubts.iter().cloned());
        }
        found
    }

    /// Several sets of the second have something of this one.
    fn several<'s>(
        &mut self,
        pair: Pair<'_, 's>,
        atom: &Atom<'s>,
        in_b: &Expansion<'s>,
        rivals: &[&Atom<'s>],
    ) -> Found {
        let mut found = Found::default();
        for rival in rivals {
            let with_this = self.structure(pair, atom, rival);
            if with_this.is_safe() {
                return with_this;
            }
            found.add(pair.b, with_this);
        }
        if let Atom::Object(object) = atom
            && let Some((name, values)) = discriminator(object)
        {
            return self.split(pair, object, in_b, (name, values));
        }
        if found.values.is_empty() {
            return without_rival(pair, atom);
        }
        // Where one alternative does not fit, another may: only what all refuse is known.
        found.doubts.clear();
        found
    }

    /// One after another, by the values of a field that tells the alternatives apart.
    fn split<'s>(
        &mut self,
        pair: Pair<'_, 's>,
        object: &Object<'s>,
        in_b: &Expansion<'s>,
        (name, values): (&str, Vec<Value>),
    ) -> Found {
        let mut found = Found::default();
        for value in values {
            let mut one = object.clone();
            one.pinned.insert(name.to_owned(), value);
            let of_one = self.atom(pair, &Atom::Object(one), in_b);
            found.add(pair.b, of_one);
        }
        found
    }
}

/// A field that must be there and has one of a few values.
fn discriminator<'s>(object: &Object<'s>) -> Option<(&'s str, Vec<Value>)> {
    let is_open = |name: &&&'s str| !object.pinned.contains_key(**name);
    object.required.iter().filter(is_open).find_map(|name| {
        let expansion = expand(&object.field(Some(name)), 0);
        let mut values = Vec::new();
        for atom in expansion.atoms {
            let Atom::Values(listed) = atom else { return None };
            values.extend(listed);
        }
        (values.len() <= FEW).then_some((*name, values))
    })
}

fn one_by_one(pair: Pair<'_, '_>, values: &[Value]) -> Found {
    let mut found = Found::default();
    for value in values {
        match shown(pair.a, pair.b, value) {
            Shown::Yes => found.add_value(pair.b, value.clone()),
            Shown::No => {}
            Shown::Unknown(doubt) => found.doubts.push(doubt),
        }
    }
    found
}

/// The second has no set that this one could be in.
fn without_rival<'s>(pair: Pair<'_, 's>, atom: &Atom<'s>) -> Found {
    let made = Maker::new().several(atom);
    match made.into_iter().find(|value| shown(pair.a, pair.b, value) == Shown::Yes) {
        Some(value) => Found { values: vec![value], doubts: Vec::new() },
        None => {
            Found::doubt(pair.b, "it could not be shown, and no document was found that shows the opposite")
        }
    }
}
