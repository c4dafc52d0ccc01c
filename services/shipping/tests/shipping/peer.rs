//! The simulated carrier over a real socket, with its journal on a real disk.

use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::http::HeaderMap;
use axum::routing::post;
use contracts::ShipmentId;
use contracts::order::ShipTo;
use runtime::signature::{self, is_signed};
use shipping::carrier::simulated::{Config as CarrierConfig, Http, told_in};
use shipping::carrier::{
    Book, Captured, Carrier, CarrierKey, Evidence, HandOver, Operation, Parcel, Scan, Step, TrackingNumber,
    Unavailable, Void, Why,
};
use shipping::simulated::faults::{Chance, Faults, Mishap, Odds, Pace};
use shipping::simulated::ledger::Ledger;
use shipping::simulated::{Config, Listener, Page, Problem, ServeError, Slug, Storage, serve};
use tokio::sync::oneshot;

use crate::support::{captured, secret};

/// Longer than anything takes that comes to an end at all.
const PATIENT: Duration = Duration::from_secs(20);
/// Shorter than a request that is never answered is held.
const IMPATIENT: Duration = Duration::from_millis(300);

fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

struct Server {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    thread: JoinHandle<Result<(), ServeError>>,
}

impl Server {
    fn start(storage: Storage, odds: Odds, webhook: Option<Listener>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let step = Duration::from_millis(20);
        let pace = Pace { step, late_up_to: step * 2, slow_up_to: step };
        let faults = Faults::new(1, odds, pace).unwrap();
        let serving = async move {
            let env = runtime::real::env();
            let config = Config { storage, faults, env, hold: Config::HOLD, webhook };
            serve(config, listener, async move { stopped.await.unwrap_or(()) }).await
        };
        let thread = std::thread::Builder::new().spawn(move || block_on(serving)).unwrap();
        Self { address, stop, thread }
    }

    fn on(file: &Path) -> Self {
        Self::start(Storage::File(file.to_owned()), Odds::default(), None)
    }

    fn carrier(&self, request_timeout: Duration) -> Http {
        let base_url = format!("http://{}", self.address);
        Http::new(&CarrierConfig { base_url, connect_timeout: PATIENT, request_timeout }).unwrap()
    }

    fn stop(self) {
        self.stop.send(()).unwrap();
        self.thread.join().unwrap().unwrap();
    }
}

fn parcel(name: &str) -> Parcel {
    Parcel::Shipment(ShipmentId::new(name).unwrap())
}

fn book(name: &str, line1: &str) -> Operation {
    let ship_to = ShipTo { line1: line1.to_owned(), ..ShipTo::default() };
    let key = CarrierKey::new(&parcel(name), Step::Book, 1);
    Operation::Book(Box::new(Book { key, parcel: parcel(name), ship_to, pieces: 1 }))
}

fn hand_over(name: &str, number: &TrackingNumber) -> Operation {
    Operation::HandOver(HandOver::new(&parcel(name), number.clone(), Captured::heard(&paid(&captured("o")))))
}

fn void(name: &str, number: &TrackingNumber) -> Operation {
    let key = |step| CarrierKey::new(&parcel(name), step, 1);
    Operation::Void(Void { key: key(Step::Void), book: key(Step::Book), number: Some(number.clone()) })
}

async fn label(carrier: &Http, name: &str) -> TrackingNumber {
    match carrier.execute(&book(name, "1 Mill Road")).await {
        Ok(Evidence::Labelled { label, pdf }) => {
            assert_eq!(label.sha256, pdf.sha256());
            label.number
        }
        other => panic!("{other:?}"),
    }
}

/// The ledger that follows from what the carrier exports, checked entry by entry.
async fn exported(address: SocketAddr, limit: usize) -> Ledger {
    let client = reqwest::Client::builder().no_proxy().timeout(PATIENT).build().unwrap();
    let mut ledger = Ledger::default();
    loop {
        let url = format!("http://{address}/v1/ledger?after={}&limit={limit}", ledger.entries());
        let page = client.get(url).send().await.unwrap().bytes().await.unwrap();
        let page: Page = serde_json::from_slice(&page).unwrap();
        page.entries.iter().for_each(|entry| ledger.apply(entry).unwrap());
        if page.next_after.is_none() {
            assert!(page.simulated && page.total_entries == ledger.entries());
            return ledger;
        }
    }
}

fn paid(event: &contracts::events::payment::PaymentCaptured) -> shipping::carrier::Paid {
    serde_json::from_value(serde_json::to_value(event).unwrap()).unwrap()
}

#[test]
fn what_was_done_under_a_key_stays_done_when_the_carrier_starts_again() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("peers/carrier.db");
    let server = Server::on(&file);
    let (first, number) = block_on(async {
        let carrier = server.carrier(PATIENT);
        let first = carrier.execute(&book("a", "x")).await.unwrap();
        let kept = label(&carrier, "kept").await;
        carrier.execute(&hand_over("kept", &kept)).await.unwrap();
        (first, kept)
    });
    server.stop();

    let server = Server::on(&file);
    block_on(async {
        let carrier = server.carrier(PATIENT);
        assert_eq!(carrier.execute(&book("a", "x")).await, Ok(first), "the same label, byte for byte");
        let other = carrier.execute(&book("a", "y")).await;
        assert_eq!(other, Ok(Evidence::Unknown { why: Why::KeyReused }));
        let again = carrier.execute(&hand_over("kept", &number)).await.unwrap();
        let Evidence::HandedOver { at } = again else { panic!("{again:?}") };
        assert_eq!(carrier.execute(&void("kept", &number)).await, Ok(Evidence::TooLate { at }));
        let none = carrier.look_up(&CarrierKey::new(&parcel("b"), Step::Book, 1)).await;
        assert_eq!(none, Ok(Evidence::NotFound));
        let ledger = exported(server.address, 1).await;
        assert_eq!((ledger.entries(), ledger.totals()["shipment/a"].open_labels), (3, 1));
    });
    server.stop();
}

#[test]
fn each_mishap_is_met_once_and_the_same_key_comes_to_one_label() {
    let server = Server::start(Storage::Memory, Odds::default(), None);
    block_on(async {
        let unknown = |why| Ok(Evidence::Unknown { why });
        for mishap in Mishap::ALL.iter().copied() {
            let name = mishap.as_str();
            let operation = book(name, &format!("sim:{name}"));
            let carrier = server.carrier(if name.starts_with("timeout") { IMPATIENT } else { PATIENT });
            let first = carrier.execute(&operation).await;
            let expected = match mishap {
                Mishap::TimeoutBefore | Mishap::TimeoutAfter => unknown(Why::Timeout),
                Mishap::ResetBefore | Mishap::ResetAfter => unknown(Why::Reset),
                Mishap::ErrorBefore | Mishap::ErrorAfter => unknown(Why::ServerError),
                Mishap::Unreadable => unknown(Why::Unreadable),
                Mishap::Busy => unknown(Why::InProgress),
                Mishap::Throttled => Err(Unavailable::Throttled { retry_after_s: Some(1) }),
                Mishap::Slow => carrier.look_up(operation.key()).await,
            };
            assert_eq!(first, expected, "{mishap:?}");
            let found = carrier.look_up(operation.key()).await.unwrap();
            assert_eq!(found != Evidence::NotFound, mishap.is_executed(), "{mishap:?}");
            let again = carrier.execute(&operation).await.unwrap();
            assert!(found == again || found == Evidence::NotFound, "{mishap:?}: {found:?} became {again:?}");
        }
        let ledger = exported(server.address, 7).await;
        assert_eq!(ledger.entries(), Mishap::ALL.len() as u64);
        assert!(ledger.totals().values().all(|of| of.open_labels == 1));
    });
    server.stop();
}

#[test]
fn under_all_faults_at_once_every_key_ends_in_one_label() {
    let some = Chance::percent(8);
    let odds = Odds {
        reset_before: some,
        reset_after: some,
        error_before: some,
        error_after: some,
        unreadable: some,
        busy: some,
        throttled: some,
        slow: some,
        refuse: some,
        ..Odds::default()
    };
    let server = Server::start(Storage::Memory, odds, None);
    block_on(async {
        let carrier = server.carrier(PATIENT);
        let (mut labelled, mut refused, mut tries) = (0, 0, 0);
        for n in 0..100 {
            loop {
                tries += 1;
                match carrier.execute(&book(&n.to_string(), "")).await {
                    Ok(Evidence::Unknown { .. }) | Err(Unavailable::Throttled { .. }) => {}
                    Ok(Evidence::Labelled { .. }) => break labelled += 1,
                    Ok(Evidence::Refused { .. }) => break refused += 1,
                    other => panic!("{other:?}"),
                }
            }
        }
        assert!(labelled > 70 && refused > 0 && tries > 120, "{labelled} {refused} {tries}");
        let ledger = exported(server.address, 50).await;
        assert_eq!((ledger.entries(), ledger.parcels().count()), (100, labelled));
    });
    server.stop();
}

#[test]
fn a_carrier_that_is_not_there_was_certainly_not_asked() {
    let server = Server::start(Storage::Memory, Odds::default(), None);
    let carrier = server.carrier(PATIENT);
    server.stop();
    assert_eq!(block_on(carrier.execute(&book("a", ""))), Err(Unavailable::Unreachable));
}

#[test]
fn bad_requests_get_problem_documents() {
    let server = Server::start(Storage::Memory, Odds::default(), None);
    block_on(async {
        let client = reqwest::Client::builder().no_proxy().timeout(PATIENT).build().unwrap();
        let origin = format!("http://{}", server.address);
        let keyed = |path: &str| client.post(format!("{origin}{path}")).header("idempotency-key", "k");
        for (request, slug) in [
            (client.post(format!("{origin}/v1/operations/k/cancel")), Slug::KeyRequired),
            (keyed("/v1/labels").body("{"), Slug::MalformedRequest),
            (keyed("/v1/labels").body("{}"), Slug::InvalidRequest),
            (keyed("/v1/labels").body("x".repeat(20_000)), Slug::BodyTooLarge),
            (keyed("/v1/parcels/1/void"), Slug::InvalidRequest),
            (keyed("/v1/parcels/SIM00000000000001GB/void"), Slug::ParcelNotFound),
            (client.get(format!("{origin}/v1/operations/k")), Slug::OperationNotFound),
            (client.get(format!("{origin}/v1/ledger?after=x")), Slug::InvalidRequest),
            (client.get(format!("{origin}/")), Slug::RouteNotFound),
        ] {
            let response = request.send().await.unwrap();
            assert_eq!(response.status().as_u16(), slug.status(), "{slug:?}");
            let body = response.text().await.unwrap();
            assert_eq!(Problem::decode(&body).map(|problem| problem.slug), Some(slug), "{body}");
        }
        let health = client.get(format!("{origin}/healthz")).send().await.unwrap().text().await.unwrap();
        assert!(health.contains(r#""simulated":true"#), "{health}");
    });
    server.stop();
}

/// Whoever hears webhooks: their bodies, each with whether it was signed.
type Heard = Arc<Mutex<Vec<(Bytes, bool)>>>;

/// Listens for webhooks on a thread that ends with the test's process.
fn listener(heard: Heard) -> SocketAddr {
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    socket.set_nonblocking(true).unwrap();
    let route = post(move |headers: HeaderMap, body: Bytes| async move {
        let signature =
            headers.get(signature::HEADER).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let is_signed = is_signed(&[secret()], &body, signature);
        heard.lock().unwrap().push((body, is_signed));
    });
    let serving = async move {
        let socket = tokio::net::TcpListener::from_std(socket).unwrap();
        axum::serve(socket, Router::new().route("/hook", route)).await.unwrap();
    };
    std::thread::Builder::new().spawn(move || block_on(serving)).unwrap();
    address
}

#[test]
fn scans_are_told_to_whoever_listens_signed_and_are_those_that_asking_gives() {
    let heard = Heard::default();
    let url = format!("http://{}/hook", listener(heard.clone()));
    let webhook = Some(Listener { url, secret: secret() });
    let odds = Odds { told_twice: Chance::percent(50), ..Odds::default() };
    let server = Server::start(Storage::Memory, odds, webhook);
    let asked = block_on(async {
        let carrier = server.carrier(PATIENT);
        let number = label(&carrier, "a").await;
        carrier.execute(&hand_over("a", &number)).await.unwrap();
        loop {
            let evidence = carrier.track(&number).await.unwrap();
            let Evidence::Tracked { scans } = evidence else { panic!("{evidence:?}") };
            if scans.len() == 4 {
                break scans;
            }
        }
    });
    let told = loop {
        let heard = heard.lock().unwrap().clone();
        assert!(heard.iter().all(|(_, is_signed)| *is_signed));
        let mut told: Vec<Scan> = Vec::new();
        for scan in heard.iter().flat_map(|(body, _)| told_in(body).unwrap()) {
            assert_eq!(scan.parcel, parcel("a"));
            if !told.contains(&scan.scan) {
                told.push(scan.scan);
            }
        }
        if told.len() == asked.len() {
            told.sort_by_key(|scan| scan.at);
            break told;
        }
        std::thread::yield_now();
    };
    assert_eq!(told, asked);
    server.stop();
}
