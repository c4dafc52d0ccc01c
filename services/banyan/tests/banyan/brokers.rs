//! The same services on a real broker and a real database: nothing changes but the configuration.

use std::path::Path;
use std::process::Command;
use std::sync::{PoisonError, RwLock, RwLockReadGuard};

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::support::{Dev, banyan, json_of, stderr};

/// What services run on here: how it is called, and its settings, each with the variable that says where that peer is.
pub(crate) type Ground = (&'static str, &'static [(&'static str, &'static str)]);

pub(crate) const BROKER: Ground = (
    "RabbitMQ and PostgreSQL",
    &[("BANYAN_RABBITMQ_URL", "BANYAN_TEST_RABBITMQ"), ("BANYAN_POSTGRES_URL", "BANYAN_TEST_POSTGRES")],
);
pub(crate) const AWS: Ground = ("SNS, SQS and DynamoDB", &[("BANYAN_AWS_ENDPOINT", "BANYAN_TEST_AWS")]);

/// The same program on its own: nothing to wait for.
pub(crate) const ALONE: Ground = ("the embedded bus", &[]);

/// Held to write by whoever restarts the broker, to read by all others who use it.
pub(crate) static BROKER_STAYS: RwLock<()> = RwLock::new(());

/// Until it is dropped the broker stays.
pub(crate) fn broker_stays() -> RwLockReadGuard<'static, ()> {
    BROKER_STAYS.read().unwrap_or_else(PoisonError::into_inner)
}

/// This program on peers that `scripts/peers/run` started, or nothing, said by name.
#[expect(clippy::disallowed_methods, reason = "where the peers are, is told to the tests by the environment")]
pub(crate) fn on((name, settings): Ground, bus: &str, args: &[&str]) -> Option<Command> {
    let mut command = banyan(args);
    command.args(["--bus", bus]);
    for (setting, peer) in settings {
        let Ok(address) = std::env::var(peer) else {
            println!("skipped: the journey on {name} ({peer} is not set)");
            return None;
        };
        command.env(setting, address);
    }
    // Any will do: an emulator asks for none.
    command
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", "test")
        .env("AWS_REGION", "eu-west-1");
    Some(command)
}

/// The account of the emulator at `endpoint`, for a test that is a client itself.
pub(crate) async fn aws_account(endpoint: &str) -> aws_config::SdkConfig {
    aws_config::defaults(aws_config::BehaviorVersion::latest())
        .http_client(bus::aws::http_client())
        .endpoint_url(endpoint)
        .region("eu-west-1")
        .test_credentials()
        .load()
        .await
}

#[test]
fn on_rabbitmq_and_postgresql_orders_under_faults_come_to_their_end_and_every_ledger_agrees() {
    let _stays = broker_stays();
    if let Some(mut demo) = on(BROKER, "rabbitmq", &["demo", "--orders", "20", "--faults", "--json"]) {
        comes_to_its_end(&mut demo, ("rabbitmq", "postgres"), 20);
    }
}

#[test]
fn on_sns_sqs_and_dynamodb_orders_under_faults_come_to_their_end_and_every_ledger_agrees() {
    if let Some(mut demo) = on(AWS, "aws", &["demo", "--orders", "10", "--faults", "--json"]) {
        comes_to_its_end(demo.args(["--prefix", "journey"]), ("aws", "dynamodb"), 10);
    }
}

#[test]
fn what_the_services_hear_is_made_by_a_command_and_again_changes_nothing() {
    let _stays = broker_stays();
    for (ground, bus) in [(BROKER, "rabbitmq"), (AWS, "aws")] {
        for _ in 0..2 {
            let Some(mut apply) = on(ground, bus, &["topology", "apply", "--json"]) else { break };
            let output = apply.env("BANYAN_PREFIX", "applied").output().unwrap();
            assert!(output.status.success(), "{}", stderr(&output));
            let told = json_of(&output);
            let queues: Vec<&str> = told["queues"]
                .as_array()
                .unwrap()
                .iter()
                .filter_map(|queue| queue["queue"].as_str())
                .collect();
            assert_eq!(queues, ["inventory", "notification", "orders", "payment", "shipping"], "{told}");
        }
    }
    for verb in [&["topology", "apply"][..], &["topology", "diff"], &["topology", "destroy", "--yes"]] {
        let nothing = banyan(verb).output().unwrap();
        assert_eq!(nothing.status.code(), Some(64));
        assert!(stderr(&nothing).contains("--bus"), "{}", stderr(&nothing));
    }
}

/// One life of a topology: nothing, all of it, nothing.
#[test]
fn what_is_missing_is_told_and_what_was_made_is_taken_away_only_when_that_is_meant() {
    let _stays = broker_stays();
    for (ground, bus) in [(BROKER, "rabbitmq"), (AWS, "aws")] {
        let ask = |args: &[&str], code: i32| {
            let mut command = on(ground, bus, &[args, &["--json"]].concat())?;
            command
                .env("BANYAN_PREFIX", "compared")
                .env("BANYAN_KEYS", if bus == "aws" { "kms" } else { "file" });
            let output = command.output().unwrap();
            assert_eq!(output.status.code(), Some(code), "{args:?} on {bus}: {}", stderr(&output));
            Some((json_of(&output), stderr(&output)))
        };
        let differences = |code: i32| -> Option<Vec<String>> {
            let (told, _) = ask(&["topology", "diff"], code)?;
            let rows = told["differences"].as_array().unwrap();
            Some(rows.iter().map(|row| format!("{} {}", row["what"], row["how"])).collect())
        };
        let Some(missing) = differences(4) else { continue };
        assert!(
            missing.iter().any(|line| line.contains("orders") && line.contains("is not there")),
            "{missing:?}"
        );
        if bus == "aws" {
            for what in ["table compared", "bucket compared-", "key alias/compared"] {
                assert!(missing.iter().any(|line| line.contains(what)), "{what}: {missing:?}");
            }
        }
        let (told, _) = ask(&["doctor"], 4).unwrap();
        let names = |told: &Value, verdict: &str| -> Vec<String> {
            let checks = told["checks"].as_array().unwrap().iter();
            let those = checks.filter(|check| check["verdict"] == verdict);
            those.map(|check| check["name"].as_str().unwrap().to_owned()).collect()
        };
        assert!(names(&told, "wrong").iter().all(|name| name == "topology"), "{told}");
        ask(&["topology", "apply"], 0).unwrap();
        assert_eq!(differences(0).unwrap(), Vec::<String>::new());
        let (told, _) = ask(&["doctor"], 0).unwrap();
        for name in ["topology", "declare", "publish", "receive", "store", "blobs", "clock"] {
            assert!(names(&told, "ok").iter().any(|other| other == name), "{name}: {told}");
        }
        if bus == "rabbitmq" {
            a_doctor_tells_one_trouble_from_another();
        }
        let (_, said) = {
            let mut command = on(ground, bus, &["topology", "destroy"]).unwrap();
            let output = command.env("BANYAN_PREFIX", "compared").output().unwrap();
            (output.status.code(), stderr(&output))
        };
        assert!(said.contains("--yes") && said.contains("compared"), "{said}");
        assert_eq!(differences(0).unwrap(), Vec::<String>::new());
        ask(&["topology", "destroy", "--yes"], 0).unwrap();
        assert_eq!(differences(4).unwrap(), missing);
    }
}

fn a_doctor_tells_one_trouble_from_another() {
    for (setting, value, wrong) in [
        ("BANYAN_POSTGRES_URL", "postgres://banyan@127.0.0.1:1/banyan", "database"),
        ("BANYAN_RABBITMQ_URL", "amqp://127.0.0.1:1", "broker"),
        ("BANYAN_KEY_FILE", "absent.key", "blobs"),
        ("BANYAN_DATA", "/dev/null/data", "blobs"),
    ] {
        let mut command = on(BROKER, "rabbitmq", &["doctor", "--json"]).unwrap();
        let output = command
            .env("BANYAN_PREFIX", "compared")
            .env("BANYAN_KEYS", "file")
            .env(setting, value)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(4), "{setting}: {}", stderr(&output));
        let told = json_of(&output);
        let checks = told["checks"].as_array().unwrap().iter();
        let those: Vec<_> = checks.filter(|check| check["verdict"] == "wrong").collect();
        assert!(
            those.len() == 1 && those[0]["name"] == wrong && those[0]["fix"].is_string(),
            "{setting}: {told}"
        );
    }
}

/// What services cannot work with is told before they are started.
#[test]
fn a_doctor_of_peers_that_are_not_there_says_which_and_what_to_do() {
    let nowhere =
        ["--rabbitmq-url", "amqp://127.0.0.1:1", "--postgres-url", "postgres://banyan@127.0.0.1:1/banyan"];
    let output = banyan(&[&["doctor", "--bus", "rabbitmq"][..], &nowhere].concat()).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(4), "{text}{}", stderr(&output));
    assert!(text.contains("WRONG  database") && text.contains("WRONG  broker"), "{text}");
    assert!(text.contains("fix: start it, or say where it is with --postgres-url"), "{text}");
}

/// It would run on the embedded bus if what it was told were lost on the way.
#[test]
fn a_demo_on_a_broker_that_is_not_there_does_not_run_elsewhere() {
    let nowhere =
        ["--rabbitmq-url", "amqp://127.0.0.1:1", "--postgres-url", "postgres://banyan@127.0.0.1:1/banyan"];
    let output =
        banyan(&[&["demo", "--orders", "1", "--bus", "rabbitmq"][..], &nowhere].concat()).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    assert!(stderr(&output).contains("--postgres-url"), "{}", stderr(&output));
}

pub(crate) fn comes_to_its_end(demo: &mut Command, (bus, store): (&str, &str), orders: u64) {
    let output = demo.output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    let told = json_of(&output);
    assert_eq!((&told["bus"], &told["store"]), (&bus.into(), &store.into()), "{told}");
    let number = |at: &str| told.pointer(at).and_then(Value::as_u64).unwrap_or(u64::MAX);
    assert_eq!((number("/orders"), number("/violations"), number("/dead_letters")), (orders, 0, 0), "{told}");
    assert_eq!(number("/completed") + number("/cancelled"), orders, "{told}");
    for peer in ["provider", "carrier", "mailbox"] {
        assert_eq!(number(&format!("/ledgers/{peer}/disagreements")), 0, "{told}");
    }
    // On the embedded bus nothing is ever pending; here the relay has published what the orders sent.
    assert!(number("/services/orders/published") > orders, "{told}");
}

#[test]
fn the_same_commands_come_to_the_same_end_on_every_bus_and_store() {
    let _stays = broker_stays();
    let ends = ["completed|510|0", "cancelled|0|0", "cancelled|0|0", "completed|510|255", "completed|765|0"];
    let mut lines: Vec<String> =
        ends.iter().enumerate().map(|(nth, end)| format!("order|same-{nth}|{end}")).collect();
    let orders = lines.clone();
    // Of the ten that came seven left, and one of those came back.
    lines.extend(["22423|main|2|0|0", "85123A|main|4|0|7"].map(str::to_owned));
    lines.sort();
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    let final_state: String = Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect();
    for (ground, bus) in [(ALONE, "embedded"), (BROKER, "rabbitmq"), (AWS, "aws")] {
        let Some(command) = on(ground, bus, &[]) else { continue };
        assert_eq!(end_of_a_day(command), (orders.clone(), final_state.clone()), "{bus}");
    }
}

/// What orders come to, in words of the business, when each command waits for the end of the one before; and the audit's one
/// number for orders and stock.
fn end_of_a_day(mut command: Command) -> (Vec<String>, String) {
    // A shop of its own beside those of other tests on the same peers.
    command.env("BANYAN_PREFIX", "same_end");
    let dev = Dev::of(tempfile::tempdir().unwrap(), command);
    for (sku, delta) in [("85123A", "10"), ("22423", "2")] {
        dev.ok(&["stock", "adjust", sku, "--location", "main", "--delta", delta, "--reason", "received"]);
    }
    let place = |nth: usize, line: &str, token: &str| {
        let key = format!("same-{nth}");
        let placed =
            dev.ok(&["order", "place", "--customer", "c-1", "--line", line, "--token", token, "--key", &key]);
        let id = placed["order_id"].as_str().unwrap().to_owned();
        dev.ok(&["order", "watch", &id]);
        id
    };
    let mut orders = vec![
        place(0, "85123A:2:255", "tok_ok"),
        place(1, "85123A:2:255", "tok_declined"),
        // More than there is.
        place(2, "22423:3:1275", "tok_ok"),
        place(3, "85123A:2:255", "tok_ok"),
    ];
    dev.ok(&["order", "return", &orders[3], "--line", "85123A:1", "--reason", "broken"]);
    wait_until(|| dev.ok(&["order", "get", &orders[3]])["payment"]["refunded_minor"] == 255);
    // The same key again is the same order.
    assert_eq!(place(0, "85123A:2:255", "tok_ok"), orders[0]);
    // The provider's answer is lost: it has to be asked.
    orders.push(place(4, "85123A:3:255", "tok_timeout_after"));
    let audit = dev.ok(&["audit"]);
    assert_eq!(audit["violations"], serde_json::json!([]));
    let order = |(nth, id): (usize, &String)| {
        let order = dev.ok(&["order", "get", id]);
        let (status, payment) = (order["status"].as_str().unwrap(), &order["payment"]);
        let minor = |name: &str| payment[name].as_i64().unwrap_or_default();
        format!("order|same-{nth}|{status}|{}|{}", minor("captured_minor"), minor("refunded_minor"))
    };
    (orders.iter().enumerate().map(order).collect(), audit["final_state"].as_str().unwrap().to_owned())
}

/// Asks again and again, each time by a program of its own, which is pause enough.
pub(crate) fn wait_until(is_so: impl Fn() -> bool) {
    assert!((0..600).any(|_| is_so()), "it never came to it");
}

/// The number of that name in what chaos says.
fn count(told: &Value, name: &str) -> u64 {
    told[name].as_u64().unwrap_or_else(|| panic!("{name} in {told}"))
}

fn loses_nothing(chaos: &mut Command, data: &Path, blows: &[(&str, u64)]) {
    let output = chaos.output().unwrap();
    // What the shop itself said is gone with its folder.
    let log = std::fs::read_to_string(data.join("dev.log")).unwrap_or_default();
    let lines: Vec<&str> = log.lines().collect();
    let end = lines[lines.len().saturating_sub(60)..].join("\n");
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}{}\ndev.log ends:\n{end}",
        stderr(&output),
        String::from_utf8_lossy(&output.stdout)
    );
    let told = json_of(&output);
    for (name, many) in [("lost", 0), ("duplicated", 0), ("violations", 0)].iter().chain(blows) {
        assert_eq!(count(&told, name), *many, "{name} in {told}");
    }
    // An emulator takes a few a second.
    assert!(count(&told, "orders") > 0, "{told}");
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "how the peers are killed, is told to the tests by the environment"
)]
fn a_broker_a_database_and_connections_that_die_under_load_lose_nothing() {
    let _gone = BROKER_STAYS.write().unwrap_or_else(PoisonError::into_inner);
    let folder = crate::shop::folder();
    let data = folder.path().join("data");
    let mut args = vec!["chaos", "--json", "--rate", "5", "--kills", "3", "--connection-cuts", "3", "--data"];
    args.push(data.to_str().unwrap());
    let restarts = ["BANYAN_TEST_RABBITMQ_RESTART", "BANYAN_TEST_POSTGRES_RESTART"].map(std::env::var);
    let mut blows = vec![("kills", 3), ("connection_cuts", 3)];
    if let [Ok(broker), Ok(database)] = &restarts {
        args.extend(["--broker-kills", "2", "--broker-restart", broker]);
        args.extend(["--database-kills", "2", "--database-restart", database]);
        blows.extend([("broker_kills", 2), ("database_kills", 2)]);
    } else {
        println!("skipped: killing the broker and the database (nobody says how)");
    }
    if let Some(mut chaos) = on(BROKER, "rabbitmq", &args) {
        loses_nothing(&mut chaos, &data, &blows);
    }
}

#[test]
fn a_shop_on_sns_and_sqs_that_dies_under_load_loses_nothing() {
    let folder = crate::shop::folder();
    let data = folder.path().join("data");
    let mut args = vec!["chaos", "--json", "--rate", "2", "--kills", "2", "--connection-cuts", "1", "--data"];
    args.push(data.to_str().unwrap());
    if let Some(mut chaos) = on(AWS, "aws", &args) {
        loses_nothing(&mut chaos, &data, &[("kills", 2), ("connection_cuts", 1)]);
    }
}
