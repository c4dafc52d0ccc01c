//! Contracts as files: what was released stays, what is now breaks nobody, and the page about it tells the truth.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use banyan::contracts::files;
use banyan::contracts::release::{self, SUMS};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::repository::{read, root};
use crate::support::{banyan, stderr};

const CHECK: [&str; 4] = ["contracts", "check", "--against", "contracts/released"];

/// A folder with a copy of the contracts.
fn copy() -> TempDir {
    let copy = tempfile::tempdir().unwrap();
    for folder in ["schemas", "released"] {
        for file in files::of_folder(&root().join("contracts").join(folder)).unwrap() {
            let path = copy.path().join("contracts").join(folder).join(&file.path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, file.text).unwrap();
        }
    }
    copy
}

/// A folder with the first version of every contract, also as what is now, and readers of its own: what was changed since
/// breaks nothing that is shown with it.
fn first() -> TempDir {
    let first = tempfile::tempdir().unwrap();
    let contracts = first.path().join("contracts");
    for file in files::of_folder(&root().join("contracts/released")).unwrap() {
        let Some((name, version)) = file.path.split_once('/') else { continue };
        let Some(major) = version.strip_suffix(".0.0.json") else { continue };
        for path in [format!("released/{}", file.path), format!("schemas/{name}.v{major}.json")] {
            let path = contracts.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, &file.text).unwrap();
        }
    }
    let orders = json!({
        "shop.banyan.payment.refunded.v1": ["provider_reference"],
        "shop.banyan.payment.voided.v1": ["currency"],
    });
    let mut notification = orders.clone();
    notification["shop.banyan.order.completed.v1"] = json!(["order_id"]);
    notification["shop.banyan.stock.low.v1"] = json!(["available"]);
    let reads = json!({ "note": "", "reads": { "notification": notification, "orders": orders } });
    fs::write(contracts.join("consumers.json"), reads.to_string()).unwrap();
    first
}

fn run_in(folder: &Path, args: &[&str]) -> Output {
    banyan(args).current_dir(folder).output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// An edit of the page: pointers, and what they are set to; `null` removes.
fn apply(folder: &Path, edit: &Value) {
    let path = folder.join("contracts/schemas").join(edit["file"].as_str().unwrap());
    let mut schema: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    for (pointer, value) in edit["set"].as_object().unwrap() {
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        let parent = schema.pointer_mut(parent).unwrap_or_else(|| panic!("{pointer} is not there"));
        match parent {
            Value::Object(fields) if value.is_null() => drop(fields.remove(name).unwrap()),
            Value::Object(fields) => drop(fields.insert(name.to_owned(), value.clone())),
            Value::Array(elements) if name == "-" => elements.push(value.clone()),
            Value::Array(elements) => drop(elements.remove(name.parse().unwrap())),
            other => panic!("{pointer} is in {other}"),
        }
    }
    fs::write(path, format!("{schema:#}\n")).unwrap();
}

/// Blocks of a language, in order.
fn blocks<'t>(text: &'t str, language: &str) -> Vec<&'t str> {
    let start = format!("```{language}\n");
    text.split(&start).skip(1).filter_map(|rest| rest.split("\n```").next()).collect()
}

#[test]
fn what_is_now_breaks_nobody_who_has_what_was_released() {
    let args = [&CHECK[..], &["--mode", "full-transitive"]].concat();
    let output = run_in(&root(), &args);
    assert_eq!(output.status.code(), Some(0), "{}{}", stdout(&output), stderr(&output));
}

#[test]
fn every_contract_is_released_in_its_version_as_it_stands() {
    let plan = release::plan(&root().join("contracts")).unwrap();
    assert!(plan.refused.is_empty(), "{:#?}", plan.refused);
    assert!(plan.released.is_empty(), "run `banyan contracts release`: {:#?}", plan.released);
    assert!(plan.unchanged > 40, "{plan:?}");
}

/// What the checksums say, and what is there.
fn sums(released: &Path) -> (BTreeMap<String, String>, BTreeMap<String, String>) {
    let listed = fs::read_to_string(released.join(SUMS)).unwrap();
    let listed = listed.lines().map(|line| line.split_once("  ").unwrap());
    let there = files::of_folder(released).unwrap().into_iter();
    (
        listed.map(|(sum, path)| (path.to_owned(), sum.to_owned())).collect(),
        there.map(|file| (file.path, release::sum(&file.text))).collect(),
    )
}

#[test]
fn released_files_are_never_edited() {
    let (listed, there) = sums(&root().join("contracts/released"));
    let changed: Vec<_> = there.iter().filter(|(path, sum)| listed.get(*path) != Some(*sum)).collect();
    assert!(
        changed.is_empty(),
        "what is released never changes; release a higher version, or see Releasing in docs/contracts.md where only this \
         branch has it: {changed:#?}"
    );
    let gone: Vec<_> = listed.keys().filter(|path| !there.contains_key(*path)).collect();
    assert!(gone.is_empty(), "what is released stays: {gone:#?}");
}

#[test]
fn an_edit_of_a_released_file_would_be_seen() {
    let copy = copy();
    let released = copy.path().join("contracts/released");
    fs::copy(root().join("contracts/released").join(SUMS), released.join(SUMS)).unwrap();
    let path = released.join("order.placed/1.0.0.json");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replacen("\"maxLength\": 64", "\"maxLength\": 65", 1)).unwrap();
    let (listed, there) = sums(&released);
    assert_ne!(listed, there);
    let output = run_in(copy.path(), &["contracts", "release"]);
    assert_eq!(output.status.code(), Some(2), "{}", stdout(&output));
    assert!(
        stdout(&output).contains("order.placed.v1: 1.0.0 is released and never changes"),
        "{}",
        stdout(&output)
    );
}

/// How many versions there are grows with each release, and the page need not.
fn uncounted(answer: &str) -> (&str, &str) {
    let (breaks, last) = answer.rsplit_once("\n\n").unwrap();
    (breaks, last.split_once(' ').unwrap().1)
}

#[test]
fn the_edits_of_the_page_break_and_are_told_as_the_page_says() {
    let page = read("docs/contracts.md");
    let (edits, answers) = (blocks(&page, "json"), blocks(&page, "text"));
    assert_eq!((edits.len(), answers.len()), (5, 5), "five edits, each with its answer");
    for (edit, answer) in edits.into_iter().zip(answers) {
        let copy = first();
        apply(copy.path(), &serde_json::from_str(edit).unwrap());
        let output = run_in(copy.path(), &CHECK);
        assert_eq!(output.status.code(), Some(2), "{edit}\n{}", stderr(&output));
        assert!(stdout(&output).contains("counter-example"), "{edit}\n{}", stdout(&output));
        assert_eq!(uncounted(stdout(&output).trim_end()), uncounted(answer), "{edit}");
    }
}

#[test]
fn every_format_tells_the_same_breaks() {
    let copy = first();
    let gone = copy.path().join("contracts/schemas/stock.low.v1.json");
    fs::remove_file(gone).unwrap();
    let told = |more: &[&str]| {
        let output = run_in(copy.path(), &[&CHECK[..], more].concat());
        assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
        stdout(&output)
    };
    let json: Value = serde_json::from_str(&told(&["--json"])).unwrap();
    assert_eq!(
        (&json["breaks"][0]["rule"], &json["breaks"][0]["contract"]),
        (&"event-removed".into(), &"stock.low.v1".into())
    );
    assert_eq!(told(&["--format", "json"]), told(&["--json"]));
    let sarif: Value = serde_json::from_str(&told(&["--format", "sarif"])).unwrap();
    assert_eq!(sarif["runs"][0]["results"][0]["ruleId"], "event-removed");
    assert!(
        told(&["--format", "github"]).starts_with("::error file=contracts/released/stock.low/1.0.0.json,")
    );
}

#[test]
fn a_commit_is_compared_with_and_what_is_not_there_is_told() {
    let copy = first();
    let git = |args: &[&str]| {
        let mut command = Command::new("git");
        let who = ["-c", "user.name=x", "-c", "user.email=x@example.com", "-c", "commit.gpgsign=false"];
        let output = command.current_dir(copy.path()).args(who).args(args).output().unwrap();
        assert!(output.status.success(), "{args:?}: {}", stderr(&output));
    };
    git(&["init", "-q"]);
    git(&["add", "."]);
    git(&["commit", "-qm", "first"]);
    let check = |reference: &str| run_in(copy.path(), &["contracts", "check", "--against", reference]);
    let same = check("git:HEAD");
    assert_eq!(same.status.code(), Some(0), "{}{}", stdout(&same), stderr(&same));
    fs::remove_file(copy.path().join("contracts/schemas/stock.low.v1.json")).unwrap();
    let broken = check("git:HEAD");
    assert_eq!(broken.status.code(), Some(2));
    assert!(stdout(&broken).contains("HEAD:contracts/released/stock.low/1.0.0.json"), "{}", stdout(&broken));
    for (against, why) in
        [("git:nowhere", "no commit \"nowhere\""), ("git:", "not a commit"), ("nowhere", "nowhere")]
    {
        let output = check(against);
        assert_eq!(output.status.code(), Some(1), "{against}");
        assert!(stderr(&output).contains(why), "{against}: {}", stderr(&output));
    }
}
