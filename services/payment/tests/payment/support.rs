//! Servers in this process and outside it, and operations to ask them for.

use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::JoinHandle;
use std::time::Duration;

use contracts::{Currency, Money, PaymentId, RefundId};
use payment::gateway::simulated::{Config as GatewayConfig, Http};
use payment::gateway::{Authorize, Capture, Operation, ProviderKey, Reference, Refund, Step, Token, Void};
use payment::simulated::faults::{Faults, Odds};
use payment::simulated::ledger::Ledger;
use payment::simulated::{Config, Listener, Page, ServeError, Storage, serve};
use tokio::sync::oneshot;

/// Longer than anything takes that comes to an end at all.
pub(crate) const PATIENT: Duration = Duration::from_secs(20);

/// Runs `future` to its end on this thread.
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// A simulated provider in this process, without a disk.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    stop: oneshot::Sender<()>,
    thread: JoinHandle<Result<(), ServeError>>,
}

impl Server {
    pub(crate) fn start(odds: Odds) -> Self {
        Self::telling(odds, None)
    }

    /// One that tells `webhook` what happens.
    pub(crate) fn telling(odds: Odds, webhook: Option<Listener>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let config = Config {
            storage: Storage::Memory,
            faults: Faults::new(1, odds, Duration::from_secs(1)).unwrap(),
            env: runtime::real::env(),
            hold: Config::HOLD,
            webhook,
        };
        let serving =
            async move { serve(config, listener, async move { stopped.await.unwrap_or(()) }).await };
        let thread = std::thread::Builder::new().spawn(move || block_on(serving)).unwrap();
        Self { address, stop, thread }
    }

    pub(crate) fn gateway(&self) -> Http {
        gateway(self.address, PATIENT)
    }

    pub(crate) fn stop(self) {
        self.stop.send(()).unwrap();
        self.thread.join().unwrap().unwrap();
    }
}

/// A simulated provider in a process of its own, killed when dropped.
pub(crate) struct Peer {
    pub(crate) address: SocketAddr,
    process: Child,
}

impl Peer {
    pub(crate) fn start(file: &Path) -> Self {
        Self::telling(file, None)
    }

    /// One that tells `url` what happens.
    pub(crate) fn telling(file: &Path, url: Option<&str>) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_simulated-provider"))
            .arg(file)
            .args(url)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address =
            line.trim().strip_prefix("listening ").unwrap_or_else(|| panic!("{line:?}")).parse().unwrap();
        Self { address, process }
    }

    /// SIGKILL: nothing of it runs any more when this returns.
    pub(crate) fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

pub(crate) fn gateway(address: SocketAddr, request_timeout: Duration) -> Http {
    let base_url = format!("http://{address}");
    Http::new(&GatewayConfig { base_url, connect_timeout: PATIENT, request_timeout }).unwrap()
}

fn payment(name: &str) -> PaymentId {
    PaymentId::new(name).unwrap()
}

pub(crate) fn authorize_key(name: &str) -> ProviderKey {
    ProviderKey::new(&payment(name), Step::Authorize, 1)
}

pub(crate) fn authorize(name: &str, token: &str) -> Operation {
    Operation::Authorize(Authorize {
        key: authorize_key(name),
        payment_id: payment(name),
        money: Money::new(1050, Currency::GBP),
        token: Token::new(token),
    })
}

pub(crate) fn void(name: &str, reference: Option<Reference>) -> Operation {
    let key = ProviderKey::new(&payment(name), Step::Void, 1);
    Operation::Void(Void { key, authorize: authorize_key(name), reference })
}

fn money(amount_minor: i64) -> Money {
    Money::new(amount_minor, Currency::GBP)
}

pub(crate) fn capture_key(name: &str) -> ProviderKey {
    ProviderKey::new(&payment(name), Step::Capture, 1)
}

pub(crate) fn capture(name: &str, reference: Reference) -> Operation {
    let (key, payment_id, authorize) = (capture_key(name), payment(name), authorize_key(name));
    Operation::Capture(Capture { key, payment_id, authorize, reference, money: money(1050) })
}

pub(crate) fn refund(name: &str, reference: Reference, (nth, amount_minor): (u32, i64)) -> Operation {
    let refund_id = RefundId::new(format!("{name}-{nth}")).unwrap();
    let key = ProviderKey::of_refund(&refund_id, 1);
    Operation::Refund(Refund {
        key,
        payment_id: payment(name),
        refund_id,
        reference,
        money: money(amount_minor),
    })
}

/// A client for the routes that the gateway does not use.
pub(crate) fn client() -> reqwest::Client {
    let builder = reqwest::Client::builder().no_proxy().timeout(PATIENT);
    builder.redirect(reqwest::redirect::Policy::none()).build().unwrap()
}

/// The ledger that follows from what the provider exports, checked entry by entry, and the keys in order.
pub(crate) async fn exported(address: SocketAddr, limit: usize) -> (Ledger, Vec<String>) {
    let (client, mut ledger, mut keys) = (client(), Ledger::default(), Vec::new());
    loop {
        let url = format!("http://{address}/v1/ledger?after={}&limit={limit}", ledger.entries());
        let page = client.get(url).send().await.unwrap().bytes().await.unwrap();
        let page: Page = serde_json::from_slice(&page).unwrap();
        for entry in &page.entries {
            ledger.apply(entry).unwrap();
            keys.push(entry.key.to_string());
        }
        if page.next_after.is_none() {
            assert_eq!(page.total_entries, ledger.entries());
            assert_eq!(page.more.balances, ledger.books().balances().collect::<Vec<_>>());
            return (ledger, keys);
        }
    }
}
