//! Who may depend on whom.

use std::collections::BTreeSet;
use std::process::Command;

use toml::{Table, Value};

use super::{crates, read};

/// The crate that wires all others, and the only one that names them all.
const BINARY: &str = "services/banyan";

/// A crate's folder, and the crates of ours that its manifest names.
struct Node {
    folder: String,
    manifest: Table,
}

impl Node {
    fn all() -> Vec<Self> {
        let manifest = |folder: &String| read(&format!("{folder}/Cargo.toml")).parse().unwrap();
        crates().into_iter().map(|folder| Self { manifest: manifest(&folder), folder }).collect()
    }

    fn of(folder: &str, manifest: &str) -> Self {
        Self { folder: folder.to_owned(), manifest: manifest.parse().unwrap() }
    }

    fn name(&self) -> &str {
        self.folder.rsplit('/').next().unwrap()
    }

    /// Every dependency with the table it stands in, those of one platform included.
    fn dependencies(&self) -> Vec<(&str, &str, &Value)> {
        let platforms = self.manifest.get("target").and_then(Value::as_table).into_iter();
        let tables = platforms.flat_map(Table::values).filter_map(Value::as_table);
        let mut found = Vec::new();
        for table in std::iter::once(&self.manifest).chain(tables) {
            for kind in ["dependencies", "dev-dependencies", "build-dependencies"] {
                let listed = table.get(kind).and_then(Value::as_table).into_iter().flatten();
                found.extend(listed.map(|(key, value)| (kind, renamed(key, value), value)));
            }
        }
        found
    }

    /// What is wrong with whom this crate depends on, as sentences.
    fn wrong_directions(&self, all: &[String]) -> Vec<String> {
        let layer = |folder: &str| folder.split('/').next().unwrap().to_owned();
        let mut wrong = Vec::new();
        for (kind, name, _) in self.dependencies() {
            let Some(target) = all.iter().find(|folder| folder.rsplit('/').next() == Some(name)) else {
                continue;
            };
            let why = match (layer(&self.folder).as_str(), layer(target).as_str()) {
                _ if *target == self.folder => continue,
                ("contracts", _) => "contracts depends on no other crate of ours",
                ("shared", "services") => "what is shared knows no service",
                ("services", "services") if self.folder != BINARY => "a service knows no other service",
                _ if name == "testkit" && kind == "dependencies" && self.folder != BINARY => {
                    "the simulator is for tests"
                }
                _ => continue,
            };
            wrong.push(format!("{} has {name} in its {kind}: {why}", self.folder));
        }
        wrong
    }
}

fn renamed<'a>(key: &'a str, value: &'a Value) -> &'a str {
    value.get("package").and_then(Value::as_str).unwrap_or(key)
}

#[test]
fn every_dependency_points_the_right_way() {
    let wrong: Vec<String> = Node::all().iter().flat_map(|node| node.wrong_directions(&crates())).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_dependency_in_the_wrong_direction_would_be_seen() {
    for (folder, manifest) in [
        ("contracts", "[dependencies]\nstore.workspace = true"),
        ("shared/bus", "[dev-dependencies]\norders.workspace = true"),
        ("services/orders", "[dependencies.inventory]\nworkspace = true"),
        ("services/orders", "[dependencies]\nstock = { package = \"inventory\", workspace = true }"),
        ("services/orders", "[target.'cfg(unix)'.build-dependencies]\nbanyan.workspace = true"),
        ("services/orders", "[dependencies]\ntestkit.workspace = true"),
    ] {
        let wrong = Node::of(folder, manifest).wrong_directions(&crates());
        assert_eq!(wrong.len(), 1, "{folder}: {manifest}");
    }
    let right = Node::of("services/orders", "[dependencies]\nruntime.workspace = true");
    assert!(right.wrong_directions(&crates()).is_empty());
}

#[test]
fn versions_lints_and_licence_are_said_once_for_all_crates() {
    for node in Node::all() {
        let Node { folder, manifest } = &node;
        assert_eq!(
            manifest["lints"]["workspace"],
            Value::Boolean(true),
            "{folder}: [lints] workspace = true"
        );
        assert_eq!(
            manifest["package"]["name"].as_str(),
            Some(node.name()),
            "{folder} is named like its folder"
        );
        for field in ["version", "edition", "rust-version", "license", "repository", "publish"] {
            let inherited = &manifest["package"][field]["workspace"];
            assert_eq!(*inherited, Value::Boolean(true), "{folder}: {field}.workspace = true");
        }
        for (_, name, value) in node.dependencies() {
            let itself = value.get("path").and_then(Value::as_str) == Some(".");
            let inherited = value.get("workspace") == Some(&Value::Boolean(true));
            assert!(inherited || itself, "{folder}: {name} has a version of its own");
        }
    }
}

#[test]
fn the_workspace_lists_no_dependency_that_no_crate_has() {
    let workspace: Table = read("Cargo.toml").parse().unwrap();
    let nodes = Node::all();
    let used: BTreeSet<&str> =
        nodes.iter().flat_map(|node| node.dependencies()).map(|(_, name, _)| name).collect();
    let listed = workspace["workspace"]["dependencies"].as_table().unwrap().keys().map(String::as_str);
    let unused: Vec<&str> = listed.filter(|name| !used.contains(name)).collect();
    assert!(unused.is_empty(), "{unused:?}");
}

#[test]
fn bugs_are_planted_in_tests_only() {
    let may = ["services/banyan", "shared/testkit", "shared/runtime", "shared/store"];
    for node in Node::all() {
        for (kind, name, value) in node.dependencies() {
            let features = value.get("features").and_then(Value::as_array).into_iter().flatten();
            let planted = features.filter_map(Value::as_str).any(|feature| feature == "planted-bugs");
            assert!(!planted || kind == "dev-dependencies", "{}: {name} in {kind}", node.folder);
        }
        let features = node.manifest.get("features").and_then(Value::as_table);
        for (name, implied) in features.into_iter().flatten() {
            let implies = implied.as_array().unwrap().iter().filter_map(Value::as_str);
            let planted = implies.into_iter().any(|feature| feature.ends_with("planted-bugs"));
            assert!(!planted || name == "planted-bugs", "{}: {name} plants bugs", node.folder);
            assert!(name != "planted-bugs" || may.contains(&node.folder.as_str()), "{}", node.folder);
        }
    }
}

#[test]
fn the_tests_of_a_crate_are_one_binary() {
    for folder in crates() {
        let Ok(tests) = std::fs::read_dir(super::root().join(&folder).join("tests")) else { continue };
        let paths = tests.map(|entry| entry.unwrap().path());
        let binaries: Vec<_> = paths
            .filter(|path| path.extension().is_some_and(|e| e == "rs") || path.join("main.rs").exists())
            .collect();
        assert!(binaries.len() <= 1, "each binary is linked anew: {binaries:?}");
    }
}

/// Every crate that the product is built of, by name.
fn built_of(features: &[&str]) -> BTreeSet<String> {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--locked", "--package", "banyan", "--edges", "normal", "--prefix", "none"])
        .args(features)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect()
}

#[test]
fn the_default_build_has_no_client_of_a_broker_or_a_database() {
    let (default, full) = (built_of(&[]), built_of(&["--features", "full"]));
    for client in
        ["lapin", "tokio-postgres", "aws-config", "aws-sdk-dynamodb", "aws-sdk-sns", "aws-sdk-sqs", "rustls"]
    {
        assert!(full.contains(client), "{client} is looked for under a wrong name");
        assert!(!default.contains(client), "{client} belongs behind a feature");
    }
}
