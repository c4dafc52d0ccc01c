//! The same services on a real broker and a real database: nothing changes but the configuration.

use std::process::Command;

use serde_json::Value;

use crate::support::{banyan, json_of, stderr};

/// The broker and the database that `scripts/peers/run` started, or nothing, said by name.
#[expect(clippy::disallowed_methods, reason = "where the peers are, is told to the tests by the environment")]
fn on_real_peers(args: &[&str]) -> Option<Command> {
    let mut missing = Vec::new();
    let mut address = |name: &'static str| {
        let found = std::env::var(name).ok();
        if found.is_none() {
            missing.push(name);
        }
        found.unwrap_or_default()
    };
    let (broker, database) = (address("BANYAN_TEST_RABBITMQ"), address("BANYAN_TEST_POSTGRES"));
    if !missing.is_empty() {
        println!("skipped: the journey on RabbitMQ and PostgreSQL ({} is not set)", missing.join(", "));
        return None;
    }
    let mut command = banyan(args);
    command
        .env("BANYAN_BUS", "rabbitmq")
        .env("BANYAN_RABBITMQ_URL", broker)
        .env("BANYAN_POSTGRES_URL", database);
    Some(command)
}

#[test]
fn orders_under_faults_come_to_their_end_and_every_ledger_agrees() {
    let Some(mut demo) = on_real_peers(&["demo", "--orders", "40", "--faults", "--json"]) else { return };
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
