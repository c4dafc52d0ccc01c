use compat::{Direction, Mode};
use serde_json::{Value, json};

use super::*;
use crate::contracts::check::{Finding, Report, UNDECIDED};

fn report() -> Report {
    let found = Finding {
        rule: "length-narrowed",
        contract: "a.b.v1".parse().unwrap(),
        direction: Some(Direction::Backward),
        old: "1.0.0".parse().unwrap(),
        new: "1.1.0".parse().ok(),
        file: "contracts/a,b:c.json".to_owned(),
        path: "/maxLength".to_owned(),
        at: String::new(),
        reason: "100% too\nlong".to_owned(),
        advice: "keep it".to_owned(),
        counter_example: Some(json!({ "a": "x".repeat(100), "b": [1, 2, 3, 4, 5, 6, 7] })),
        accepted_by: Some("old.json".to_owned()),
        rejected_by: Some("new.json".to_owned()),
        read_by: vec!["inventory".to_owned(), "tax".to_owned()],
    };
    let doubt = Finding { rule: UNDECIDED, counter_example: None, ..found.clone() };
    Report {
        mode: Mode::FULL_TRANSITIVE,
        against: "git:main".to_owned(),
        compared: 1,
        added: Vec::new(),
        breaks: vec![found],
        undecided: vec![doubt],
    }
}

#[test]
fn a_person_reads_a_block_for_each_finding() {
    let said = text(&report());
    assert!(said.starts_with("BREAK a.b.v1 length-narrowed (backward"), "{said}");
    assert!(said.contains("\"xxxxxxxx…\" (100 characters)") && said.contains("… (7 elements)"), "{said}");
    assert!(said.contains("accepted by old.json, rejected by new.json"), "{said}");
    assert!(said.contains("  read by         inventory, tax"), "{said}");
    assert!(said.contains("UNDECIDED a.b.v1"), "{said}");
    assert!(
        said.ends_with("1 version compared with git:main, full-transitive: 1 break, 1 undecided"),
        "{said}"
    );
}

#[test]
fn an_annotation_is_one_line_whatever_is_in_it() {
    let said = github(&report());
    assert_eq!(said.lines().count(), 2);
    let start = "::error file=contracts/a%2Cb%3Ac.json,title=length-narrowed::a.b.v1: 100%25 too%0Along";
    assert!(said.starts_with(start), "{said}");
}

#[test]
fn sarif_names_every_rule_that_it_uses() {
    let told = sarif(&report());
    let run = &told["runs"][0];
    let rules: Vec<&Value> =
        run["tool"]["driver"]["rules"].as_array().unwrap().iter().map(|r| &r["id"]).collect();
    let results = run["results"].as_array().unwrap();
    assert!(results.len() == 2 && results.iter().all(|result| rules.contains(&&result["ruleId"])), "{told}");
    assert_eq!(told["version"], "2.1.0");
}
