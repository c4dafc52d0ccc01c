//! Who publishes what and who consumes it: `topology.json`, read once.
//!
//! The file says the whole target. What runs in one deployment is a part of it, see [`Topology::restricted_to`].

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::event::EventType;

/// Every party and every event between them.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Topology {
    parties: BTreeMap<String, Party>,
    events: BTreeMap<EventType, Flow>,
}

/// Someone who publishes, consumes or reads events.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Party {
    /// Whether it has a queue.
    pub role: Role,
    /// What it is, in one line.
    pub summary: String,
}

/// Whether a party has a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// A service: one queue, and a handler for each event type in it.
    Service,
    /// Publishes through the intake and reads through HTTP; has no queue.
    Outside,
}

/// The way of one event type.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Flow {
    /// Whether a later one replaces an earlier one, so that a stale one may be dropped.
    #[serde(default)]
    pub state: bool,
    /// Who may publish it.
    pub publishers: Vec<String>,
    /// Which services have it in their queue.
    pub subscribers: Vec<String>,
    /// Who looks at it without a queue.
    #[serde(default)]
    pub readers: Vec<String>,
}

/// The name is not that of a service with a queue.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no service is called {0:?}; there are {known}", known = .1.join(", "))]
pub struct UnknownService(String, Vec<String>);

static EMBEDDED: LazyLock<Topology> = LazyLock::new(|| {
    #[expect(
        clippy::expect_used,
        reason = "a programmer error: the file is part of the crate, and a test reads it"
    )]
    serde_json::from_str(include_str!("../topology.json")).expect("topology.json is sound")
});

impl Topology {
    /// The topology that this version was built with.
    #[must_use]
    pub fn embedded() -> &'static Self {
        &EMBEDDED
    }

    /// The services, by name.
    pub fn services(&self) -> impl Iterator<Item = &str> {
        self.parties.iter().filter(|(_, party)| party.role == Role::Service).map(|(name, _)| name.as_str())
    }

    /// Everyone, services and outside, by name.
    pub fn parties(&self) -> impl Iterator<Item = (&str, &Party)> {
        self.parties.iter().map(|(name, party)| (name.as_str(), party))
    }

    /// Every event type and its way, by type.
    pub fn events(&self) -> impl Iterator<Item = (&EventType, &Flow)> {
        self.events.iter()
    }

    /// The way of one event type; `None` when it is not known.
    #[must_use]
    pub fn flow(&self, kind: &EventType) -> Option<&Flow> {
        self.events.get(kind)
    }

    /// Who may publish `kind`; nobody when it is not known.
    #[must_use]
    pub fn publishers(&self, kind: &EventType) -> &[String] {
        self.flow(kind).map_or(&[], |flow| &flow.publishers)
    }

    /// Which services have `kind` in their queue; none when it is not known.
    #[must_use]
    pub fn subscribers(&self, kind: &EventType) -> &[String] {
        self.flow(kind).map_or(&[], |flow| &flow.subscribers)
    }

    /// Which event types `service` has in its queue, by type.
    pub fn subscriptions<'a>(&'a self, service: &'a str) -> impl Iterator<Item = &'a EventType> {
        self.events
            .iter()
            .filter(move |(_, flow)| flow.subscribers.iter().any(|s| s == service))
            .map(|(kind, _)| kind)
    }

    /// Whether a stale `kind` may be dropped. Facts, and what is not known, never.
    #[must_use]
    pub fn is_state(&self, kind: &EventType) -> bool {
        self.flow(kind).is_some_and(|flow| flow.state)
    }

    /// The same events for a deployment in which only `running` services run: nothing is queued for the others.
    ///
    /// # Errors
    /// [`UnknownService`] for a name that is no service: a typing error would lose a queue without a word.
    pub fn restricted_to(&self, running: &[&str]) -> Result<Self, UnknownService> {
        let known: Vec<String> = self.services().map(str::to_owned).collect();
        if let Some(unknown) = running.iter().find(|name| !known.iter().any(|service| service == *name)) {
            return Err(UnknownService((*unknown).to_owned(), known));
        }
        let mut restricted = self.clone();
        restricted
            .parties
            .retain(|name, party| party.role == Role::Outside || running.contains(&name.as_str()));
        for flow in restricted.events.values_mut() {
            flow.subscribers.retain(|service| running.contains(&service.as_str()));
        }
        Ok(restricted)
    }
}

#[cfg(test)]
mod tests;
