//! The same services on a real broker and a real database: nothing changes but the configuration.

use std::process::Command;

use serde_json::Value;

use crate::support::{banyan, json_of, stderr};

/// What services run on here: how it is called, and its settings, each with the variable that says where that peer is.
type Ground = (&'static str, &'static [(&'static str, &'static str)]);

const BROKER: Ground = (
    "RabbitMQ and PostgreSQL",
    &[("BANYAN_RABBITMQ_URL", "BANYAN_TEST_RABBITMQ"), ("BANYAN_POSTGRES_URL", "BANYAN_TEST_POSTGRES")],
);
const AWS: Ground = ("SNS, SQS and DynamoDB", &[("BANYAN_AWS_ENDPOINT", "BANYAN_TEST_AWS")]);

/// This program on peers that `scripts/peers/run` started, or nothing, said by name.
#[expect(clippy::disallowed_methods, reason = "where the peers are, is told to the tests by the environment")]
fn on((name, settings): Ground, bus: &str, args: &[&str]) -> Option<Command> {
    let mut command = banyan(args);
    command.env("BANYAN_BUS", bus);
    for (setting, peer) in settings {
        let Ok(address) = std::env::var(peer) else {
            println!("skipped: the journey on {name} ({peer} is not set)");
            return None;
        };
        command.env(setting, address);
    }
    Some(command)
}

#[test]
fn on_rabbitmq_and_postgresql_orders_under_faults_come_to_their_end_and_every_ledger_agrees() {
    if let Some(mut demo) = on(BROKER, "rabbitmq", &["demo", "--orders", "40", "--faults", "--json"]) {
        comes_to_its_end(&mut demo);
    }
}

#[test]
fn on_sns_sqs_and_dynamodb_orders_under_faults_come_to_their_end_and_every_ledger_agrees() {
    if let Some(mut demo) = on(AWS, "aws", &["demo", "--orders", "40", "--faults", "--json"]) {
        // Any will do: an emulator asks for none.
        demo.env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "test")
            .env("AWS_REGION", "eu-west-1");
        comes_to_its_end(demo.env("BANYAN_AWS_PREFIX", "journey"));
    }
}

fn comes_to_its_end(demo: &mut Command) {
    let output = demo.output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    let told = json_of(&output);
    let number = |at: &str| told.pointer(at).and_then(Value::as_u64).unwrap_or(u64::MAX);
    assert_eq!((number("/orders"), number("/violations"), number("/dead_letters")), (40, 0, 0), "{told}");
    assert_eq!(number("/completed") + number("/cancelled"), 40, "{told}");
    for peer in ["provider", "carrier", "mailbox"] {
        assert_eq!(number(&format!("/ledgers/{peer}/disagreements")), 0, "{told}");
    }
    // On the embedded bus nothing is ever pending; here the relay has published what the orders sent.
    assert!(number("/services/orders/published") > 40, "{told}");
}
