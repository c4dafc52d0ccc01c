//! What several schemas define alike, said once: types of a language with types, components of a description.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::set::Event;

/// How deep definitions are compared: one that contains itself must end somewhere.
const MAX_DEPTH: usize = 8;

/// The schemas of all events, with what they share beside them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Hoisted {
    /// Shared definitions by name.
    pub shared: BTreeMap<String, Value>,
    /// The schema of each event's body, by its key.
    pub bodies: BTreeMap<String, Value>,
}

/// Takes the definitions out of the schemas. `$ref` then begins with `base`, such as `#/components/schemas/`. Where two
/// schemas mean different things by one name, the later one carries the name of its event as well.
#[must_use]
pub fn hoist(events: &[Event<'_>], base: &str) -> Hoisted {
    let mut hoisted = Hoisted::default();
    let mut taken: BTreeMap<String, Value> = BTreeMap::new();
    for event in events {
        let empty = Map::new();
        let definitions = event.schema["$defs"].as_object().unwrap_or(&empty);
        let names = names(event, &mut taken);
        for (name, definition) in definitions {
            let mut definition = definition.clone();
            redirect(&mut definition, &names, base);
            hoisted.shared.insert(names[name].clone(), definition);
        }
        let mut body = event.schema.clone();
        if let Some(body) = body.as_object_mut() {
            body.remove("$defs");
        }
        redirect(&mut body, &names, base);
        hoisted.bodies.insert(event.key.clone(), body);
    }
    hoisted
}

/// What each definition of an event is called beside those of all events before it.
fn names(event: &Event<'_>, taken: &mut BTreeMap<String, Value>) -> BTreeMap<String, String> {
    let definitions = event.schema["$defs"].as_object().into_iter().flatten();
    let mut names = BTreeMap::new();
    for (name, definition) in definitions {
        let whole = whole(definition, event.schema, 0);
        let is_taken = taken.get(name).is_some_and(|other| *other != whole);
        let unique = if is_taken { format!("{}{name}", event.type_name()) } else { name.clone() };
        taken.entry(unique.clone()).or_insert(whole);
        names.insert(name.clone(), unique);
    }
    names
}

/// A definition with all that it refers to: two that read alike may still mean different things.
fn whole(schema: &Value, root: &Value, depth: usize) -> Value {
    match schema {
        Value::Object(object) => {
            let mut object: Map<String, Value> =
                object.iter().map(|(name, value)| (name.clone(), whole(value, root, depth))).collect();
            let target =
                object.get("$ref").and_then(Value::as_str).and_then(|target| target.strip_prefix('#'));
            if let Some(target) = target.and_then(|target| root.pointer(target)).filter(|_| depth < MAX_DEPTH)
            {
                let target = whole(target, root, depth + 1);
                object.insert("$ref".to_owned(), target);
            }
            Value::Object(object)
        }
        Value::Array(items) => items.iter().map(|item| whole(item, root, depth)).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => schema.clone(),
    }
}

fn redirect(schema: &mut Value, names: &BTreeMap<String, String>, base: &str) {
    match schema {
        Value::Object(object) => {
            if let Some(Value::String(target)) = object.get_mut("$ref")
                && let Some(name) = target.strip_prefix("#/$defs/").and_then(|name| names.get(name))
            {
                *target = format!("{base}{name}");
            }
            object.values_mut().for_each(|value| redirect(value, names, base));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| redirect(item, names, base)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::set::tests::committed;
    use super::*;

    #[test]
    fn what_all_define_alike_is_there_once_and_every_reference_leads_somewhere() {
        let set = committed();
        let hoisted = hoist(&set.events(), "#/components/schemas/");
        assert!(hoisted.shared.contains_key("Currency"));
        let text = format!("{:?}", hoisted);
        assert!(!text.contains("$defs"));
        for part in text.split("#/components/schemas/").skip(1) {
            let name = part.split('"').next().unwrap();
            assert!(hoisted.shared.contains_key(name), "{name}");
        }
    }

    #[test]
    fn two_meanings_of_one_name_get_two_names() {
        let set = committed();
        let mut events = set.events();
        let first = json!({ "$defs": { "Line": { "type": "string" } }, "items": { "$ref": "#/$defs/Line" } });
        let second =
            json!({ "$defs": { "Line": { "type": "integer" } }, "items": { "$ref": "#/$defs/Line" } });
        events.truncate(2);
        (events[0].schema, events[1].schema) = (&first, &second);
        let hoisted = hoist(&events, "#/");
        assert_eq!(hoisted.shared["Line"]["type"], "string");
        let other = format!("{}Line", events[1].type_name());
        assert_eq!(hoisted.shared[&other]["type"], "integer");
        assert_eq!(hoisted.bodies[&events[1].key]["items"]["$ref"], format!("#/{other}"));
    }
}
