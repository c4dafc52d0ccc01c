//! A running `banyan dev` that may be killed, what to ask it over HTTP, and how to wait for it.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use reqwest::header::HeaderMap;
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;

/// Longer than anything takes that comes to an end at all, on a machine with much else to do.
pub(crate) const PATIENCE: Duration = Duration::from_secs(180);

/// Runs `future` to its end on this thread.
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// A folder for data. In memory where the system has such a place: what a killed process has written stays all the
/// same, and the tests do not wait for the disk.
pub(crate) fn folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory).unwrap() } else { tempfile::tempdir().unwrap() }
}

/// The program, with nothing of this process's settings.
pub(crate) fn banyan(data: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_banyan"));
    for name in ["URL", "PORT", "HOST", "DATA", "LOG"] {
        command.env_remove(format!("BANYAN_{name}"));
    }
    command.current_dir(data.parent().unwrap()).args(["--json", "--port", "0", "--data"]).arg(data);
    command
}

/// A running `banyan dev`, killed when dropped.
pub(crate) struct Dev {
    pub(crate) url: String,
    process: Child,
    log: PathBuf,
}

impl Dev {
    /// Starts it and waits until it says that it is ready.
    pub(crate) fn start(data: &Path) -> Self {
        Self::start_with(data, &[])
    }

    /// The same with more arguments.
    pub(crate) fn start_with(data: &Path, args: &[&str]) -> Self {
        let log = data.with_extension("log");
        let errors = File::options().create(true).append(true).open(&log).unwrap();
        let mut process = banyan(data)
            .args(["dev", "--with-parent"])
            .args(args)
            // Its end is the end of this process.
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(errors)
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let dev = |url| Self { url, process, log };
        match serde_json::from_str::<Value>(&line) {
            Ok(ready) => dev(ready["url"].as_str().unwrap().to_owned()),
            Err(_) => panic!("not ready: {line:?}; {}", dev(String::new()).log()),
        }
    }

    /// SIGKILL: nothing of it runs any more when this returns.
    pub(crate) fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Kills the simulated provider and nothing else.
    pub(crate) fn kill_provider(&self) {
        let pids = self.children();
        assert!(!pids.is_empty(), "the provider is not running");
        assert!(shell(&format!("kill -9 {}", pids.join(" "))));
    }

    /// The processes that it started, as the kernel lists them (proc(5), `stat`: pid (name) state parent ...).
    fn children(&self) -> Vec<String> {
        let parent = self.process.id().to_string();
        let is_child = |stat: &str| {
            let after_name = stat.rsplit_once(") ").map(|(_, rest)| rest).unwrap_or_default();
            after_name.split_whitespace().nth(1) == Some(parent.as_str())
        };
        let processes = std::fs::read_dir("/proc").unwrap().filter_map(Result::ok);
        processes
            .filter(|entry| {
                std::fs::read_to_string(entry.path().join("stat")).is_ok_and(|stat| is_child(&stat))
            })
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect()
    }

    /// Asks it to stop, waits until it has, and tells whether it was content.
    pub(crate) fn stop(mut self) -> bool {
        assert!(shell(&format!("kill {}", self.process.id())));
        self.process.wait().unwrap().success()
    }

    /// What it wrote to standard error, in all its lives.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap()
    }

    pub(crate) fn shop(&self) -> Shop {
        Shop::at(self.url.clone())
    }
}

impl Drop for Dev {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

/// An answer, whole.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    pub(crate) fn order_id(&self) -> String {
        self.json()["order_id"].as_str().unwrap_or_else(|| panic!("no order: {self:?}")).to_owned()
    }
}

/// Somebody who asks a running banyan.
#[derive(Clone)]
pub(crate) struct Shop {
    pub(crate) url: String,
    http: reqwest::Client,
}

impl Shop {
    pub(crate) fn at(url: String) -> Self {
        let http = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build().unwrap();
        Self { url, http }
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.url))
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        answered(self.request(Method::GET, path)).await.unwrap()
    }

    /// `None` when the answer was lost.
    pub(crate) async fn place(&self, key: &str, order: &Value) -> Option<Answer> {
        answered(self.request(Method::POST, "/orders").header("idempotency-key", key).json(order)).await
    }

    pub(crate) async fn receive(&self, sku: &str, quantity: i64) {
        let body = json!({ "location": "main", "delta": quantity, "reason": "received" });
        let path = format!("/stock/{sku}/adjust");
        let answer = answered(self.request(Method::POST, &path).json(&body)).await.unwrap();
        assert!(answer.status.is_success(), "{answer:?}");
    }

    pub(crate) async fn status_of(&self, order_id: &str) -> String {
        let answer = self.get(&format!("/orders/{order_id}")).await;
        answer.json()["status"].as_str().unwrap_or_else(|| panic!("{order_id}: {answer:?}")).to_owned()
    }

    /// All orders, of one customer if one is named.
    pub(crate) async fn orders(&self, customer: Option<&str>) -> Vec<Value> {
        let mut orders = Vec::new();
        let customer = customer.map_or_else(String::new, |customer| format!("&customer_id={customer}"));
        let mut cursor = String::new();
        loop {
            let page = self.get(&format!("/orders?limit=100{customer}{cursor}")).await.json();
            orders.extend(page["orders"].as_array().unwrap().iter().cloned());
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return orders,
            }
        }
    }

    /// Waits until nothing is on its way and every order has come to its end.
    pub(crate) async fn settle(&self) {
        until("everything settles", async || {
            let report = self.get("/queues").await.json();
            let queues = report["queues"].as_array().unwrap();
            let idle = queues.iter().all(|queue| queue["waiting"] == 0 && queue["in_flight"] == 0);
            idle && self.orders(None).await.iter().all(|order| is_end(order["status"].as_str().unwrap()))
        })
        .await;
    }

    /// What the audit finds.
    pub(crate) async fn audit(&self) -> Value {
        let mut report = Value::Null;
        // The provider may be starting again just now.
        until("the audit answers", async || {
            let answer = self.get("/audit").await;
            report = answer.json();
            assert!(matches!(answer.status.as_u16(), 200 | 503), "{answer:?}");
            answer.status == StatusCode::OK
        })
        .await;
        report
    }

    /// The audit finds nothing, and that means something: nobody is on the way, so everybody was compared.
    pub(crate) async fn is_sound(&self) {
        self.settle().await;
        let mut report = Value::Null;
        // Parcels that come back and mails take a little longer than their orders.
        until("everything comes to rest", async || {
            report = self.audit().await;
            report["in_flight"] == 0 && report["counts"]["under_way"] == 0
        })
        .await;
        let quiet = json!({ "violations": [], "in_flight": 0, "dead_letters": 0, "stuck": [] });
        for (name, value) in quiet.as_object().unwrap() {
            assert_eq!(&report[name], value, "{report}");
        }
    }
}

fn is_end(status: &str) -> bool {
    matches!(status, "completed" | "cancelled")
}

/// Sends; `None` when there is no whole answer.
pub(crate) async fn answered(request: RequestBuilder) -> Option<Answer> {
    let response = request.send().await.ok()?;
    let (status, headers) = (response.status(), response.headers().clone());
    Some(Answer { status, headers, text: response.text().await.ok()? })
}

/// Asks again and again until it is true, less and less often: who is asked has something else to do.
pub(crate) async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let clock = runtime::real::env().clock;
    let (start, mut pause) = (clock.now(), Duration::from_millis(10));
    while !is_so().await {
        assert!(clock.now().since(start) < PATIENCE, "not within {PATIENCE:?}: {what}");
        clock.sleep(pause).await;
        pause = (pause * 2).min(Duration::from_millis(320));
    }
}

/// The body of `POST /orders`.
pub(crate) fn order(customer: &str, sku: &str, quantity: u32) -> Value {
    json!({
        "customer_id": customer, "currency": "GBP", "channel": "web",
        "lines": [{ "sku": sku, "quantity": quantity, "unit_price_minor": 255 }],
        "shipping_fee_minor": 0,
        "payment_method": { "token": "tok_ok" },
        "customer": { "name": "Ada", "email": "ada@example.org", "locale": "en-GB" },
        "ship_to": { "name": "Ada", "line1": "1 Long Lane", "city": "Leeds", "postcode": "LS1 1AA", "country": "GB" },
    })
}

/// Runs a line of shell: `kill` is built into every shell, and a program of its own on some systems only.
fn shell(line: &str) -> bool {
    Command::new("sh").args(["-c", line]).status().unwrap().success()
}
