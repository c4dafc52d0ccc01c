//! `banyan chaos` in small: it finds nothing where nothing is lost, and finds it where everything is.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::shop::folder;
use crate::support::{banyan, json_of, run, stderr};

/// Runs it to its end on an empty directory.
fn chaos(data: &Path, args: &[&str]) -> (Option<i32>, Value) {
    let output = run(&[&["chaos", "--json", "--data", data.to_str().unwrap()], args].concat());
    assert!(!output.stdout.is_empty(), "{}", stderr(&output));
    (output.status.code(), json_of(&output))
}

fn number(report: &Value, name: &str) -> u64 {
    report[name].as_u64().unwrap_or_else(|| panic!("{name} in {report}"))
}

#[test]
fn kills_lose_nothing() {
    let folder = folder();
    let (code, report) = chaos(&folder.path().join("data"), &["--kills", "5", "--rate", "20", "--seed", "3"]);
    assert_eq!(code, Some(0), "{report}");
    for (name, count) in [("kills", 5), ("cuts", 0), ("lost", 0), ("duplicated", 0), ("violations", 0)] {
        assert_eq!(number(&report, name), count, "{report}");
    }
    assert!(number(&report, "orders") > 50 && number(&report, "in_flight_kills") == 5, "{report}");
}

#[test]
fn power_cuts_lose_nothing() {
    let folder = folder();
    let (code, report) = chaos(&folder.path().join("data"), &["--power-cuts", "25"]);
    assert_eq!(code, Some(0), "{report}");
    for (name, count) in [("kills", 0), ("cuts", 25), ("lost", 0), ("duplicated", 0), ("violations", 0)] {
        assert_eq!(number(&report, name), count, "{report}");
    }
    assert!(number(&report, "recovery_cuts") > 0, "{report}");
}

#[test]
fn what_a_shop_that_keeps_nothing_loses_is_found() {
    let folder = folder();
    let data = folder.path().join("data");
    let (code, report) = chaos(&data, &["--kills", "2", "--broken"]);
    assert_eq!(code, Some(2), "{report}");
    assert!(number(&report, "lost") > 0, "{report}");
    assert!(!report["violated"].as_array().unwrap().is_empty(), "{report}");
}

#[test]
fn what_a_disk_that_does_not_sync_loses_is_found() {
    let folder = folder();
    let data = folder.path().join("data");
    let (code, report) = chaos(&data, &["--power-cuts", "25", "--broken"]);
    assert_eq!(code, Some(2), "{report}");
    assert!(number(&report, "lost") > 0, "{report}");
    assert_eq!(report["data"].as_str(), data.to_str(), "what was found is kept");
    assert!(std::fs::read_dir(data.join("round")).unwrap().count() > 1);
}

#[test]
fn a_directory_that_is_in_use_is_refused() {
    let folder = folder();
    std::fs::write(folder.path().join("something"), "").unwrap();
    let output = run(&["chaos", "--kills", "1", "--data", folder.path().to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(64), "{}", stderr(&output));
}

#[test]
fn whoever_is_told_to_stop_leaves_nothing_running() {
    let folder = folder();
    let data = folder.path().join("data");
    let mut command = banyan(&["chaos", "--kills", "1000", "--rate", "20", "--data", data.to_str().unwrap()]);
    let mut child = command.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    let mut said = BufReader::new(child.stderr.take().unwrap()).lines();
    said.next().unwrap().unwrap();
    while !running(&data).iter().any(|line| line.contains("peer")) {
        std::thread::yield_now();
    }
    assert!(Command::new("sh").args(["-c", &format!("kill {}", child.id())]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(1));
    assert_eq!(running(&data), Vec::<String>::new());
}

/// The command lines of processes that work on `data`, but for the one that started them.
fn running(data: &Path) -> Vec<String> {
    let processes = std::fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    let lines = processes.filter_map(|entry| std::fs::read_to_string(entry.path().join("cmdline")).ok());
    let lines = lines.map(|line| line.replace('\0', " "));
    lines.filter(|line| line.contains(data.to_str().unwrap()) && !line.contains(" chaos ")).collect()
}
