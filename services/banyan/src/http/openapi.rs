//! `GET /openapi.json`: what can be asked here, assembled from what each service says of its own routes.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use super::Site;

pub(super) async fn show(State(site): State<Site>) -> Json<Value> {
    let here: Vec<&str> = site.node.counts().into_iter().map(|(service, _)| service).collect();
    Json(document(|service| here.contains(&service)))
}

/// Which service is asked under a path that begins with each of these.
pub(crate) fn services_by_segment() -> BTreeMap<String, &'static str> {
    let of = |(service, part): (&'static str, Value)| {
        let paths = part.get("paths").and_then(Value::as_object).cloned().unwrap_or_default();
        paths.into_iter().filter_map(move |(path, _)| Some((path.split('/').nth(1)?.to_owned(), service)))
    };
    parts().into_iter().filter(|(service, _)| !service.is_empty()).flat_map(of).collect()
}

/// The description of every route of those services that are `here`, OpenAPI 3.1.
#[must_use]
fn document(here: impl Fn(&str) -> bool) -> Value {
    let mut paths = serde_json::Map::new();
    let mut schemas = serde_json::Map::new();
    for (_, part) in parts().into_iter().filter(|(service, _)| service.is_empty() || here(service)) {
        for (target, key) in [(&mut paths, "/paths"), (&mut schemas, "/components/schemas")] {
            if let Some(Value::Object(found)) = part.pointer(key) {
                target.extend(found.clone());
            }
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": { "title": "Banyan", "version": env!("CARGO_PKG_VERSION"), "license": { "name": "Apache-2.0" } },
        "paths": paths,
        "components": { "schemas": schemas },
    })
}

/// What each service says; what belongs to none is under no name.
fn parts() -> [(&'static str, Value); 6] {
    [
        ("orders", orders::openapi()),
        ("inventory", inventory::openapi()),
        ("payment", payment::openapi()),
        ("shipping", shipping::openapi()),
        ("notification", notification::openapi()),
        ("", own()),
    ]
}

/// Routes that belong to no service.
fn own() -> Value {
    let answer = |text: &str| json!({ "200": { "description": text } });
    let get = |summary: &str| json!({ "get": { "summary": summary, "responses": answer(summary) } });
    let post = |summary: &str| json!({ "post": { "summary": summary, "responses": answer(summary) } });
    let field = json!({ "type": "object", "properties": { "pointer": { "type": "string" }, "message": { "type": "string" } } });
    let problem = json!({ "type": "object", "required": ["type", "title", "status", "detail"], "properties": {
        "type": { "type": "string" }, "title": { "type": "string" }, "status": { "type": "integer" },
        "detail": { "type": "string" }, "instance": { "type": "string" }, "hint": { "type": "string" },
        "errors": { "type": "array", "items": field },
    }});
    json!({ "components": { "schemas": { "Problem": problem } }, "paths": {
        "/events": {
            "post": { "summary": "Publish one CloudEvent or a batch", "responses": { "202": { "description": "Accepted" } } },
            "get": { "summary": "Follow events (server-sent)", "responses": answer("A stream") },
        },
        "/audit": get("Recompute what must hold"),
        "/store": get("What the file has cost: units of work, groups, fsyncs"),
        "/queues": get("How full each queue is"),
        "/queues/{name}/messages": get("What waits in a queue; looking takes nothing"),
        "/dead-letters": get("Messages that nobody could handle"),
        "/dead-letters/{id}": get("One of them"),
        "/dead-letters/redrive": post("Send dead letters back to the service that gave them up"),
        "/dead-letters/discard": post("Remove dead letters for good"),
        "/healthz/live": get("Whether every loop moves"),
        "/healthz/ready": get("Whether to send work, and why not"),
        "/healthz/started": get("Whether it has started"),
        "/metrics": get("Counts, for Prometheus"),
    }})
}

#[cfg(test)]
mod tests {
    use super::*;

    fn references(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(map) => {
                if let Some(Value::String(target)) = map.get("$ref") {
                    found.push(target.clone());
                }
                map.values().for_each(|value| references(value, found));
            }
            Value::Array(items) => items.iter().for_each(|value| references(value, found)),
            _ => {}
        }
    }

    #[test]
    fn no_two_services_give_one_name_to_different_things() {
        for key in ["/paths", "/components/schemas"] {
            let mut named = BTreeMap::new();
            for (_, part) in parts() {
                for (name, value) in part.pointer(key).and_then(Value::as_object).cloned().unwrap_or_default()
                {
                    let known = named.entry(name.clone()).or_insert_with(|| value.clone());
                    assert_eq!(*known, value, "{key}/{name}");
                }
            }
        }
    }

    #[test]
    fn no_two_services_are_asked_under_one_beginning() {
        let mut segments: Vec<(String, &str)> = Vec::new();
        for (service, part) in parts() {
            let paths = part["paths"].as_object().unwrap();
            let of = paths.keys().map(|path| (path.split('/').nth(1).unwrap().to_owned(), service));
            segments.extend(of);
        }
        segments.sort();
        segments.dedup();
        for pair in segments.windows(2) {
            assert_ne!(pair[0].0, pair[1].0, "{pair:?}");
        }
        assert_eq!(services_by_segment()["shipments"], "shipping");
    }

    #[test]
    fn a_service_on_its_own_describes_itself() {
        let described = document(|service| service == "payment");
        let paths = described["paths"].as_object().unwrap();
        assert!(paths.contains_key("/payments/{id}") && paths.contains_key("/queues"));
        assert!(!paths.contains_key("/orders"));
    }

    #[test]
    fn every_reference_leads_somewhere() {
        let document = document(|_| true);
        let mut found = Vec::new();
        references(&document, &mut found);
        assert!(found.len() > 20, "{found:?}");
        let lost: Vec<&String> = found
            .iter()
            .filter(|target| document.pointer(target.trim_start_matches('#')).is_none())
            .collect();
        assert_eq!(lost, Vec::<&String>::new());
    }
}
