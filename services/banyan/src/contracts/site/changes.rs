//! What changed from one released version to the next, field by field.

use std::collections::BTreeMap;

use serde_json::Value;

use super::super::fields::{Field, flat, of_schema};
use super::super::set::Event;
use super::super::versions::{Contract, Versions};
use super::html::escape;

/// The section about changes.
pub(super) fn section(events: &[Event<'_>], released: &Versions) -> String {
    let items: String = events.iter().map(|event| of_event(event, released)).collect();
    let text = match (released.0.is_empty(), items.is_empty()) {
        (true, _) => "<p>No version has been released yet.</p>".to_owned(),
        (false, true) => "<p>Every event is as it was first released.</p>".to_owned(),
        (false, false) => format!("<ul class=\"changes\">{items}</ul>"),
    };
    format!("<section id=\"changes\"><h2>What changed</h2>{text}</section>")
}

/// The steps of one major of an event: from each released version to the next, and to what is there now.
fn of_event(event: &Event<'_>, released: &Versions) -> String {
    let mut versions: Vec<&Contract> = released
        .0
        .iter()
        .filter(|(name, _)| name.name == event.name && name.major == event.major)
        .flat_map(|(_, contracts)| contracts)
        .collect();
    versions.sort_by_key(|contract| contract.version);
    let Some(last) = versions.last() else {
        return item(event, event.semver, "<li>is new, and not released yet</li>");
    };
    let mut items = String::new();
    for pair in versions.windows(2) {
        if let [old, new] = pair {
            items.push_str(&item(event, &new.version.to_string(), &steps(&old.schema, &new.schema)));
        }
    }
    if last.schema != *event.schema {
        let steps = steps(&last.schema, event.schema);
        items.push_str(&item(event, &format!("{}, not released yet", event.semver), &steps));
    }
    items
}

fn item(event: &Event<'_>, version: &str, steps: &str) -> String {
    format!(
        "<li><a href=\"#{key}\">{key}</a> <span class=\"chip\">{}</span><ul>{steps}</ul></li>",
        escape(version),
        key = escape(&event.key)
    )
}

/// What is there now and was not, is there no longer, or is not what it was.
fn steps(old: &Value, new: &Value) -> String {
    let (old, new) = (of_schema(old), of_schema(new));
    let (old, new) = (by_path(&old), by_path(&new));
    let gone = old.keys().filter(|path| !new.contains_key(*path)).map(|path| step(path, "is gone"));
    let came = new.keys().filter(|path| !old.contains_key(*path)).map(|path| step(path, "is new"));
    let differs = new.iter().filter_map(|(path, field)| {
        let before = old.get(path)?;
        Some(step(path, difference(before, field)?))
    });
    let all: String = came.chain(differs).chain(gone).collect();
    if all.is_empty() { "<li>only what is said about it</li>".to_owned() } else { all }
}

fn by_path(fields: &[Field]) -> BTreeMap<String, &Field> {
    flat(fields, "").into_iter().collect()
}

fn step(path: &str, what: &str) -> String {
    format!("<li><code>{}</code> {what}</li>", escape(path))
}

fn difference(old: &Field, new: &Field) -> Option<&'static str> {
    let words = |field: &Field| field.words.iter().map(|(word, _)| word.clone()).collect::<Vec<_>>();
    if old.kind != new.kind {
        Some("is of another type")
    } else if old.is_required != new.is_required {
        Some(if new.is_required { "is always there now" } else { "may be absent now" })
    } else if words(old) != words(new) {
        Some("has other words")
    } else if old.bounds != new.bounds || old.unit != new.unit {
        Some("has other bounds")
    } else if old.default != new.default {
        Some("has another default")
    } else {
        (old.description != new.description).then_some("is explained better")
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::files::Text;
    use super::super::super::set::tests::committed;
    use super::*;

    fn released(change: impl FnOnce(&mut Value)) -> Versions {
        let mut schema = committed().schemas["order.stalled.v1"].value.clone();
        let address = schema["$id"].as_str().unwrap();
        let path = address.split_once("/contracts/").unwrap().1.to_owned();
        change(&mut schema);
        Versions::parse(&[Text { shown: path.clone(), path, text: schema.to_string() }]).unwrap()
    }

    fn said(released: &Versions) -> String {
        let set = committed();
        let events: Vec<Event<'_>> =
            set.events().into_iter().filter(|e| e.key == "order.stalled.v1").collect();
        section(&events, released)
    }

    #[test]
    fn a_field_that_came_went_or_changed_is_told() {
        assert!(said(&Versions::default()).contains("No version has been released"));
        assert!(said(&released(|_| ())).contains("as it was first released"));
        let came = released(|schema| {
            schema["properties"].as_object_mut().unwrap().remove("waiting_for");
        });
        assert!(said(&came).contains("<code>waiting_for</code> is new"));
        let went = released(|schema| schema["properties"]["old"] = serde_json::json!({ "type": "string" }));
        assert!(said(&went).contains("<code>old</code> is gone"));
        let changed = released(|schema| schema["properties"]["waiting_for"]["maxLength"] = 7.into());
        assert!(said(&changed).contains("<code>waiting_for</code> has other bounds"));
        let optional = released(|schema| schema["required"] = serde_json::json!([]));
        assert!(said(&optional).contains("<code>order_id</code> is always there now"));
    }
}
