use serde_json::json;

use super::*;
use crate::contracts::files::Text;

fn versions(files: &[(&str, Value)]) -> Versions {
    let text = |(path, schema): &(&str, Value)| Text {
        shown: format!("contracts/{path}"),
        path: (*path).to_owned(),
        text: schema.to_string(),
    };
    Versions::parse(&files.iter().map(text).collect::<Vec<_>>()).unwrap()
}

fn check(now: &Versions, published: &Versions, mode: &str) -> Report {
    let mode = mode.parse().unwrap();
    Check { now, published, mode, against: String::new(), is_retired: &|_| false }.run()
}

#[test]
fn the_same_contracts_are_safe() {
    let versions = Versions::built_in().unwrap();
    let report = check(&versions, &versions, "full-transitive");
    assert!(report.is_safe() && report.compared == versions.0.len(), "{report:?}");
}

#[test]
fn an_event_that_is_gone_is_a_break_until_its_sunset_is_over() {
    let published = Versions::built_in().unwrap();
    let mut now = published.clone();
    now.0.remove(&"order.placed.v1".parse().unwrap());
    let report = check(&now, &published, "full");
    assert_eq!((report.breaks.len(), report.breaks[0].rule), (1, EVENT_REMOVED));
    let is_retired = |name: &Name| name.to_string() == "order.placed.v1";
    let mode = Mode::FULL_TRANSITIVE;
    let report =
        Check { now: &now, published: &published, mode, against: String::new(), is_retired: &is_retired }
            .run();
    assert!(report.is_safe(), "{report:?}");
}

#[test]
fn only_transitive_modes_look_further_back_than_the_last_version() {
    let with = |max: u32| json!({ "type": "string", "maxLength": max });
    let published =
        versions(&[("a.b/1.0.0.json", with(10)), ("a.b/1.1.0.json", with(5)), ("a.b/2.0.0.json", json!({}))]);
    let now = versions(&[("a.b.v1.json", with(5)), ("a.b.v2.json", json!({})), ("c.d.v1.json", json!({}))]);
    assert!(check(&now, &published, "full").is_safe());
    let report = check(&now, &published, "full-transitive");
    assert_eq!((report.compared, report.breaks.len(), report.added.len()), (3, 1, 1), "{report:?}");
    let found = &report.breaks[0];
    assert_eq!((found.rule, found.direction), ("length-narrowed", Some(Direction::Backward)));
    assert_eq!(found.old.to_string(), "1.0.0");
    assert_eq!(found.rejected_by.as_deref(), Some("contracts/a.b.v1.json"));
    assert!(check(&now, &published, "forward-transitive").is_safe());
}

#[test]
fn what_cannot_be_decided_is_not_safe() {
    let published = versions(&[("a.b/1.0.0.json", json!({ "type": "string" }))]);
    let now = versions(&[("a.b.v1.json", json!({ "type": "string", "not": { "const": "x" } }))]);
    let report = check(&now, &published, "backward");
    assert!(!report.is_safe() && report.breaks.is_empty(), "{report:?}");
    assert_eq!((report.undecided[0].rule, report.undecided[0].path.as_str()), (UNDECIDED, "/not"));
}
