//! Every event has a way, and everyone on it is known.

use contracts::topology::{Flow, Role};
use contracts::{EventType, catalogue};

use super::super::set::Set;
use super::{Findings, escaped};

const FILE: &str = "topology.json";

pub(super) fn check(set: &Set, findings: &mut Findings) {
    for event in catalogue() {
        if !set.topology.events().any(|(kind, _)| kind.as_str() == event.kind) {
            let message = format!("{} has no way", event.kind);
            findings.add(at("/events"), "topology-missing", message, "say who publishes and consumes it");
        }
    }
    for (kind, flow) in set.topology.events() {
        let pointer = format!("/events/{}", escaped(kind.as_str()));
        match catalogue().iter().find(|event| event.kind == kind.as_str()) {
            None => {
                let message = format!("{kind} is no event of the catalogue");
                findings.add(
                    at(&pointer),
                    "topology-unknown",
                    message,
                    "remove it, or add it to the catalogue",
                );
            }
            Some(event) if event.is_state != flow.state => {
                let message = format!("{kind} is a {} in the catalogue", word(event.is_state));
                let fix = format!("set state to {}", event.is_state);
                findings.add(at(&pointer), "topology-state", message, fix);
            }
            Some(_) => {}
        }
        parties(set, kind, flow, &pointer, findings);
    }
}

fn at(pointer: &str) -> (String, &str) {
    (FILE.to_owned(), pointer)
}

fn word(is_state: bool) -> &'static str {
    if is_state { "state" } else { "fact" }
}

fn parties(set: &Set, kind: &EventType, flow: &Flow, pointer: &str, findings: &mut Findings) {
    if flow.publishers.is_empty() {
        let message = format!("nobody publishes {kind}");
        findings.add(at(pointer), "topology-party", message, "name a publisher, or remove the event");
    }
    let roles =
        [("publishers", &flow.publishers), ("subscribers", &flow.subscribers), ("readers", &flow.readers)];
    for (role, names) in roles {
        for (place, name) in names.iter().enumerate() {
            let pointer = format!("{pointer}/{role}/{place}");
            let party = set.topology.parties().find(|(party, _)| party == name).map(|(_, party)| party.role);
            if names[..place].contains(name) {
                findings.add(at(&pointer), "topology-party", format!("{name} is there twice"), "remove one");
            }
            match party {
                None => {
                    let message = format!("{name} is none of the parties");
                    findings.add(
                        at(&pointer),
                        "topology-party",
                        message,
                        "add it to parties, or mend the name",
                    );
                }
                Some(Role::Outside) if role == "subscribers" => {
                    let message = format!("{name} has no queue");
                    findings.add(at(&pointer), "topology-party", message, "move it to readers");
                }
                Some(Role::Outside | Role::Service) => {}
            }
        }
    }
}
