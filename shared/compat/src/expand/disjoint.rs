//! Whether sets surely have nothing in common.

use serde_json::Value;

use super::expand;
use crate::document::{Schema, Spot};
use crate::judge::{Doubt, Judgement};
use crate::node::{Atom, Node, Part};

/// Why it is not sure that at most one of the branches accepts.
pub(super) fn overlap<'s>(schema: Schema<'s>, branches: &[Spot<'s>], depth: usize) -> Option<Doubt> {
    let node = |branch: &Spot<'s>| Node { schema, parts: vec![Part::Spot(branch.clone())] };
    let nodes: Vec<Node<'s>> = branches.iter().map(node).collect();
    for (at, a) in nodes.iter().enumerate() {
        for b in &nodes[..at] {
            if !are_disjoint(a, b, depth) {
                let path = branches[at].pointer.clone();
                let reason = "one document may satisfy two branches of this oneOf: give each branch a required field with a const of its own";
                return Some(Doubt::new(path, reason));
            }
        }
    }
    None
}

fn are_disjoint<'s>(a: &Node<'s>, b: &Node<'s>, depth: usize) -> bool {
    let Some(depth) = depth.checked_sub(1) else { return false };
    let (in_a, in_b) = (expand(a, depth), expand(b, depth));
    in_a.atoms.iter().all(|x| {
        in_b.atoms.iter().all(|y| match (x, y) {
            (Atom::Values(values), _) => none_is_in(values, b),
            (_, Atom::Values(values)) => none_is_in(values, a),
            _ => atoms_are_disjoint(x, y, depth),
        })
    })
}

/// Whether sets, none of which is a list of values, surely have nothing in common.
pub(crate) fn atoms_are_disjoint<'s>(a: &Atom<'s>, b: &Atom<'s>, depth: usize) -> bool {
    match (a, b) {
        (Atom::Object(a), Atom::Object(b)) => {
            // By a field that one of them needs, and whose values they have not in common.
            let mut needed = a.required.union(&b.required);
            needed.any(|name| are_disjoint(&a.field(Some(name)), &b.field(Some(name)), depth))
        }
        (Atom::Number(a), Atom::Number(b)) => {
            let mut both = a.clone();
            b.low.into_iter().for_each(|end| both.raise(end));
            b.high.into_iter().for_each(|end| both.lower(end));
            both.is_empty()
        }
        (Atom::Text(a), Atom::Text(b)) => {
            a.max.is_some_and(|max| max < b.min) || b.max.is_some_and(|max| max < a.min)
        }
        (Atom::Array(a), Atom::Array(b)) => {
            a.max.is_some_and(|max| max < b.min) || b.max.is_some_and(|max| max < a.min)
        }
        (Atom::Values(_), _) | (_, Atom::Values(_)) => false,
        _ => true,
    }
}

fn none_is_in(values: &[Value], node: &Node<'_>) -> bool {
    values.iter().all(|value| matches!(node.judge(value), Judgement::Rejects(_)))
}
