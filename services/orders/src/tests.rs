//! The service as a whole: on a simulated store and bus, over HTTP and by events, in virtual time.

mod bus;
mod cancel;
mod http;
mod journey;
mod list;
mod majors;
mod race;
mod returns;
mod shop;

use std::collections::BTreeSet;

use contracts::topology::Topology;

use crate::{Config, service};

#[test]
fn every_event_that_the_topology_gives_is_handled() {
    let service = service(Config::default());
    let handled: BTreeSet<&str> = service.handled_events().iter().copied().collect();
    let given: BTreeSet<&str> =
        Topology::embedded().subscriptions("orders").map(contracts::EventType::as_str).collect();
    assert_eq!(handled.len(), service.handled_events().len(), "registered twice");
    assert_eq!(handled, given);
}

#[test]
fn the_openapi_fragment_names_only_schemas_that_exist_and_routes_that_are_served() {
    let openapi = crate::openapi();
    let text = openapi.to_string();
    for (_, rest) in
        text.match_indices("#/components/schemas/").map(|(at, name)| text[at..].split_at(name.len()))
    {
        let name = rest.split('"').next().unwrap();
        let known = name == "Problem" || openapi["components"]["schemas"].get(name).is_some();
        assert!(known, "no schema is called {name}");
    }
    let paths: Vec<&String> = openapi["paths"].as_object().unwrap().keys().collect();
    assert_eq!(
        paths,
        ["/orders", "/orders/{id}", "/orders/{id}/cancel", "/orders/{id}/returns", "/orders/{id}/timeline"]
    );
}
