//! A shop that ships: two nodes of the service in a simulated world, in which time jumps, and a simulated carrier.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Deref;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use bus::{Address, Outgoing, Wiring};
use bytes::Bytes;
use contracts::event::Draft;
use contracts::{Envelope, EventData, EventType, MessageId, Timestamp, Topology, TraceParent};
use futures_util::future::BoxFuture;
use runtime::Findings;
use runtime::signature::{self, Secret};
use serde_json::json;
use shipping::Config;
use shipping::carrier::simulated::{evidence_of, look_up_for, request_for, told_in, track_for};
use shipping::carrier::{Carrier, CarrierKey, Evidence, Operation, Told, TrackingNumber, Unavailable, Why};
use shipping::simulated::Depot;
use shipping::simulated::faults::{Faults, Odds, Pace};
use shipping::simulated::ledger::ParcelTotals;
use shipping::simulated::wire;
use store::sim::{JumpingTime, SimTime};
use testkit::Pair;
use testkit::pair::Response;

/// What becomes of a parcel, in events. Tests that compare all that was told compare these, so that an event that tells
/// something else beside them has tests of its own and breaks none of theirs.
const FATES: [&str; 8] = [
    "shipment.created",
    "shipment.ready",
    "shipment.stopped",
    "shipment.stop-refused",
    "shipment.dispatched",
    "shipment.delivered",
    "shipment.failed",
    "return.received",
];

/// The way to the simulated carrier, on which a test may lose what it wants.
pub(crate) struct Road {
    depot: Mutex<Depot>,
    now: Box<dyn Fn() -> Timestamp + Send + Sync>,
    mishaps: Mutex<VecDeque<Mishap>>,
    calls: Mutex<Vec<String>>,
}

/// What happens to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mishap {
    /// It never arrives, and nobody knows.
    LostBefore,
    /// It is executed, and nobody knows.
    LostAfter,
    /// It is known not to have arrived.
    Down,
}

impl Road {
    pub(crate) fn new(now: impl Fn() -> Timestamp + Send + Sync + 'static) -> Arc<Self> {
        let second = Duration::from_secs(1);
        let pace = Pace { step: second, late_up_to: second * 3, slow_up_to: Duration::ZERO };
        let depot = Depot::new(Faults::new(1, Odds::default(), pace).unwrap());
        let (depot, mishaps, calls) = (Mutex::new(depot), Mutex::default(), Mutex::default());
        Arc::new(Self { depot, now: Box::new(now), mishaps, calls })
    }

    /// The next calls meet these.
    pub(crate) fn lose(&self, mishaps: &[Mishap]) {
        self.mishaps.lock().unwrap().extend(mishaps);
    }

    /// Every call so far: its method and the last parts of its path, with the key of a write.
    pub(crate) fn calls(&self) -> Vec<String> {
        self.calls.lock().unwrap().clone()
    }

    /// What the carrier's own books say.
    pub(crate) fn totals(&self) -> BTreeMap<String, ParcelTotals> {
        self.depot.lock().unwrap().ledger().totals()
    }

    /// What is to be told by webhook now.
    pub(crate) fn webhooks(&self) -> Vec<Vec<u8>> {
        let mut depot = self.depot.lock().unwrap();
        std::iter::from_fn(|| depot.next_webhook((self.now)()).map(|webhook| webhook.body)).collect()
    }

    fn send(&self, request: &wire::Request) -> Result<Evidence, Unavailable> {
        let called = request.key.clone().unwrap_or_else(|| format!("GET {}", request.path));
        self.calls.lock().unwrap().push(called);
        let mishap = self.mishaps.lock().unwrap().pop_front();
        if mishap == Some(Mishap::Down) {
            return Err(Unavailable::Unreachable);
        }
        let lost = Ok(Evidence::Unknown { why: Why::Timeout });
        if mishap == Some(Mishap::LostBefore) {
            return lost;
        }
        let bytes = serde_json::to_vec(request).unwrap();
        let answer = evidence_of(&self.depot.lock().unwrap().call((self.now)(), &bytes));
        if mishap == Some(Mishap::LostAfter) { lost } else { answer }
    }
}

impl Carrier for Road {
    fn execute<'a>(&'a self, operation: &'a Operation) -> BoxFuture<'a, Result<Evidence, Unavailable>> {
        Box::pin(async { self.send(&request_for(operation)) })
    }

    fn look_up<'a>(&'a self, key: &'a CarrierKey) -> BoxFuture<'a, Result<Evidence, Unavailable>> {
        Box::pin(async { self.send(&look_up_for(key)) })
    }

    fn track<'a>(&'a self, number: &'a TrackingNumber) -> BoxFuture<'a, Result<Evidence, Unavailable>> {
        Box::pin(async { self.send(&track_for(number)) })
    }

    fn told(&self, body: &[u8]) -> Option<Vec<Told>> {
        told_in(body)
    }
}

/// The secret that webhooks are signed with.
pub(crate) fn secret() -> Secret {
    Secret::new("between us")
}

pub(crate) struct Shop {
    pub(crate) road: Arc<Road>,
    pair: Pair,
}

impl Deref for Shop {
    type Target = Pair;

    fn deref(&self) -> &Pair {
        &self.pair
    }
}

impl Shop {
    pub(crate) fn new() -> Self {
        Self::with(1, Config::default().pace)
    }

    /// In the world of `seed`, asking about parcels at this pace.
    pub(crate) fn with(seed: u64, pace: shipping::Pace) -> Self {
        let time = JumpingTime::starting_at("2026-11-22T20:00:00Z".parse().unwrap());
        let clock = time.clone();
        let road = Road::new(move || clock.now());
        let service = || {
            let config = Config { webhook_secrets: vec![secret()], pace, ..Config::default() };
            shipping::service(road.clone(), config)
        };
        let pair = Pair::start("shipping", time, seed, &wiring(), service);
        Self { road, pair }
    }

    /// Lets all trouble end, and everything that is under way arrive.
    pub(crate) fn calm(&self) {
        self.calm_for(Duration::from_secs(1_200));
    }

    /// Publishes an event of another service, and lets it be handled.
    pub(crate) fn tell<T: EventData>(&self, name: &str, order_id: &str, data: &T) {
        self.publish(name, order_id, data);
        self.settle();
    }

    /// Publishes an event of another service, and does not wait.
    pub(crate) fn publish<T: EventData>(&self, name: &str, order_id: &str, data: &T) {
        let id = MessageId::named(&[name]);
        let body = Draft {
            id,
            service: "orders",
            kind: T::TYPE,
            schema: Some(T::SCHEMA),
            subject: order_id,
            time: self.now(),
            trace: TraceParent::root(id),
            lane: order_id,
            sequence: None,
            correlation: Some(order_id),
            cause: id,
        };
        let body = Bytes::from(body.encode(data).unwrap());
        let address = Address::Topic(EventType::of::<T>());
        let message = Outgoing { id, address, lane: order_id.to_owned(), attempt: 0, body };
        self.send_out(message);
    }

    /// The names of what it has said that is in [`FATES`], oldest first.
    pub(crate) fn told(&self) -> Vec<String> {
        let heard = self.heard();
        let names =
            heard.iter().map(|event| event.kind.as_str().replace("shop.banyan.", "").replace(".v1", ""));
        names.filter(|name| FATES.contains(&name.as_str())).collect()
    }

    /// Whether the label of `parcel` is still there in so long.
    pub(crate) fn has_label(&self, parcel: &str, later: Duration) -> bool {
        let key = store::Key::new("shipping.label", parcel);
        let then = self.now().plus(later);
        self.world().with_model(|model| model.read(&[key], then).remove(0).is_some())
    }

    pub(crate) fn audit(&self) -> Findings {
        self.findings()
    }

    pub(crate) fn post(&self, path: &str) -> Response {
        self.send(Request::post(path).body(Body::empty()).unwrap())
    }

    /// A webhook of the carrier's, with this signature.
    pub(crate) fn webhook(&self, body: &[u8], signature: &str) -> Response {
        let request = Request::post("/carriers/simulated/webhooks").header(signature::HEADER, signature);
        self.send(request.body(Body::from(body.to_vec())).unwrap())
    }
}

/// The one event of its kind among `heard`.
pub(crate) fn only<T: EventData>(heard: &[Envelope]) -> T {
    let mut of_kind = heard.iter().filter(|event| event.kind.as_str() == T::TYPE);
    let (Some(event), None) = (of_kind.next(), of_kind.next()) else {
        panic!("not one {}: {heard:?}", T::TYPE);
    };
    event.clone().read().unwrap().data
}

/// What is wrong, where something is.
pub(crate) trait Refused {
    /// Status and slug of a problem.
    fn problem(&self) -> (u16, String);
}

impl Refused for Response {
    fn problem(&self) -> (u16, String) {
        let slug = self.body["type"].as_str().unwrap_or_default().rsplit(':').next().unwrap();
        (self.status, slug.to_owned())
    }
}

/// The service's own subscriptions, and everything it says to the ear.
fn wiring() -> Wiring {
    let mut wiring = Wiring::default();
    wiring.queues.extend(["shipping".to_owned(), Pair::EAR.to_owned()]);
    let road = Road::new(|| Timestamp::EPOCH);
    for kind in shipping::service(road, Config::default()).handled_events() {
        wiring.subscribers.entry(kind.parse().unwrap()).or_default().insert("shipping".to_owned());
    }
    for (kind, flow) in Topology::embedded().events() {
        if flow.publishers.iter().any(|publisher| publisher == "shipping") {
            wiring.subscribers.entry(kind.clone()).or_default().insert(Pair::EAR.to_owned());
        }
    }
    wiring
}

/// order.confirmed, to be sent to an address that begins with `line1`.
pub(crate) fn confirmed(id: &str, line1: &str) -> contracts::events::order::OrderConfirmed {
    let order = json!({
        "order_id": id, "customer_id": "c-1", "payment_id": id, "currency": "GBP",
        "lines": [{ "sku": "71053", "quantity": 6, "unit_price_minor": 339 }],
        "stock": [{ "sku": "71053", "quantity": 6, "location": "east" }],
        "shipping_fee_minor": 0, "total_minor": 2034,
        "ship_to": { "name": "Ada Byron", "line1": line1, "city": "London", "postcode": "SW1Y", "country": "GB" },
        "confirmed_at": "2026-11-22T20:00:00Z",
    });
    serde_json::from_value(order).unwrap()
}

/// payment.captured.
pub(crate) fn captured(id: &str) -> contracts::events::payment::PaymentCaptured {
    let event = json!({
        "order_id": id, "payment_id": id, "amount_minor": 2034, "currency": "GBP", "provider": "simulated",
        "provider_reference": "r", "captured_at": "2026-11-22T20:00:00Z",
    });
    serde_json::from_value(event).unwrap()
}

/// order.cancel-requested.
pub(crate) fn cancelling(id: &str) -> contracts::events::order::OrderCancelRequested {
    let event = json!({
        "order_id": id, "reason": "customer_request", "requested_at": "2026-11-22T20:00:00Z",
    });
    serde_json::from_value(event).unwrap()
}

/// return.requested for two pieces.
pub(crate) fn returning(id: &str, return_id: &str) -> contracts::events::returns::ReturnRequested {
    let event = json!({
        "order_id": id, "return_id": return_id, "customer_id": "c-1",
        "lines": [{ "sku": "71053", "quantity": 2 }], "requested_at": "2026-11-29T20:00:00Z",
    });
    serde_json::from_value(event).unwrap()
}
