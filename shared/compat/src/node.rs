//! What several schemas say of one value together, and the simple sets that this comes down to.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::document::{Schema, Spot};
use crate::judge::{Doubt, Judgement};
use crate::number::{Fixed, same};

/// How deep documents go that are judged while deciding.
const DEPTH: usize = 64;

/// All of these must accept a value.
#[derive(Debug, Clone)]
pub(crate) struct Node<'s> {
    pub(crate) schema: Schema<'s>,
    pub(crate) parts: Vec<Part<'s>>,
}

/// One of the things that must accept.
#[derive(Debug, Clone)]
pub(crate) enum Part<'s> {
    Spot(Spot<'s>),
    /// Exactly this value.
    Just(Value),
}

impl Part<'_> {
    fn pointer(&self) -> Option<&str> {
        match self {
            Self::Spot(spot) => Some(&spot.pointer),
            Self::Just(_) => None,
        }
    }
}

/// What tells a node from others: the same parts, read in the same way.
pub(crate) type Key = BTreeSet<(String, bool, bool)>;

impl<'s> Node<'s> {
    pub(crate) fn top(schema: Schema<'s>) -> Self {
        Self { schema, parts: vec![Part::Spot(schema.top())] }
    }

    pub(crate) fn key(&self) -> Key {
        let key = |part: &Part<'s>| match part {
            Part::Spot(spot) => {
                let (pointer, is_direct, or_null) = spot.key();
                (pointer.to_owned(), is_direct, or_null)
            }
            // No pointer begins with `=`.
            Part::Just(value) => (format!("={value}"), false, false),
        };
        self.parts.iter().map(key).collect()
    }

    /// Where to look: the first place in the document.
    pub(crate) fn pointer(&self) -> &str {
        self.parts.iter().find_map(Part::pointer).unwrap_or("")
    }

    /// Judges a value by all parts.
    pub(crate) fn judge(&self, value: &Value) -> Judgement {
        let mut doubt = None;
        for part in &self.parts {
            let judgement = match part {
                Part::Spot(spot) => self.schema.at(spot, value, DEPTH),
                Part::Just(just) if same(just, value) => Judgement::Accepts,
                Part::Just(_) => Judgement::Unknown(Doubt::new("", "another value is looked at")),
            };
            match judgement {
                Judgement::Accepts => {}
                Judgement::Rejects(_) => return judgement,
                Judgement::Unknown(unknown) => doubt = doubt.or(Some(unknown)),
            }
        }
        doubt.map_or(Judgement::Accepts, Judgement::Unknown)
    }
}

/// Values of one type, or a few values.
#[derive(Debug, Clone)]
pub(crate) enum Atom<'s> {
    Values(Vec<Value>),
    Number(Range),
    Text(Text),
    Array(Array<'s>),
    Object(Object<'s>),
}

/// An end of a range of numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct End {
    pub(crate) at: Fixed,
    pub(crate) is_in: bool,
}

/// Numbers.
#[derive(Debug, Clone, Default)]
pub(crate) struct Range {
    pub(crate) low: Option<End>,
    pub(crate) high: Option<End>,
    /// Only multiples of this.
    pub(crate) step: Option<Fixed>,
}

impl Range {
    pub(crate) fn raise(&mut self, end: End) {
        let is_tighter =
            self.low.is_none_or(|low| end.at > low.at || (end.at == low.at && low.is_in && !end.is_in));
        if is_tighter {
            self.low = Some(end);
        }
    }

    pub(crate) fn lower(&mut self, end: End) {
        let is_tighter =
            self.high.is_none_or(|high| end.at < high.at || (end.at == high.at && high.is_in && !end.is_in));
        if is_tighter {
            self.high = Some(end);
        }
    }

    /// Ends that are themselves in, where only multiples count. `None`: numbers too large to be understood.
    pub(crate) fn rounded(mut self) -> Option<Self> {
        let Some(step) = self.step else { return Some(self) };
        if let Some(End { at, is_in }) = self.low {
            let up = at.up_to(step)?;
            let at = if up == at && !is_in { at.plus(step)? } else { up };
            self.low = Some(End { at, is_in: true });
        }
        if let Some(End { at, is_in }) = self.high {
            let down = at.down_to(step)?;
            let at = if down == at && !is_in { at.minus(step)? } else { down };
            self.high = Some(End { at, is_in: true });
        }
        Some(self)
    }

    pub(crate) fn is_empty(&self) -> bool {
        match (self.low, self.high) {
            (Some(low), Some(high)) => low.at > high.at || (low.at == high.at && !(low.is_in && high.is_in)),
            _ => false,
        }
    }

    /// All numbers, when there are only a few.
    pub(crate) fn few(&self, most: usize) -> Option<Vec<Value>> {
        let (low, high) = (self.low?, self.high?);
        let mut found = Vec::new();
        if low.at == high.at && low.is_in && high.is_in && self.step.is_none() {
            return Some(vec![low.at.json()?]);
        }
        let step = self.step?;
        let mut at = low.at;
        while at <= high.at {
            if found.len() == most {
                return None;
            }
            found.push(at.json()?);
            at = at.plus(step)?;
        }
        Some(found)
    }
}

/// Text.
#[derive(Debug, Clone, Default)]
pub(crate) struct Text {
    pub(crate) min: u64,
    pub(crate) max: Option<u64>,
    pub(crate) patterns: BTreeSet<String>,
    pub(crate) formats: BTreeSet<String>,
}

/// Arrays.
#[derive(Debug, Clone)]
pub(crate) struct Array<'s> {
    pub(crate) items: Node<'s>,
    pub(crate) min: u64,
    pub(crate) max: Option<u64>,
    pub(crate) is_unique: bool,
}

/// Objects.
#[derive(Debug, Clone)]
pub(crate) struct Object<'s> {
    schema: Schema<'s>,
    /// Each says something of each field.
    pub(crate) spots: Vec<Spot<'s>>,
    pub(crate) required: BTreeSet<&'s str>,
    /// Fields whose value is looked at alone.
    pub(crate) pinned: BTreeMap<String, Value>,
}

impl<'s> Object<'s> {
    pub(crate) fn new(schema: Schema<'s>, spots: Vec<Spot<'s>>) -> Self {
        let required = spots.iter().flat_map(Spot::required).collect();
        Self { schema, spots, required, pinned: BTreeMap::new() }
    }

    /// The fields that are named.
    pub(crate) fn names(&self) -> BTreeSet<&'s str> {
        self.spots.iter().flat_map(Spot::names).chain(self.required.iter().copied()).collect()
    }

    /// What is said of a field. `None`: of one that nobody names.
    pub(crate) fn field(&self, name: Option<&str>) -> Node<'s> {
        let view = self.schema.view;
        let said = |spot: &Spot<'s>| {
            name.and_then(|name| spot.property(view, name)).or_else(|| spot.additional(view)).map(Part::Spot)
        };
        let mut parts: Vec<Part<'s>> = self.spots.iter().filter_map(said).collect();
        if let Some(value) = name.and_then(|name| self.pinned.get(name)) {
            parts.push(Part::Just(value.clone()));
        }
        Node { schema: self.schema, parts }
    }
}
