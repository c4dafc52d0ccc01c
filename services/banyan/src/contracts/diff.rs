//! What changed in the contracts, as a changelog.

use compat::{Change, Kind, changes};
use serde::Serialize;

use super::consumers::{Reads, touched};
use super::version::{Name, Version};
use super::versions::Versions;

/// A contract that is different.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// Which contract.
    pub contract: Name,
    /// The last version that was published, when there was one.
    pub old: Option<Version>,
    /// The version that is now, when there is one.
    pub new: Option<Version>,
    /// What its fields have different.
    pub changes: Vec<Touching>,
}

/// A change, and whom it touches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Touching {
    /// What is different.
    #[serde(flatten)]
    pub change: Change,
    /// Which consumers read that field, as far as they are known.
    pub read_by: Vec<String>,
}

/// Every contract that is different from the last version that was published, by name. `reads`: what consumers read.
#[must_use]
pub fn diff(now: &Versions, published: &Versions, reads: &Reads) -> Vec<Entry> {
    let names: std::collections::BTreeSet<&Name> = now.0.keys().chain(published.0.keys()).collect();
    let last = |versions: &Versions, name: &Name| versions.0.get(name).and_then(|all| all.last()).cloned();
    let entry = |name: &Name| {
        let (old, new) = (last(published, name), last(now, name));
        let changes = match (&old, &new) {
            (Some(old), Some(new)) => changes(&old.schema, &new.schema),
            _ => Vec::new(),
        };
        let touching = |change: Change| {
            let read_by = touched(reads, name, &change.field);
            Touching { change, read_by }
        };
        let changes: Vec<Touching> = changes.into_iter().map(touching).collect();
        let (old, new) = (old.map(|old| old.version), new.map(|new| new.version));
        let is_same = old == new && changes.is_empty();
        (!is_same).then(|| Entry { contract: name.clone(), old, new, changes })
    };
    names.into_iter().filter_map(entry).collect()
}

/// The changelog in Markdown, without a line break at the end.
#[must_use]
pub fn markdown(entries: &[Entry]) -> String {
    if entries.is_empty() {
        return "No contract changed.".to_owned();
    }
    entries.iter().map(section).collect::<Vec<_>>().join("\n\n")
}

fn section(entry: &Entry) -> String {
    let name = &entry.contract;
    let (old, new) = match (entry.old, entry.new) {
        (Some(old), Some(new)) => (old, new),
        (None, Some(new)) => return format!("## {name}\n\nNew, {new}."),
        (Some(old), None) => return format!("## {name}\n\nRemoved; it was {old}."),
        (None, None) => return format!("## {name}"),
    };
    let title = if old == new { format!("## {name} {old}") } else { format!("## {name} {old} → {new}") };
    if entry.changes.is_empty() {
        return format!("{title}\n\nOnly the version is different.");
    }
    let lines: Vec<String> = entry.changes.iter().map(line).collect();
    format!("{title}\n\n{}", lines.join("\n"))
}

fn line(Touching { change, read_by }: &Touching) -> String {
    let field = if change.field.is_empty() { "the body".to_owned() } else { format!("`{}`", change.field) };
    let said = match &change.kind {
        Kind::Added { shape, is_required: true } => format!("added, required: {shape}"),
        Kind::Added { shape, is_required: false } => format!("added, optional: {shape}"),
        Kind::Removed { shape } => format!("removed; it was {shape}"),
        Kind::Required => "required now".to_owned(),
        Kind::Optional => "optional now".to_owned(),
        Kind::Widened { from, to } => format!("accepts more: {to}; it was {from}"),
        Kind::Narrowed { from, to } => format!("accepts less: {to}; it was {from}"),
        Kind::Changed { from, to } => format!("accepts something else: {to}; it was {from}"),
        Kind::Reworded => "is described differently".to_owned(),
    };
    let readers =
        if read_by.is_empty() { String::new() } else { format!(" (read by {})", read_by.join(", ")) };
    format!("- {field}: {said}{readers}")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::{Value, json};

    use super::*;
    use crate::contracts::versions::Contract;

    fn versions(of: &[(&str, &str, Value)]) -> Versions {
        let contract = |(name, version, schema): &(&str, &str, Value)| {
            let version = version.parse().unwrap();
            (name.parse().unwrap(), vec![Contract { version, file: String::new(), schema: schema.clone() }])
        };
        Versions(of.iter().map(contract).collect())
    }

    #[test]
    fn a_changelog_says_what_is_new_gone_and_different() {
        let missing = json!({ "type": "integer", "minimum": 1, "maximum": 100_000, "description": "pieces" });
        let kept = json!({ "type": "object", "properties": { "missing": missing } });
        let mut changed = kept.clone();
        changed["properties"]["noticed_by"] = json!({ "type": "string", "maxLength": 64 });
        changed["properties"]["missing"] = json!({ "type": "integer" });
        let published =
            versions(&[("event.gone.v1", "1.0.0", json!({})), ("event.kept.v1", "1.0.0", kept.clone())]);
        let now = versions(&[("event.fresh.v1", "1.1.0", kept), ("event.kept.v1", "1.1.0", changed)]);
        let read = || BTreeMap::from([("shop.banyan.event.kept.v1".to_owned(), vec!["missing".to_owned()])]);
        let reads = Reads::from([("orders".to_owned(), read()), ("notification".to_owned(), read())]);
        let said = markdown(&diff(&now, &published, &reads));
        assert_eq!(
            said,
            "## event.fresh.v1\n\nNew, 1.1.0.\n\n## event.gone.v1\n\nRemoved; it was 1.0.0.\n\n\
             ## event.kept.v1 1.0.0 → 1.1.0\n\n\
             - `missing`: is described differently (read by notification, orders)\n\
             - `missing`: accepts more: integer; it was integer, from 1, to 100000 (read by notification, orders)\n\
             - `noticed_by`: added, optional: string, at most 64"
        );
        assert_eq!(markdown(&diff(&published, &published, &reads)), "No contract changed.");
    }
}
