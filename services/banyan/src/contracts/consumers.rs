//! What each consumer really reads of an event, found by asking the type that it reads it as: a field is read when
//! nonsense in its place keeps the body from being read.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use contracts::Envelope;
use runtime::Service;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::fields::{Field, of_schema};
use super::set::{Event, PREFIX, Set};
use super::version::Name;
use crate::peer::Addresses;
use crate::wiring::{Options, services};

/// Paths such as `lines[].sku` that are read, by consumer and by type. What nobody reads a field of is there with none.
pub type Reads = BTreeMap<String, BTreeMap<String, Vec<String>>>;

/// Where they are written down, beside the schemas.
pub const FILE: &str = "consumers.json";

/// What is written down.
#[derive(Debug, Serialize, Deserialize)]
pub struct Written {
    /// How it came to be.
    pub note: String,
    /// What is read.
    pub reads: Reads,
}

/// What is written down in a folder of contracts; where nothing is, what the services of this version read.
///
/// # Errors
/// The file is not one.
pub fn written(folder: Option<&Path>) -> Result<Reads> {
    let at = folder.map(|folder| folder.join(FILE)).filter(|at| at.is_file());
    let text = match &at {
        Some(at) => std::fs::read_to_string(at).with_context(|| at.display().to_string())?,
        None => include_str!("../../../../contracts/consumers.json").to_owned(),
    };
    let written: Written = serde_json::from_str(&text).with_context(|| {
        at.map_or_else(|| format!("built in: {FILE}"), |at| format!("{}; run: make contracts", at.display()))
    })?;
    Ok(written.reads)
}

/// What each of `services` reads of each event that it handles.
///
/// # Errors
/// A frozen example cannot be read by one of them: then nothing can be said about its fields.
pub fn reads(set: &Set, services: &[Service]) -> Result<Reads> {
    let mut all = Reads::new();
    for service in services {
        for event in set.events() {
            if let Some(paths) = of_event(&event, service)? {
                all.entry(service.name().to_owned()).or_default().insert(event.kind.to_string(), paths);
            }
        }
    }
    Ok(all)
}

/// What the services of this version read.
///
/// # Errors
/// As for [`reads`].
pub fn of_this_version(set: &Set) -> Result<Reads> {
    // They are only asked what they read, so there is nobody to reach.
    let nobody = || "http://127.0.0.1:1".to_owned();
    let nobody = Addresses { provider: nobody(), carrier: nobody(), mailbox: nobody() };
    reads(set, &services(nobody.reach()?, Options::default()))
}

/// Who reads the field at `path` of a contract, or something inside it, or what it is inside of; with an empty path,
/// whoever reads the event.
#[must_use]
pub fn touched(reads: &Reads, contract: &Name, path: &str) -> Vec<String> {
    let kind = format!("{PREFIX}{contract}");
    let is_within = |inner: &str, outer: &str| {
        inner == outer || inner.strip_prefix(outer).is_some_and(|rest| rest.starts_with(['.', '[']))
    };
    let meets = |read: &String| path.is_empty() || is_within(read, path) || is_within(path, read);
    let is_touched = |events: &BTreeMap<String, Vec<String>>| {
        events.get(&kind).is_some_and(|paths| paths.iter().any(meets))
    };
    reads.iter().filter(|(_, events)| is_touched(events)).map(|(consumer, _)| consumer.clone()).collect()
}

/// `/lines/0/sku` as `lines[].sku`.
#[must_use]
pub fn path_of(pointer: &str) -> String {
    pointer.split('/').skip(1).fold(String::new(), |path, part| {
        if part == "*" || part.parse::<usize>().is_ok() {
            path + "[]"
        } else if path.is_empty() {
            part.to_owned()
        } else {
            format!("{path}.{part}")
        }
    })
}

/// `None` when the service does not handle it.
fn of_event(event: &Event<'_>, service: &Service) -> Result<Option<Vec<String>>> {
    let Some(example) = event.example else { return Ok(None) };
    let mut probe = Probe { service, event: example.value.clone() };
    match probe.can_read() {
        None => Ok(None),
        Some(false) => bail!("{} cannot read the example of {}", service.name(), event.kind),
        Some(true) => {
            let mut paths = Vec::new();
            probe.look(&of_schema(event.schema), &["data".to_owned()], "", &mut paths);
            Ok(Some(paths))
        }
    }
}

/// An event that is spoilt in one place after the other.
struct Probe<'s> {
    service: &'s Service,
    event: Value,
}

impl Probe<'_> {
    fn can_read(&self) -> Option<bool> {
        let event = Envelope::decode(self.event.to_string().as_bytes()).ok()?;
        self.service.can_read(event)
    }

    /// Adds which of `fields`, of the object at `parent`, are read.
    fn look(&mut self, fields: &[Field], parent: &[String], path: &str, read: &mut Vec<String>) {
        for field in fields {
            let path = if path.is_empty() { field.name.clone() } else { format!("{path}.{}", field.name) };
            if !self.is_read(field, parent) {
                continue;
            }
            let at: Vec<String> = parent.iter().cloned().chain([field.name.clone()]).collect();
            let is_list = field.kind.starts_with("list");
            let inside = if is_list { [&at[..], &["0".to_owned()]].concat() } else { at };
            let before = read.len();
            if self.event.pointer(&pointer(&inside)).is_some_and(Value::is_object) {
                let path = if is_list { format!("{path}[]") } else { path.clone() };
                self.look(&field.fields, &inside, &path, read);
            }
            if read.len() == before {
                read.push(path);
            }
        }
    }

    fn is_read(&mut self, field: &Field, parent: &[String]) -> bool {
        let Some(object) = self.event.pointer_mut(&pointer(parent)).and_then(Value::as_object_mut) else {
            // The example does not show it: rather too many than too few.
            return true;
        };
        // An object may do with an empty one, and so is spoilt by a number.
        let nonsense = if field.kind.starts_with("object") { json!(7) } else { json!({ "no": "sense" }) };
        let before = object.insert(field.name.clone(), nonsense);
        let is_read = self.can_read() != Some(true);
        if let Some(object) = self.event.pointer_mut(&pointer(parent)).and_then(Value::as_object_mut) {
            match before {
                Some(before) => drop(object.insert(field.name.clone(), before)),
                None => drop(object.remove(&field.name)),
            }
        }
        is_read
    }
}

fn pointer(parts: &[String]) -> String {
    parts.iter().fold(String::new(), |pointer, part| pointer + "/" + part)
}

#[cfg(test)]
mod tests {
    use super::super::set::tests::committed;
    use super::*;
    #[test]
    fn a_consumer_reads_what_its_type_names_and_nothing_else() {
        let reads = of_this_version(&committed()).unwrap();
        let of = |consumer: &str, kind: &str| reads[consumer][&format!("shop.banyan.{kind}")].join(" ");
        assert_eq!(of("inventory", "order.placed.v2"), "order_id lines[].sku lines[].quantity hold_id");
        assert_eq!(of("payment", "order.cancelled.v1"), "order_id");
        assert_eq!(of("shipping", "payment.captured.v1"), "order_id payment_id captured_at");
        // An older major is read to be stepped up: all of it.
        assert!(of("inventory", "order.placed.v1").contains("total_minor"));
        assert!(!reads["inventory"].contains_key("shop.banyan.payment.captured.v1"));
    }

    #[test]
    fn what_is_written_down_is_found_beside_the_schemas_or_built_in() {
        let folder = tempfile::tempdir().unwrap();
        let built_in = written(Some(folder.path())).unwrap();
        assert_eq!(built_in, written(None).unwrap());
        assert!(
            built_in == of_this_version(&committed()).unwrap(),
            "contracts/consumers.json differs from what handlers read; run: make contracts"
        );
        std::fs::write(folder.path().join(FILE), r#"{"note":"","reads":{"tax":{"t":["a"]}}}"#).unwrap();
        assert_eq!(written(Some(folder.path())).unwrap()["tax"]["t"], ["a"]);
        std::fs::write(folder.path().join(FILE), "{}").unwrap();
        assert!(format!("{:#}", written(Some(folder.path())).unwrap_err()).contains("make contracts"));
    }

    #[test]
    fn a_change_touches_those_who_read_that_place() {
        let reads = of_this_version(&committed()).unwrap();
        let placed = "order.placed.v2".parse().unwrap();
        let touched = |pointer| touched(&reads, &placed, &path_of(pointer)).join(" ");
        assert_eq!(touched("/lines/0/sku"), "inventory notification orders");
        assert_eq!(touched("/payment_method/token"), "notification orders payment");
        assert_eq!(touched("/payment_method"), touched("/payment_method/token"));
        assert_eq!(touched(""), "inventory notification orders payment");
        assert_eq!(touched("/gift_wrap"), "");
    }
}
