//! Whether one set is in another of the same type, and what is made when it is not.

use serde_json::Value;

use super::{Decider, Found, Pair, Shown, shown};
use crate::make::{Made, Maker, Wanted, numbers, texts};
use crate::node::{Array, Atom, Object, Range, Text};

impl Decider {
    pub(super) fn structure<'s>(&mut self, pair: Pair<'_, 's>, atom: &Atom<'s>, rival: &Atom<'s>) -> Found {
        match (atom, rival) {
            (Atom::Number(a), Atom::Number(b)) => number(pair, a, b),
            (Atom::Text(a), Atom::Text(b)) => text(pair, a, b),
            (Atom::Array(a), Atom::Array(b)) => self.array(pair, a, b),
            (Atom::Object(a), Atom::Object(b)) => self.object(pair, a, b),
            // Rivals are of one type.
            _ => Found::doubt(pair.b, "sets of different types are compared"),
        }
    }

    fn array<'s>(&mut self, pair: Pair<'_, 's>, a: &Array<'s>, b: &Array<'s>) -> Found {
        let mut found = Found::default();
        let mut maker = Maker::new();
        if b.min > a.min {
            let lengths = (a.min..b.min).rev();
            let made = lengths.take(2).map(|length| maker.array(a, None, length)).collect();
            found.add(pair.b, made_of(pair, made));
        }
        if let Some(most) = b.max.filter(|most| a.max.is_none_or(|max| max > *most)) {
            let length = a.min.max(most.saturating_add(1));
            found.add(pair.b, made_of(pair, vec![maker.array(a, None, length)]));
        }
        if a.max == Some(0) {
            return found;
        }
        if b.is_unique && !a.is_unique && a.max.is_none_or(|max| max > 1) {
            let twice = maker.array(a, None, a.min.max(2));
            found.add(pair.b, made_of(pair, vec![twice]));
        }
        let of_items = self.contained(&a.items, &b.items);
        found.doubts.extend(of_items.doubts);
        for value in of_items.values {
            let made = maker.array(a, Some(value), a.min.max(1));
            found.add(pair.b, made_of(pair, vec![made]));
        }
        found
    }

    fn object<'s>(&mut self, pair: Pair<'_, 's>, a: &Object<'s>, b: &Object<'s>) -> Found {
        let mut found = Found::default();
        let mut maker = Maker::new();
        if b.required.iter().any(|name| !a.required.contains(name)) {
            // Each alone, so that each is told: with all others that the second needs, where the first lets them in.
            for name in b.required.difference(&a.required) {
                let made = self.without(&mut maker, a, b, name);
                found.add(pair.b, made_of(pair, vec![made]));
            }
        }
        let names = a.names();
        let named = names.union(&b.names()).map(|name| Some((*name).to_owned())).collect::<Vec<_>>();
        for name in named.into_iter().chain([None]) {
            let (of_a, of_b) = (a.field(name.as_deref()), b.field(name.as_deref()));
            let of_field = self.contained(&of_a, &of_b);
            if of_field.is_safe() {
                continue;
            }
            found.doubts.extend(of_field.doubts);
            let name = name.unwrap_or_else(|| unnamed(a, b));
            for value in of_field.values {
                let made = maker.object(a, Some((&name, value)));
                found.add(pair.b, made_of(pair, vec![made]));
            }
        }
        found
    }

    /// An object that lacks one field, and as few others as possible of those that `b` needs.
    fn without<'s>(&mut self, maker: &mut Maker, a: &Object<'s>, b: &Object<'s>, name: &str) -> Made {
        let mut fuller = a.clone();
        for other in b.required.iter().filter(|other| **other != name) {
            if matches!(maker.any(&a.field(Some(other))), Made::Value(_)) {
                fuller.required.insert(other);
            }
        }
        maker.object(&fuller, None)
    }
}

/// A name that neither of them has.
fn unnamed(a: &Object<'_>, b: &Object<'_>) -> String {
    let (in_a, in_b) = (a.names(), b.names());
    let is_new = |name: &String| !in_a.contains(name.as_str()) && !in_b.contains(name.as_str());
    (0..)
        .map(|n| if n == 0 { "other".to_owned() } else { format!("other{n}") })
        .find(is_new)
        .unwrap_or_default()
}

/// Those that show it. Where something was to be made and shows nothing, that is a doubt; where there is nothing of
/// the kind, all is well.
fn made_of(pair: Pair<'_, '_>, made: Vec<Made>) -> Found {
    if made.iter().all(Made::is_nothing) {
        return Found::default();
    }
    showing(pair, made.into_iter().filter_map(Made::value))
}

/// The first value of each kind that shows it; a doubt when none does.
fn showing(pair: Pair<'_, '_>, values: impl Iterator<Item = Value>) -> Found {
    let mut found = Found::default();
    let mut doubt = None;
    for value in values {
        match shown(pair.a, pair.b, &value) {
            Shown::Yes => found.add_value(pair.b, value),
            Shown::No => {}
            Shown::Unknown(unknown) => doubt = doubt.or(Some(unknown)),
        }
    }
    if found.values.is_empty() {
        return match doubt {
            Some(doubt) => Found { values: Vec::new(), doubts: vec![doubt] },
            None => Found::doubt(
                pair.b,
                "it may be narrower than before, and no document was found that shows it",
            ),
        };
    }
    found
}

fn number(pair: Pair<'_, '_>, a: &Range, b: &Range) -> Found {
    let is_above = b.low.is_none_or(|low| {
        a.low.is_some_and(|end| end.at > low.at || (end.at == low.at && (low.is_in || !end.is_in)))
    });
    let is_below = b.high.is_none_or(|high| {
        a.high.is_some_and(|end| end.at < high.at || (end.at == high.at && (high.is_in || !end.is_in)))
    });
    let is_stepped = b.step.is_none_or(|step| a.step.is_some_and(|own| own.is_multiple_of(step)));
    if is_above && is_below && is_stepped {
        return Found::default();
    }
    let near: Vec<_> = b.low.iter().chain(&b.high).map(|end| end.at).chain(b.step).collect();
    showing(pair, numbers(a, &near).into_iter())
}

fn text(pair: Pair<'_, '_>, a: &Text, b: &Text) -> Found {
    let is_long_enough = a.min >= b.min;
    let is_short_enough = b.max.is_none_or(|max| a.max.is_some_and(|own| own <= max));
    if is_long_enough
        && is_short_enough
        && b.patterns.is_subset(&a.patterns)
        && b.formats.is_subset(&a.formats)
    {
        return Found::default();
    }
    let mut lengths: Vec<u64> = vec![b.min.saturating_sub(1)];
    lengths.extend(b.max.map(|max| max.saturating_add(1)));
    showing(pair, texts(a, &Wanted { lengths }))
}
