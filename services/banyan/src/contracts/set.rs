//! The contracts as generators, lint and pages see them: every event with its schema, its frozen example and its way.
//! Reading the folder is the only I/O; all that is made of a [`Set`] is pure.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use contracts::topology::Flow;
use contracts::{EventType, Topology, catalogue};
use serde_json::Value;

use super::files::{self, Text};

/// What every type of ours begins with.
pub const PREFIX: &str = "shop.banyan.";

/// A JSON file: its text as it is committed, and what it says.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// As it is committed.
    pub text: String,
    /// What it says.
    pub value: Value,
}

/// A folder of contracts.
#[derive(Debug, Clone, PartialEq)]
pub struct Set {
    /// Schemas by name and major: `order.placed.v1`; `envelope.v1` and `place-order.v1` among them.
    pub schemas: BTreeMap<String, Document>,
    /// Frozen examples, by the same names.
    pub examples: BTreeMap<String, Document>,
    /// Who publishes and consumes what.
    pub topology: Topology,
}

/// One event in one major version, with all that is known about it.
#[derive(Debug, Clone)]
pub struct Event<'a> {
    /// Name and major: `order.placed.v1`.
    pub key: String,
    /// The type on the wire.
    pub kind: EventType,
    /// Without the version: `order.placed`.
    pub name: &'static str,
    /// Before the dot: `order`.
    pub domain: &'static str,
    /// The major version.
    pub major: u32,
    /// The full version.
    pub semver: &'static str,
    /// What it says, in one line.
    pub summary: &'static str,
    /// Whether a later one replaces an earlier one.
    pub is_state: bool,
    /// The day from which on nobody publishes it, `YYYY-MM-DD`.
    pub sunset: Option<&'static str>,
    /// The schema of its body.
    pub schema: &'a Value,
    /// The frozen example.
    pub example: Option<&'a Document>,
    /// Who publishes, consumes and reads it.
    pub flow: Option<&'a Flow>,
}

impl Set {
    /// Reads a folder such as `contracts`.
    ///
    /// # Errors
    /// A file cannot be read or is not JSON; or there are no schemas, which is what somebody sees who is elsewhere.
    pub fn read(folder: &Path) -> Result<Self> {
        let schemas = files::of_folder(&folder.join("schemas")).context(
            "expected a folder with schemas, examples and topology.json: name it with --contracts DIR",
        )?;
        let examples = files::of_folder(&folder.join("examples"))?;
        let at = folder.join("topology.json");
        let topology =
            std::fs::read_to_string(&at).with_context(|| format!("{} cannot be read", at.display()))?;
        Self::parse(&schemas, &examples, &topology).with_context(|| folder.display().to_string())
    }

    /// Makes a set of files that were read.
    ///
    /// # Errors
    /// One of them is not JSON, the topology is not one, or there are no schemas.
    pub fn parse(schemas: &[Text], examples: &[Text], topology: &str) -> Result<Self> {
        if schemas.is_empty() {
            bail!("there are no schemas");
        }
        let topology = serde_json::from_str(topology).context("topology.json")?;
        Ok(Self { schemas: documents(schemas)?, examples: documents(examples)?, topology })
    }

    /// Every event of the catalogue that has a schema here, in the order of the catalogue.
    #[must_use]
    pub fn events(&self) -> Vec<Event<'_>> {
        catalogue().iter().filter_map(|described| self.event(described)).collect()
    }

    fn event(&self, described: &'static contracts::Described) -> Option<Event<'_>> {
        let key = format!("{}.v{}", described.name, described.major);
        let kind: EventType = described.kind.parse().ok()?;
        Some(Event {
            schema: &self.schemas.get(&key)?.value,
            example: self.examples.get(&key),
            flow: self.topology.flow(&kind),
            kind,
            name: described.name,
            domain: described.name.split('.').next().unwrap_or_default(),
            major: described.major,
            semver: described.semver,
            summary: described.summary,
            is_state: described.is_state,
            sunset: described.sunset,
            key,
        })
    }
}

impl Event<'_> {
    /// Who may publish it.
    #[must_use]
    pub fn publishers(&self) -> &[String] {
        self.flow.map_or(&[], |flow| &flow.publishers)
    }

    /// Who has it in the queue.
    #[must_use]
    pub fn subscribers(&self) -> &[String] {
        self.flow.map_or(&[], |flow| &flow.subscribers)
    }

    /// Who looks at it without a queue.
    #[must_use]
    pub fn readers(&self) -> &[String] {
        self.flow.map_or(&[], |flow| &flow.readers)
    }

    /// What its body says, in the words of the schema.
    #[must_use]
    pub fn description(&self) -> String {
        prose(self.schema["description"].as_str().unwrap_or(self.summary))
    }

    /// The name of its body in a language with types: `OrderPlacedV1`.
    #[must_use]
    pub fn type_name(&self) -> String {
        type_name(&self.key)
    }
}

/// The events by domain, both in the order of the catalogue.
#[must_use]
pub fn by_domain<'e, 'a>(events: &'e [Event<'a>]) -> Vec<(&'static str, Vec<&'e Event<'a>>)> {
    let mut domains: Vec<(&'static str, Vec<&Event<'_>>)> = Vec::new();
    for event in events {
        match domains.iter_mut().find(|(domain, _)| *domain == event.domain) {
            Some((_, events)) => events.push(event),
            None => domains.push((event.domain, vec![event])),
        }
    }
    domains
}

/// `order.cancel-requested.v1` as `OrderCancelRequestedV1`.
#[must_use]
pub fn type_name(key: &str) -> String {
    let capital = |word: &str| {
        let mut letters = word.chars();
        letters
            .next()
            .map(|first| first.to_ascii_uppercase().to_string() + letters.as_str())
            .unwrap_or_default()
    };
    key.split(['.', '-', '_']).map(capital).collect()
}

/// A description in one line, and without what only the documentation of Rust makes a link of.
#[must_use]
pub fn prose(description: &str) -> String {
    let line = description.split_whitespace().collect::<Vec<_>>().join(" ");
    line.replace("[`", "`").replace("`]", "`")
}

fn documents(files: &[Text]) -> Result<BTreeMap<String, Document>> {
    let document = |file: &Text| {
        let value =
            serde_json::from_str(&file.text).with_context(|| format!("{} is not JSON", file.shown))?;
        let name = file.path.trim_end_matches(".json").to_owned();
        Ok((name, Document { text: file.text.clone(), value }))
    };
    files.iter().map(document).collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// The committed contracts.
    pub(crate) fn committed() -> Set {
        Set::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../contracts")).unwrap()
    }

    #[test]
    fn every_event_of_the_catalogue_is_in_the_committed_set() {
        let set = committed();
        let events = set.events();
        assert_eq!(events.len(), catalogue().len());
        assert!(events.iter().all(|event| event.example.is_some() && event.flow.is_some()));
        let grouped: usize = by_domain(&events).iter().map(|(_, events)| events.len()).sum();
        assert_eq!(grouped, events.len());
    }

    #[test]
    fn a_folder_without_contracts_says_how_to_name_another() {
        let error = Set::read(Path::new("/nowhere")).unwrap_err();
        assert!(format!("{error:#}").contains("--contracts DIR"), "{error:#}");
    }

    #[test]
    fn names_of_types_are_in_capitals_and_prose_is_one_line() {
        assert_eq!(type_name("order.cancel-requested.v2"), "OrderCancelRequestedV2");
        assert_eq!(prose("like [`Customer`],\n   but not"), "like `Customer`, but not");
    }
}
