//! Every scenario, on every bus, in a run of its own.

use std::process::Command;
use std::sync::PoisonError;

use serde_json::{Value, json};

use crate::brokers::{ALONE, AWS, BROKER, BROKER_STAYS, Ground, on};
use crate::support::{json_of, stderr};

/// All but the restart of the broker, and the audit.
const ALWAYS: usize = 12;

#[test]
fn on_the_embedded_bus_every_scenario_comes_to_its_end() {
    plays(ALONE, "embedded", |_| {}, Some("the embedded bus has none"));
}

#[test]
fn on_rabbitmq_every_scenario_comes_to_its_end_also_when_the_broker_goes_and_comes() {
    // Nobody else shall lose it in the middle.
    let _gone = BROKER_STAYS.write().unwrap_or_else(PoisonError::into_inner);
    let restart = restart();
    let asks = |e2e: &mut Command| {
        if let Some(command) = &restart {
            e2e.args(["--restart-broker", command]);
        }
    };
    let skipped = restart.is_none().then_some("nobody says how, with --restart-broker");
    plays(BROKER, "rabbitmq", asks, skipped);
}

#[test]
fn on_sns_and_sqs_every_scenario_comes_to_its_end() {
    plays(AWS, "aws", |_| {}, Some("nobody says how, with --restart-broker"));
}

#[expect(
    clippy::disallowed_methods,
    reason = "how the peer is restarted, is told to the tests by the environment"
)]
fn restart() -> Option<String> {
    std::env::var("BANYAN_TEST_RABBITMQ_RESTART").ok()
}

fn plays(ground: Ground, bus: &str, asks: impl Fn(&mut Command), skipped: Option<&str>) {
    let Some(mut e2e) = on(ground, bus, &["e2e", "--json"]) else { return };
    asks(&mut e2e);
    let output = e2e.output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let told = json_of(&output);
    assert_eq!((&told["bus"], &told["violations"]), (&json!(bus), &json!(0)), "{told}");
    let scenarios = told["scenarios"].as_array().unwrap();
    let played = scenarios.iter().filter(|scenario| scenario["skipped"].is_null()).count();
    let left_out: Vec<&Value> = scenarios.iter().filter(|scenario| !scenario["skipped"].is_null()).collect();
    assert_eq!(played, ALWAYS + usize::from(skipped.is_none()), "{told}");
    match (skipped, left_out.as_slice()) {
        (Some(why), [one]) => {
            assert_eq!((&one["name"], &one["skipped"]), (&json!("restart of the broker"), &json!(why)));
            println!("skipped: restart of the broker on {bus} ({why})");
        }
        (wanted, _) => assert_eq!((wanted, left_out.len()), (None, 0), "{told}"),
    }
}
