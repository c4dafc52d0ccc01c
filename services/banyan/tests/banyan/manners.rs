//! What a broker does that is well: it shows a certificate, and takes no message while it is short of memory.

use std::process::{Command, Stdio};
use std::sync::PoisonError;

use serde_json::json;

use crate::brokers::{BROKER, BROKER_STAYS, Ground, broker_stays, comes_to_its_end, on, wait_until};
use crate::support::{Dev, stderr};

const BY_TLS: Ground = (
    "RabbitMQ by TLS",
    &[
        ("BANYAN_RABBITMQ_URL", "BANYAN_TEST_RABBITMQ_TLS"),
        ("BANYAN_POSTGRES_URL", "BANYAN_TEST_POSTGRES"),
        ("SSL_CERT_FILE", "BANYAN_TEST_RABBITMQ_CA"),
    ],
);
const WITH_ITS_TOOL: Ground = ("RabbitMQ with its own tool", &[("TOOL", "BANYAN_TEST_RABBITMQ_CTL")]);

#[test]
fn a_broker_with_a_certificate_is_reached_by_who_trusts_its_authority_and_by_nobody_else() {
    let _stays = broker_stays();
    let Some(mut demo) = on(BY_TLS, "rabbitmq", &["demo", "--orders", "20", "--json"]) else { return };
    comes_to_its_end(demo.env("BANYAN_PREFIX", "by_tls"), ("rabbitmq", "postgres"), 20);
    let mut doctor = on(BY_TLS, "rabbitmq", &["doctor"]).unwrap();
    let output = doctor.env("BANYAN_PREFIX", "by_tls").env_remove("SSL_CERT_FILE").output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout).into_owned() + &stderr(&output);
    assert_eq!(output.status.code(), Some(4), "{told}");
    let is_refused =
        |line: &str| line.starts_with("WRONG") && line.contains("broker") && line.contains("certificate");
    assert!(told.lines().any(is_refused), "{told}");
}

/// Has the broker take messages, or none (connections that publish are then blocked).
struct Memory(std::ffi::OsString);

impl Memory {
    fn tool(&self, args: &[&str]) -> String {
        let output = Command::new(&self.0).args(args).stdin(Stdio::null()).output().unwrap();
        assert!(output.status.success(), "{args:?}: {}", stderr(&output));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    fn is_short(&self, is_short: bool) {
        self.tool(&["set_vm_memory_high_watermark", if is_short { "0.00001" } else { "0.4" }]);
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        self.is_short(false);
    }
}

#[test]
fn what_is_placed_while_the_broker_takes_nothing_comes_to_its_end_when_it_does() {
    let _alone = BROKER_STAYS.write().unwrap_or_else(PoisonError::into_inner);
    let Some(mut command) = on(BROKER, "rabbitmq", &[]) else { return };
    let Some(tool) = on(WITH_ITS_TOOL, "rabbitmq", &[]) else { return };
    let tool = tool.get_envs().find(|(name, _)| *name == "TOOL").unwrap().1.unwrap().to_owned();
    command.env("BANYAN_PREFIX", "blocked");
    let dev = Dev::of(tempfile::tempdir().unwrap(), command);
    dev.ok(&["stock", "adjust", "85123A", "--location", "main", "--delta", "10", "--reason", "received"]);
    let memory = Memory(tool);
    memory.is_short(true);
    let placed: Vec<String> = (0..3)
        .map(|_| {
            let placed = dev.ok(&["order", "place", "--customer", "c-1", "--line", "85123A:2:255"]);
            placed["order_id"].as_str().unwrap().to_owned()
        })
        .collect();
    wait_until(|| memory.tool(&["list_connections", "--quiet", "state"]).contains("blocked"));
    for id in &placed {
        assert_eq!(dev.ok(&["order", "get", id])["status"], "placed", "its event cannot have come through");
    }
    drop(memory);
    for id in &placed {
        dev.ok(&["order", "watch", id, "--timeout", "60"]);
        assert_eq!(dev.ok(&["order", "get", id])["status"], "completed");
    }
    assert_eq!(dev.ok(&["stock", "get", "85123A"])["on_hand"], 4, "each was done once");
    assert_eq!(dev.ok(&["audit"])["violations"], json!([]));
    assert_eq!(dev.ok(&["dlq", "list"])["dead_letters"], json!([]));
}
