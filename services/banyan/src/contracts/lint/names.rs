//! Names of events and addresses of schemas.

use contracts::catalogue;

use super::{Findings, Schema};

/// What a schema's address begins with.
const ADDRESS: &str = "https://banyan.example/contracts/";

/// Last words that say what has become true, and do not end in `ed`.
const PAST: [&str; 13] =
    ["sent", "due", "low", "ready", "short", "lost", "held", "made", "paid", "sold", "begun", "put", "left"];

pub(super) fn check(schema: Schema<'_>, findings: &mut Findings) {
    let at = || (schema.file(), "");
    let Some((name, major)) = versioned(schema.name) else {
        let message = format!("{:?} has no major version", schema.name);
        findings.add(at(), "type-name", message, "call the file <noun>.<past-verb>.v<major>.json");
        return;
    };
    if schema.is_event() {
        if let Some(why) = wrong(name) {
            findings.add(
                at(),
                "type-name",
                why,
                "name it <noun>.<past-verb>, such as order.cancel-requested",
            );
        }
        if !catalogue().iter().any(|event| event.name == name && event.major == major) {
            let message = format!("{} is no event of the catalogue", schema.name);
            findings.add(
                at(),
                "catalogue",
                message,
                "add its line to contracts/src/events.rs or remove the file",
            );
        }
    }
    let id = schema.root["$id"].as_str().unwrap_or_default();
    let version = id
        .strip_prefix(ADDRESS)
        .and_then(|rest| rest.strip_prefix(name)?.strip_prefix('/')?.strip_suffix(".json"));
    let is_right = version.is_some_and(|version| {
        let numbers: Vec<&str> = version.split('.').collect();
        numbers.len() == 3
            && numbers[0] == major.to_string()
            && numbers.iter().all(|number| number.parse::<u32>().is_ok())
    });
    if !is_right {
        let fix = format!("make it {ADDRESS}{name}/{major}.<minor>.<patch>.json");
        findings.add((schema.file(), "/$id"), "schema-id", format!("the address is {id:?}"), fix);
    }
    if schema.root["title"] != name {
        let message = format!("the title is {}", schema.root["title"]);
        findings.add((schema.file(), "/title"), "schema-id", message, format!("make it {name:?}"));
    }
}

/// `order.placed.v2` as name and major.
fn versioned(name: &str) -> Option<(&str, u32)> {
    let (name, major) = name.rsplit_once(".v")?;
    Some((name, major.parse().ok().filter(|major| *major > 0)?))
}

/// Why a name is none for an event.
fn wrong(name: &str) -> Option<String> {
    let is_word = |word: &str| {
        word.starts_with(|first: char| first.is_ascii_lowercase())
            && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
    };
    let Some((noun, verb)) = name.split_once('.') else {
        return Some(format!("{name:?} has no noun before a dot"));
    };
    if !noun.split('-').chain(verb.split('-')).all(is_word) {
        return Some(format!("{name:?} is not of lower-case words with dashes"));
    }
    let last = verb.rsplit('-').next().unwrap_or_default();
    let is_past = last.ends_with("ed") || PAST.contains(&last);
    (!is_past).then(|| format!("{verb:?} is not in the past tense: an event is a fact"))
}
