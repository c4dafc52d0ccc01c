//! One service per process: who may talk to it, and an order that goes through five of them.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::process::{Child, ChildStdin, Command, Output, Stdio};

use reqwest::Method;
use serde_json::{Value, json};

use crate::brokers::{AWS, BROKER, Ground, broker_stays, on};
use crate::shop::{Shop, answered, block_on, order};
use crate::support::{banyan, json_of, run, stderr};

const TOKEN: &str = "0123456789abcdef0123456789abcdef";
const SECRET: &str = "what the peers sign with";

#[test]
fn what_cannot_be_served_is_refused_with_64_and_one_line_that_helps() {
    let broker = ["--bus", "rabbitmq"];
    for (args, help) in [
        (&["serve", "orders"][..], "`banyan dev`"),
        (&["serve", "payment"], "`banyan dev`"),
        (&[&["serve", "orders", "--host", "0.0.0.0"][..], &broker].concat(), "BANYAN_TOKEN"),
        (&[&["serve", "orders", "--ops-host", "::"][..], &broker].concat(), "BANYAN_TOKEN"),
        (&[&["serve", "payment"][..], &broker].concat(), "--peer-url"),
        (&[&["serve", "payment", "--peer-url", "127.0.0.1:1"][..], &broker].concat(), "peer_url"),
    ] {
        let output = run(args);
        let said = stderr(&output);
        assert_eq!((output.status.code(), said.lines().count()), (Some(64), 1), "{args:?}: {said}");
        assert!(said.contains(help), "{args:?}: {said}");
    }
}

/// A process that runs until its standard input ends, and what it said when it was ready.
struct Running {
    child: Child,
    input: Option<ChildStdin>,
    said: Value,
}

impl Running {
    fn start(mut command: Command) -> Self {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut input = child.stdin.take().unwrap();
        // Peers take it; nobody else reads.
        writeln!(input, "{SECRET}").unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let said = serde_json::from_str(&line).unwrap();
        Self { child, input: Some(input), said }
    }

    fn at(&self, name: &str) -> String {
        self.said[name].as_str().unwrap().to_owned()
    }

    /// As whoever runs it does, and whether it was content.
    fn terminate(&mut self) -> bool {
        let kill = format!("kill {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
        self.child.wait().unwrap().success()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.input.take());
        self.child.wait().unwrap();
    }
}

/// All services, each in a process of its own, and the peers that they ask.
struct Apart {
    services: Vec<(&'static str, Running)>,
    _peers: Vec<Running>,
}

impl Apart {
    fn start(ground: Ground, bus: &str) -> Option<Self> {
        let data = tempfile::tempdir().unwrap();
        // An endpoint may have been tested before.
        let prefix = format!("apart_{}", std::process::id());
        on(ground, bus, &[])?;
        let (mut services, mut peers) = (Vec::new(), Vec::new());
        for (service, peer, desk) in [
            ("orders", None, None),
            ("inventory", None, None),
            ("payment", Some("provider"), Some("providers")),
            ("shipping", Some("carrier"), Some("carriers")),
            ("notification", Some("mailbox"), None),
        ] {
            let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string();
            let mut serve = on(ground, bus, &["serve", service, "--with-parent", "--json"])?;
            serve.args(["--port", &port, "--ops-port", "0", "--prefix", &prefix, "--data"]).arg(data.path());
            serve.env("BANYAN_TOKEN", TOKEN).env("BANYAN_WEBHOOK_SECRET", SECRET);
            if let Some(peer) = peer {
                let mut command = banyan(&["peer", peer]);
                let webhook = desk.map(|desk| format!("http://127.0.0.1:{port}/{desk}/simulated/webhooks"));
                command.args(webhook.iter().flat_map(|url| ["--webhook", url]));
                peers.push(Running::start(command));
                serve.args(["--peer-url", &peers.last().unwrap().at("url")]);
            }
            services.push((service, Running::start(serve)));
        }
        Some(Self { services, _peers: peers })
    }

    /// Where operators are, as `--url` takes it.
    fn url(&self) -> String {
        let each = self.services.iter().map(|(name, running)| format!("{name}={}", running.at("ops_url")));
        each.collect::<Vec<_>>().join(",")
    }

    fn run(&self, args: &[&str], token: &str) -> Output {
        let mut command = banyan(args);
        command.args(["--json", "--url", &self.url()]).env("BANYAN_TOKEN", token);
        command.stdin(Stdio::null()).output().unwrap()
    }

    fn ok(&self, args: &[&str]) -> Value {
        let output = self.run(args, TOKEN);
        assert_eq!(output.status.code(), Some(0), "{args:?}: {}", stderr(&output));
        json_of(&output)
    }

    /// What a request without a token is told: the status, and what the problem is called.
    fn told(&self, service: &str, at: &str, (method, path): (Method, &str)) -> (u16, String) {
        let running = &self.services.iter().find(|(name, _)| *name == service).unwrap().1;
        let request = Shop::at(running.at(at)).request(method, path).json(&json!({}));
        let answer = block_on(answered(request)).unwrap();
        let problem = serde_json::from_str::<Value>(&answer.text).unwrap_or_default();
        let called = problem["type"].as_str().unwrap_or_default().replace("urn:banyan:problem:", "");
        (answer.status.as_u16(), called)
    }
}

#[test]
fn on_rabbitmq_an_order_goes_through_five_processes_and_everything_adds_up() {
    let _stays = broker_stays();
    if let Some(apart) = Apart::start(BROKER, "rabbitmq") {
        goes_through(apart);
    }
}

#[test]
fn on_sns_and_sqs_an_order_goes_through_five_processes_and_everything_adds_up() {
    if let Some(apart) = Apart::start(AWS, "aws") {
        goes_through(apart);
    }
}

fn goes_through(mut apart: Apart) {
    apart.ok(&["stock", "adjust", "85123A", "--location", "main", "--delta", "10", "--reason", "received"]);
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(&file, order("c-1", "85123A", 6).to_string()).unwrap();
    let placed = apart.ok(&["order", "place", "--file", file.path().to_str().unwrap()]);
    let id = placed["order_id"].as_str().unwrap();
    apart.ok(&["order", "watch", id]);
    let shown = apart.ok(&["order", "timeline", id]);
    let told = shown.to_string();
    // What three of them tell of it.
    for told_by in ["order.completed", "captured", "delivered"] {
        assert!(told.contains(told_by), "{told_by} in {told}");
    }
    assert_eq!(apart.ok(&["stock", "get", "85123A"])["on_hand"], 4);
    let audit = apart.ok(&["audit"]);
    assert_eq!((&audit["orders"], &audit["violations"]), (&json!(1), &json!([])), "{audit}");
    for peer in ["provider", "carrier", "mailbox"] {
        assert!(audit["ledgers"][peer]["effects"].as_u64() > Some(0), "{peer} in {audit}");
    }
    assert_eq!(apart.ok(&["dlq", "list"])["dead_letters"], json!([]));
    let queues = apart.ok(&["queues", "list"]);
    assert_eq!(queues["queues"].as_array().map(Vec::len), Some(5), "{queues}");
    let mails = apart.ok(&["mail", "list", "--order", id]);
    assert!(mails.to_string().contains("order-completed"), "{mails}");

    strangers_are_refused(&apart);
    // It says what is wrong with the whole only when it hears the whole.
    assert!(apart.services[3].1.terminate(), "it drains, and is content");
    assert_eq!(apart.run(&["audit"], TOKEN).status.code(), Some(1));
}

fn strangers_are_refused(apart: &Apart) {
    const STRANGER: (u16, &str) = (401, "token-required");
    for (service, at, request, told) in [
        ("orders", "url", (Method::POST, "/orders"), STRANGER),
        ("orders", "url", (Method::GET, "/orders/nobody"), (404, "not-found")),
        ("orders", "url", (Method::GET, "/dead-letters"), (404, "not-found")),
        ("orders", "ops_url", (Method::GET, "/dead-letters"), STRANGER),
        ("orders", "ops_url", (Method::POST, "/events"), STRANGER),
        ("orders", "ops_url", (Method::GET, "/healthz/ready"), (200, "")),
        ("orders", "ops_url", (Method::GET, "/metrics"), (200, "")),
        ("payment", "ops_url", (Method::GET, "/audit"), STRANGER),
        // It asks for a signature instead.
        ("payment", "url", (Method::POST, "/providers/simulated/webhooks"), (401, "not-signed")),
    ] {
        let named = format!("{service} {at} {request:?}");
        let (status, called) = apart.told(service, at, request);
        assert_eq!((status, called.as_str()), told, "{named}");
    }
    let refused = apart.run(&["dlq", "list"], "another-token-of-that-length");
    assert_eq!(refused.status.code(), Some(1));
    assert!(stderr(&refused).contains("token-required"), "{}", stderr(&refused));
    assert!(!stderr(&refused).contains("another-token"), "{}", stderr(&refused));
}
