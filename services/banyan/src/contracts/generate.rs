//! What is made of the contracts for others: descriptions, types and tables. Pure: text in, text out.

use serde::Serialize;
use serde_json::Value;

use super::consumers::{self, Reads};
use super::set::Set;

mod asyncapi;
mod markdown;
mod pact;
mod typescript;

/// What can be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// JSON Schema 2020-12 of every body, as committed
    JsonSchema,
    /// AsyncAPI 3.0 with bindings for SNS, SQS and AMQP
    Asyncapi,
    /// Types and guards for TypeScript
    Typescript,
    /// Tables for people
    Markdown,
    /// Which fields each consumer reads, and Pact V4 message files of those that are always there
    Pact,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::JsonSchema, Self::Asyncapi, Self::Typescript, Self::Markdown, Self::Pact];
}

/// A file to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its path below the folder of the contracts, with slashes.
    pub path: String,
    /// What it must say, to the byte.
    pub text: String,
}

/// How the files come to be; stands at the top of each.
pub const HOW: &str = "Made from schemas, examples and topology.json by `banyan contracts gen`; do not edit.";

/// Every file of one format. `reads`: what consumers read.
#[must_use]
pub fn files(set: &Set, reads: &Reads, format: Format) -> Vec<File> {
    let one = |path: &str, text: String| vec![File { path: path.to_owned(), text }];
    match format {
        Format::JsonSchema => {
            let file = |(name, schema): (&String, &super::set::Document)| File {
                path: format!("schemas/{name}.json"),
                text: schema.text.clone(),
            };
            set.schemas.iter().map(file).collect()
        }
        Format::Asyncapi => one("asyncapi.json", asyncapi::document(set)),
        Format::Typescript => one("typescript/banyan.ts", typescript::module(set)),
        Format::Markdown => one("EVENTS.md", markdown::tables(set)),
        Format::Pact => {
            let all = serde_json::json!({ "note": HOW, "reads": reads });
            let mut files = one(consumers::FILE, format!("{:#}\n", sorted(&all)));
            files.extend(pact::files(set, reads));
            files
        }
    }
}

/// Keys in alphabetical order, whatever map `serde_json` was built with: the same text on every machine.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(object) => {
            let mut fields: Vec<_> = object.iter().collect();
            fields.sort_unstable_by_key(|(name, _)| *name);
            Value::Object(fields.into_iter().map(|(name, value)| (name.clone(), sorted(value))).collect())
        }
        Value::Array(items) => items.iter().map(sorted).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::consumers::of_this_version;
    use super::super::set::tests::committed;
    use super::*;

    #[test]
    fn what_is_committed_is_what_is_made() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../contracts");
        let set = committed();
        let reads = of_this_version(&set).unwrap();
        for file in Format::ALL.into_iter().flat_map(|format| files(&set, &reads, format)) {
            let there = std::fs::read_to_string(folder.join(&file.path)).unwrap_or_default();
            assert!(
                there == file.text,
                "contracts/{} differs from the contracts; run: make contracts",
                file.path
            );
        }
    }

    #[test]
    fn every_file_but_the_schemas_says_at_the_top_how_it_was_made() {
        let set = committed();
        for format in [Format::Asyncapi, Format::Typescript, Format::Markdown] {
            for file in files(&set, &Reads::new(), format) {
                let top: String = file.text.lines().take(8).collect();
                assert!(top.contains(HOW), "{}: {top}", file.path);
            }
        }
    }
}
