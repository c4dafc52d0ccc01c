//! What the JSON documents of an account have to say: who may send to a queue, and what a subscription lets through.
//!
//! Both are only ever widened. What other statements, conditions and values a person has written stays.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

/// Our statement in a queue's policy.
const SID: &str = "banyan-topics";
/// An SNS topic's condition on who sends.
const SOURCE: &str = "aws:SourceArn";

/// A document that cannot be widened without destroying what somebody wrote; what is wrong with it.
pub(super) type Unreadable = String;

/// The policy that lets `topics` send to `queue` (by their ARNs), and all that `current` allows; `None` when that does.
pub(super) fn allowing(
    current: Option<&str>,
    queue: &str,
    topics: &BTreeSet<String>,
) -> Result<Option<String>, Unreadable> {
    let mut policy = match current.filter(|text| !text.is_empty()) {
        None => json!({ "Version": "2012-10-17", "Statement": [] }),
        Some(text) => {
            serde_json::from_str(text).map_err(|error| format!("its policy is no JSON: {error}"))?
        }
    };
    let statements = statements(&mut policy).ok_or("its policy has no list of statements")?;
    let ours = statements.iter_mut().find(|statement| statement["Sid"] == SID);
    let known = ours
        .as_deref()
        .map(|statement| strings(&statement["Condition"]["ArnEquals"][SOURCE]))
        .unwrap_or_default();
    if topics.is_subset(&known) {
        return Ok(None);
    }
    let all: BTreeSet<&String> = topics.union(&known).collect();
    let statement = json!({
        "Sid": SID,
        "Effect": "Allow",
        "Principal": { "Service": "sns.amazonaws.com" },
        "Action": "sqs:SendMessage",
        "Resource": queue,
        "Condition": { "ArnEquals": { SOURCE: all } },
    });
    match ours {
        Some(ours) => *ours = statement,
        None => statements.push(statement),
    }
    Ok(Some(policy.to_string()))
}

/// The statements of a policy; one alone may stand without a list around it.
fn statements(policy: &mut Value) -> Option<&mut Vec<Value>> {
    let statements = policy.as_object_mut()?.entry("Statement").or_insert_with(|| json!([]));
    if statements.is_object() {
        *statements = Value::Array(vec![statements.take()]);
    }
    statements.as_array_mut()
}

/// The filter that lets `types` through, and all that `current` does; `None` when that does. Who filters nothing lets all
/// through.
pub(super) fn filter(current: Option<&str>, types: &BTreeSet<String>) -> Result<Option<String>, Unreadable> {
    let Some(current) = current.filter(|text| !text.is_empty()) else { return Ok(None) };
    let mut filter: Map<String, Value> = serde_json::from_str(current)
        .map_err(|error| format!("its filter policy is no JSON object: {error}"))?;
    if filter.is_empty() {
        return Ok(None);
    }
    if let Some(other) = filter.keys().find(|key| *key != super::message::TYPE) {
        return Err(format!(
            "its filter policy has a condition on {other}, which no message of ours meets: take it out"
        ));
    }
    let values = filter
        .values_mut()
        .next()
        .and_then(Value::as_array_mut)
        .ok_or("its filter policy has no list of types")?;
    let known = strings(&Value::Array(values.clone()));
    let missing: Vec<Value> = types.difference(&known).map(|kind| json!(kind)).collect();
    if missing.is_empty() {
        return Ok(None);
    }
    values.extend(missing);
    Ok(Some(Value::Object(filter).to_string()))
}

/// The filter of a new subscription.
pub(super) fn new_filter(types: &BTreeSet<String>) -> String {
    json!({ super::message::TYPE: types }).to_string()
}

/// The texts in a list, or the one text that stands for a list.
fn strings(value: &Value) -> BTreeSet<String> {
    match value {
        Value::String(one) => BTreeSet::from([one.clone()]),
        Value::Array(all) => all.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => BTreeSet::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(texts: &[&str]) -> BTreeSet<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    fn parsed(text: Option<String>) -> Value {
        serde_json::from_str(&text.unwrap()).unwrap()
    }

    #[test]
    fn a_filter_is_widened_and_never_narrowed() {
        let old = new_filter(&set(&["a.v1", "b.v1"]));
        assert_eq!(filter(Some(&old), &set(&["b.v1"])), Ok(None));
        assert_eq!(
            parsed(filter(Some(&old), &set(&["b.v1", "c.v1"])).unwrap()),
            json!({ "type": ["a.v1", "b.v1", "c.v1"] })
        );
    }

    #[test]
    fn a_filter_that_lets_all_through_stays() {
        for all in [None, Some(""), Some("{}")] {
            assert_eq!(filter(all, &set(&["a.v1"])), Ok(None));
        }
    }

    #[test]
    fn matchers_that_a_person_wrote_stay_in_a_filter() {
        let current = r#"{"type":[{"prefix":"x."}]}"#;
        assert_eq!(
            parsed(filter(Some(current), &set(&["a.v1"])).unwrap()),
            json!({ "type": [{ "prefix": "x." }, "a.v1"] })
        );
    }

    #[test]
    fn a_filter_that_would_hold_back_all_of_ours_is_not_guessed_at() {
        for current in [r#"{"type":["a.v1"],"store":["7"]}"#, "[]", "no", r#"{"type":"a.v1"}"#] {
            assert!(filter(Some(current), &set(&["a.v1"])).is_err(), "{current}");
        }
    }

    #[test]
    fn a_queue_policy_names_its_topics_and_keeps_what_others_wrote() {
        let first = allowing(None, "q", &set(&["t1"])).unwrap();
        assert_eq!(
            parsed(first.clone())["Statement"][0]["Condition"],
            json!({ "ArnEquals": { SOURCE: ["t1"] } })
        );
        assert_eq!(allowing(first.as_deref(), "q", &set(&["t1"])), Ok(None));
        let foreign = json!({ "Statement": { "Sid": "person", "Effect": "Deny" } }).to_string();
        let both = allowing(Some(&foreign), "q", &set(&["t1"])).unwrap();
        let more = parsed(allowing(both.as_deref(), "q", &set(&["t2"])).unwrap());
        assert_eq!(more["Statement"][0], json!({ "Sid": "person", "Effect": "Deny" }));
        assert_eq!(more["Statement"][1]["Condition"], json!({ "ArnEquals": { SOURCE: ["t1", "t2"] } }));
        assert_eq!(more["Statement"].as_array().unwrap().len(), 2);
    }

    #[test]
    fn a_policy_that_cannot_be_read_is_not_written_over() {
        for current in ["no", "[]", r#"{"Statement":"all"}"#] {
            assert!(allowing(Some(current), "q", &set(&["t"])).is_err(), "{current}");
        }
    }
}
