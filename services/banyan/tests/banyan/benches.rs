//! `banyan bench` on real peers, in small: the answer is whole, and both sides did the same. How quickly is not asked.

use std::process::Command;

use serde_json::Value;

use crate::brokers::{AWS, BROKER, broker_stays, on};
use crate::support::{json_of, stderr};

/// What it answers, whether its goals were met or not.
fn answer(command: &mut Command, name: &str) -> Value {
    let output = command.output().unwrap();
    let told = json_of(&output);
    assert_eq!(output.status.code(), Some(if told["ok"] == true { 0 } else { 3 }), "{}", stderr(&output));
    let first = &told["goals"][0];
    assert_eq!((&told["name"], &first["name"]), (&name.into(), &"ratio".into()), "{told}");
    assert_eq!((&told["ratio"], &told["goal"]), (&first["value"], &first["goal"]), "{told}");
    assert!(told["ratio"].as_f64().unwrap() > 0.0, "{told}");
    told
}

fn number(told: &Value, at: &str) -> u64 {
    told.pointer(at).and_then(Value::as_u64).unwrap_or_else(|| panic!("{at} in {told}"))
}

#[test]
fn the_runtime_and_the_bare_client_carry_the_same_messages_over_rabbitmq() {
    let _stays = broker_stays();
    let args = ["bench", "rabbitmq", "--rounds", "2", "--messages", "300", "--json"];
    let Some(mut bench) = on(BROKER, "rabbitmq", &args) else { return };
    let told = answer(&mut bench, "rabbitmq");
    assert_eq!((number(&told, "/done/bare/count"), number(&told, "/done/runtime/count")), (300, 300));
    assert_eq!(number(&told, "/done/bare/bytes"), number(&told, "/done/runtime/bytes"));
    assert!(number(&told, "/done/bare/bytes") > 300 * 500, "{told}");
    assert_eq!(told["rounds"].as_array().unwrap().len(), 2);
}

#[test]
fn the_runtime_and_the_plain_loop_write_the_same_rows_into_postgresql() {
    let _stays = broker_stays();
    let args = ["bench", "postgres", "--rounds", "2", "--messages", "150", "--json"];
    let Some(mut bench) = on(BROKER, "rabbitmq", &args) else { return };
    let told = answer(&mut bench, "postgres");
    assert_eq!((number(&told, "/done/bare/count"), number(&told, "/done/runtime/count")), (300, 300));
    // Of each message: a record, its mark, an account, a counter; the record once more without its mark; a record, an entry.
    assert_eq!((number(&told, "/done/bare/rows"), number(&told, "/done/runtime/rows")), (150 * 8, 150 * 8));
    let (bare, runtime) = (number(&told, "/done/bare/bytes"), number(&told, "/done/runtime/bytes"));
    // Nonces are random, and not all of them have as many digits.
    assert!(bare.abs_diff(runtime) < bare / 100, "{told}");
    assert_eq!(told["rounds"].as_array().unwrap().len(), 2);
}

#[test]
fn every_call_to_sns_and_sqs_is_counted_and_has_its_price() {
    let args = ["bench", "aws", "--messages", "60", "--seconds", "1", "--settle", "0", "--json"];
    let Some(mut bench) = on(AWS, "aws", &args) else { return };
    let told = answer(&mut bench, "aws");
    assert_eq!(number(&told, "/messages"), 120);
    let calls = told["calls"].as_object().unwrap();
    let of = |verb: &str| -> u64 {
        calls.iter().filter(|(name, _)| name.starts_with(verb)).filter_map(|(_, count)| count.as_u64()).sum()
    };
    for verb in ["Publish", "Receive", "Delete"] {
        assert!((12..=120).contains(&of(verb)), "{verb} in {told}");
    }
    let all: u64 = calls.values().filter_map(Value::as_u64).sum();
    assert!((told["calls_per_message"].as_f64().unwrap() - all as f64 / 120.0).abs() < 0.001, "{told}");
    assert!(told["usd_per_million"].as_f64().unwrap() >= 0.13, "{told}");
    let names: Vec<&str> =
        told["goals"].as_array().unwrap().iter().filter_map(|goal| goal["name"].as_str()).collect();
    assert_eq!(names, ["ratio", "idle_calls_per_queue_in_20_s", "idle_looks_per_index_in_20_s"]);
}
