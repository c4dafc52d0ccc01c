//! The versions of contracts that one side has.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use super::files::{self, Text};
use super::version::{Name, Version};

/// One version of a contract.
#[derive(Debug, Clone, PartialEq)]
pub struct Contract {
    /// Its full version.
    pub version: Version,
    /// Where it was read, for people.
    pub file: String,
    /// What it says.
    pub schema: Value,
}

/// Every version of every contract of one side, oldest first.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Versions(pub BTreeMap<Name, Vec<Contract>>);

impl Versions {
    /// Reads files that are laid out flat (`order.placed.v1.json`) or as releases (`order.placed/1.0.0.json`).
    ///
    /// # Errors
    /// A file that has neither name, is not JSON, or has a version that its name does not have.
    pub fn parse(files: &[Text]) -> Result<Self> {
        let mut versions = BTreeMap::<Name, Vec<Contract>>::new();
        for file in files {
            let (name, contract) = parsed(file).with_context(|| file.shown.clone())?;
            versions.entry(name).or_default().push(contract);
        }
        for all in versions.values_mut() {
            all.sort_by_key(|contract| contract.version);
        }
        Ok(Self(versions))
    }

    /// The schemas that a folder `contracts` has in the working tree.
    ///
    /// # Errors
    /// As for [`Versions::parse`], or there are none.
    pub fn working(contracts: &Path) -> Result<Self> {
        let folder = contracts.join("schemas");
        let files = files::of_folder(&folder)?;
        if files.is_empty() {
            bail!("{} has no schemas", folder.display());
        }
        Self::parse(&files)
    }

    /// The schemas that this binary was built with.
    ///
    /// # Errors
    /// None but a programmer's: what is built in was checked.
    pub fn built_in() -> Result<Self> {
        let file = |name: String, text: &str| Text {
            shown: format!("built in: {name}"),
            path: name,
            text: text.to_owned(),
        };
        let events = contracts::catalogue();
        let events = events
            .iter()
            .map(|event| file(format!("{}.v{}.json", event.name, event.major), event.schema_text));
        let others = contracts::validate::OTHERS.iter().map(|(name, text)| file((*name).to_owned(), text));
        Self::parse(&events.chain(others).collect::<Vec<_>>())
    }
}

fn parsed(file: &Text) -> Result<(Name, Contract)> {
    let schema: Value = serde_json::from_str(&file.text).context("this is not JSON")?;
    let stem = file.path.strip_suffix(".json").unwrap_or(&file.path);
    let (name, version) = match stem.split_once('/') {
        Some((name, version)) => {
            let version: Version = version.parse()?;
            (Name { name: name.to_owned(), major: version.major }, version)
        }
        None => {
            let name: Name = stem.parse().context("the name must be <event>.v<major>.json")?;
            let version = of_id(&schema).unwrap_or(Version { major: name.major, minor: 0, patch: 0 });
            (name, version)
        }
    };
    if let Some(said) = of_id(&schema).filter(|said| *said != version || said.major != name.major) {
        bail!("its $id says {said}, its name says {name}, version {version}");
    }
    Ok((name, Contract { version, file: file.shown.clone(), schema }))
}

/// The version in `https://banyan.example/contracts/order.placed/1.0.0.json`.
fn of_id(schema: &Value) -> Option<Version> {
    let last = schema.get("$id")?.as_str()?.rsplit('/').next()?;
    last.strip_suffix(".json")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(path: &str, text: &str) -> Text {
        Text { shown: path.to_owned(), path: path.to_owned(), text: text.to_owned() }
    }

    #[test]
    fn flat_files_and_releases_are_the_same_contracts() {
        let schema = r#"{ "$id": "https://banyan.example/contracts/order.placed/1.2.0.json" }"#;
        let flat = Versions::parse(&[text("order.placed.v1.json", schema)]).unwrap();
        let released = Versions::parse(&[text("order.placed/1.2.0.json", schema)]).unwrap();
        let facts = |versions: &Versions| {
            let of = |(name, all): (&Name, &Vec<Contract>)| (name.to_string(), all[0].version.to_string());
            versions.0.iter().map(of).collect::<Vec<_>>()
        };
        assert_eq!(facts(&flat), [("order.placed.v1".to_owned(), "1.2.0".to_owned())]);
        assert_eq!(facts(&flat), facts(&released));
    }

    #[test]
    fn several_versions_are_sorted_by_number() {
        let files = ["a.b/1.10.0.json", "a.b/1.9.0.json", "a.b/2.0.0.json"].map(|path| text(path, "{}"));
        let versions = Versions::parse(&files).unwrap();
        let shown = |name: &str| {
            let all = &versions.0[&name.parse::<Name>().unwrap()];
            all.iter().map(|contract| contract.version.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(
            (shown("a.b.v1"), shown("a.b.v2")),
            (vec!["1.9.0".into(), "1.10.0".into()], vec!["2.0.0".into()])
        );
    }

    #[test]
    fn a_file_whose_name_and_id_disagree_is_refused() {
        for (path, id) in [("a.b.v1.json", "x/2.0.0.json"), ("a.b/1.1.0.json", "x/1.0.0.json")] {
            let error = Versions::parse(&[text(path, &format!(r#"{{ "$id": "{id}" }}"#))]).unwrap_err();
            assert!(format!("{error:#}").contains("$id"), "{error:#}");
        }
        for (path, content) in [("a.b.json", "{}"), ("a.b/one.json", "{}"), ("a.b.v1.json", "{")] {
            assert!(Versions::parse(&[text(path, content)]).is_err(), "{path}");
        }
    }

    #[test]
    fn what_is_built_in_is_what_the_folder_has() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../contracts");
        let names =
            |versions: Versions| versions.0.into_keys().map(|name| name.to_string()).collect::<Vec<_>>();
        assert_eq!(names(Versions::built_in().unwrap()), names(Versions::working(&folder).unwrap()));
    }
}
