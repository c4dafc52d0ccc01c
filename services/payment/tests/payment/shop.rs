//! A shop that is paid: two nodes of the service in a simulated world, in which time jumps, and a simulated provider.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Deref;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use bus::{Address, Outgoing, Wiring};
use bytes::Bytes;
use contracts::event::Draft;
use contracts::{Envelope, EventData, EventType, MessageId, PaymentId, Timestamp, TraceParent, catalogue};
use futures_util::future::{BoxFuture, FutureExt, ready};
use payment::Config;
use payment::gateway::simulated::{evidence_of, query_for, request_for, told_in};
use payment::gateway::{Evidence, Gateway, Operation, ProviderKey, Told, Unavailable, Why};
use payment::simulated::Provider;
use payment::simulated::faults::{Faults, Odds};
use payment::simulated::ledger::PaymentTotals;
use payment::simulated::wire;
use runtime::signature::{self, Secret, sign};
use serde_json::{Value, json};
use store::sim::{JumpingTime, SimTime};
use testkit::Pair;
use testkit::pair::Response;

/// What becomes of a payment, in events. Tests that compare all that was told compare these, so that an event that tells
/// something else beside them has tests of its own and breaks none of theirs.
const FATES: [&str; 10] = [
    "authorized",
    "declined",
    "action-required",
    "action-completed",
    "captured",
    "capture-failed",
    "authorization-expired",
    "refunded",
    "voided",
    "disputed",
];

type Sleep = dyn Fn(Duration) -> BoxFuture<'static, ()> + Send + Sync;

/// The way to the simulated provider, on which a test may lose what it wants.
pub(crate) struct Road {
    provider: Mutex<Provider>,
    now: Box<dyn Fn() -> Timestamp + Send + Sync>,
    sleep: Box<Sleep>,
    mishaps: Mutex<VecDeque<Mishap>>,
    calls: Mutex<Vec<String>>,
}

/// What happens to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mishap {
    /// Nothing.
    Well,
    /// It never arrives, and nobody knows.
    LostBefore,
    /// It is executed, and nobody knows.
    LostAfter,
    /// It is executed, and answered ten seconds later.
    Late,
    /// It is known not to have arrived.
    Down,
    /// It is refused.
    Refused,
}

impl Road {
    /// One on which nothing is late.
    pub(crate) fn new(now: impl Fn() -> Timestamp + Send + Sync + 'static) -> Arc<Self> {
        Self::with(Odds::default(), now, |_| ready(()).boxed())
    }

    fn with(
        odds: Odds,
        now: impl Fn() -> Timestamp + Send + Sync + 'static,
        sleep: impl Fn(Duration) -> BoxFuture<'static, ()> + Send + Sync + 'static,
    ) -> Arc<Self> {
        let provider = Mutex::new(Provider::new(Faults::new(1, odds, Duration::ZERO).unwrap()));
        let (now, sleep) = (Box::new(now), Box::new(sleep));
        Arc::new(Self { provider, now, sleep, mishaps: Mutex::default(), calls: Mutex::default() })
    }

    /// The next calls meet these.
    pub(crate) fn lose(&self, mishaps: &[Mishap]) {
        self.mishaps.lock().unwrap().extend(mishaps);
    }

    /// The next calls meet nothing.
    pub(crate) fn forget_mishaps(&self) {
        self.mishaps.lock().unwrap().clear();
    }

    /// Every call so far: the key of a write, or what is looked at.
    pub(crate) fn calls(&self) -> Vec<String> {
        self.calls.lock().unwrap().clone()
    }

    /// What the provider's own books say of `id`.
    pub(crate) fn books(&self, id: &str) -> PaymentTotals {
        let mut provider = self.provider.lock().unwrap();
        provider.pass((self.now)());
        let payments = provider.ledger().payments();
        payments.get(&PaymentId::new(id).unwrap()).copied().unwrap_or_default()
    }

    /// What is to be told by webhook now; it is told again later unless it is marked as heard.
    pub(crate) fn webhooks(&self) -> Vec<(u64, Vec<u8>)> {
        let mut provider = self.provider.lock().unwrap();
        let next = || provider.next_webhook((self.now)()).map(|webhook| (webhook.seq, webhook.body));
        std::iter::from_fn(next).collect()
    }

    /// The customer of `action_url` authenticates.
    pub(crate) fn act(&self, action_url: &str) {
        let id = action_url.rsplit('/').next().unwrap();
        let (path, body) = (format!("/v1/actions/{id}/complete"), r#"{"outcome":"succeed"}"#.to_owned());
        let request = wire::Request { method: "POST".to_owned(), path, key: None, body };
        let bytes = serde_json::to_vec(&request).unwrap();
        let _ = self.provider.lock().unwrap().call((self.now)(), &bytes);
    }

    async fn send(&self, request: wire::Request) -> Result<Evidence, Unavailable> {
        let called = request.key.clone().unwrap_or_else(|| format!("GET {}", request.path));
        self.calls.lock().unwrap().push(called);
        let mishap = self.mishaps.lock().unwrap().pop_front().unwrap_or(Mishap::Well);
        match mishap {
            Mishap::Down => return Err(Unavailable::Unreachable),
            Mishap::LostBefore => return Ok(Evidence::Unknown { why: Why::Timeout }),
            Mishap::Refused => return Ok(Evidence::Refused { code: "not_today".to_owned() }),
            Mishap::Well | Mishap::LostAfter | Mishap::Late => {}
        }
        let bytes = serde_json::to_vec(&request).unwrap();
        let answer = evidence_of(&self.provider.lock().unwrap().call((self.now)(), &bytes));
        match mishap {
            Mishap::LostAfter => return Ok(Evidence::Unknown { why: Why::Timeout }),
            Mishap::Late => (self.sleep)(Duration::from_secs(10)).await,
            _ => {}
        }
        answer
    }
}

impl Gateway for Road {
    fn execute<'a>(&'a self, operation: &'a Operation) -> BoxFuture<'a, Result<Evidence, Unavailable>> {
        self.send(request_for(operation)).boxed()
    }

    fn query<'a>(&'a self, key: &'a ProviderKey) -> BoxFuture<'a, Result<Evidence, Unavailable>> {
        self.send(query_for(key)).boxed()
    }

    fn told(&self, body: &[u8]) -> Option<Vec<Told>> {
        told_in(body)
    }
}

/// The secret that webhooks are signed with.
pub(crate) fn secret() -> Secret {
    Secret::new("between us")
}

/// What every order here pays.
pub(crate) const TOTAL: i64 = 6_259;

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
        Self::with(1, vec![secret()])
    }

    /// In the world of `seed`, with webhooks signed by these.
    pub(crate) fn with(seed: u64, webhook_secrets: Vec<Secret>) -> Self {
        Self::unlucky(seed, Odds::default(), webhook_secrets)
    }

    /// With a provider that misbehaves this often.
    pub(crate) fn unlucky(seed: u64, odds: Odds, webhook_secrets: Vec<Secret>) -> Self {
        let time = JumpingTime::starting_at("2026-11-22T20:00:00Z".parse().unwrap());
        let (clock, sleeper) = (time.clone(), time.clone());
        let road = Road::with(odds, move || clock.now(), move |how_long| sleeper.sleep(how_long));
        let service = || {
            let config = Config { webhook_secrets: webhook_secrets.clone(), ..Config::default() };
            payment::service(road.clone(), config)
        };
        let pair = Pair::start("payment", time, seed, &wiring(), service);
        Self { road, pair }
    }

    /// Publishes an event of another service, and does not wait. The same name is the same message.
    pub(crate) fn publish<T: EventData>(&self, name: &str, order_id: &str, data: &T) {
        let id = MessageId::named(&[name, T::TYPE, order_id]);
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
        self.send_out(Outgoing { id, address, lane: order_id.to_owned(), attempt: 0, body });
    }

    /// An order is placed and its stock reserved.
    pub(crate) fn order(&self, id: &str, token: &str) {
        self.publish("1", id, &placed(id, token));
        self.publish("1", id, &reserved(id));
        self.settle();
    }

    /// Its parcel is ready.
    pub(crate) fn ready(&self, id: &str) {
        self.publish("1", id, &shipment_ready(id));
        self.settle();
    }

    /// It is cancelled.
    pub(crate) fn cancel(&self, id: &str) {
        self.publish("1", id, &cancelled(id));
        self.settle();
    }

    /// So much is due back.
    pub(crate) fn give_back(&self, id: &str, (nth, amount_minor): (u32, i64)) {
        self.publish(&nth.to_string(), id, &refund_due(id, (nth, amount_minor)));
        self.settle();
    }

    /// Ordered, held and taken, and nothing of it waits to be heard.
    pub(crate) fn taken(&self, id: &str, token: &str) {
        self.order(id, token);
        self.ready(id);
        self.deliver();
        self.heard();
    }

    /// The names of what it has said that is in [`FATES`], oldest first.
    pub(crate) fn told(&self) -> Vec<String> {
        let name =
            |event: Envelope| event.kind.as_str().replace("shop.banyan.payment.", "").replace(".v1", "");
        self.heard().into_iter().map(name).filter(|name| FATES.contains(&name.as_str())).collect()
    }

    /// How the payment is shown.
    pub(crate) fn shown(&self, id: &str) -> Value {
        self.get(&format!("/payments/{id}")).body
    }

    /// How it stands.
    pub(crate) fn status(&self, id: &str) -> String {
        self.shown(id)["status"].as_str().unwrap_or_default().to_owned()
    }

    pub(crate) fn post(&self, path: &str) -> Response {
        self.send(Request::post(path).body(Body::empty()).unwrap())
    }

    /// The same with an idempotency key.
    pub(crate) fn post_as(&self, path: &str, key: &str) -> Response {
        self.send(Request::post(path).header("idempotency-key", key).body(Body::empty()).unwrap())
    }

    /// A webhook of the provider's, with this signature.
    pub(crate) fn webhook(&self, body: &[u8], signature: &str) -> Response {
        let request = Request::post("/providers/simulated/webhooks").header(signature::HEADER, signature);
        self.send(request.body(Body::from(body.to_vec())).unwrap())
    }

    /// A webhook that the provider signs: how many it told of what is known here, and how many are kept.
    pub(crate) fn tell(&self, body: &[u8]) -> (u64, u64) {
        let reply = self.webhook(body, &sign(&secret(), body));
        assert_eq!(reply.status, 202, "{reply:?}");
        (reply.body["heard"].as_u64().unwrap(), reply.body["kept_for_later"].as_u64().unwrap())
    }

    /// Everything that the provider has to tell by now arrives.
    pub(crate) fn deliver(&self) {
        for (seq, body) in self.road.webhooks() {
            self.tell(&body);
            self.road.provider.lock().unwrap().heard(seq);
        }
        self.settle();
    }

    /// That nothing is wrong: what is told is what the provider has, and nothing is dead.
    pub(crate) fn is_sound(&self, id: &str) {
        let findings = self.findings();
        assert_eq!(findings.violations, [""; 0], "{id}");
        assert_eq!(self.dead_letters(), [""; 0], "{id}");
        let (shown, books) = (self.shown(id), self.road.books(id));
        let minor = |field: &str| shown[field].as_i64().unwrap();
        let believed = (minor("captured_minor"), minor("refunded_minor"));
        assert_eq!(believed, (books.captured_minor, books.refunded_minor), "{shown}");
        let is_held = shown["status"] == "authorized";
        assert_eq!(is_held, books.held_minor > 0, "{shown} {books:?}");
    }
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
    wiring.queues.extend(["payment".to_owned(), Pair::EAR.to_owned()]);
    let road = Road::new(|| Timestamp::EPOCH);
    for kind in payment::service(road, Config::default()).handled_events() {
        wiring.subscribers.entry(kind.parse().unwrap()).or_default().insert("payment".to_owned());
    }
    for event in catalogue().iter().filter(|event| event.name.starts_with("payment.")) {
        wiring.subscribers.entry(event.kind.parse().unwrap()).or_default().insert(Pair::EAR.to_owned());
    }
    wiring
}

/// The frozen example of an event.
pub(crate) fn frozen(name: &str) -> Bytes {
    let file = if name.ends_with(".v2") { format!("{name}.json") } else { format!("{name}.v1.json") };
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../contracts/examples");
    std::fs::read(examples.join(file)).unwrap().into()
}

/// What the frozen example says, with these fields in the place of its own.
fn like<T: EventData>(name: &str, fields: &Value) -> T {
    let mut example: Value = serde_json::from_slice(&frozen(name)).unwrap();
    let fields: BTreeMap<String, Value> = serde_json::from_value(fields.clone()).unwrap();
    for (field, value) in fields {
        example["data"][field] = value;
    }
    serde_json::from_value(example["data"].take()).unwrap()
}

/// order.placed, paid by `token`.
pub(crate) fn placed(id: &str, token: &str) -> contracts::events::order::OrderPlaced {
    like("order.placed", &json!({ "order_id": id, "payment_method": { "token": token } }))
}

/// stock.reserved.
pub(crate) fn reserved(id: &str) -> contracts::events::stock::StockReserved {
    like("stock.reserved", &json!({ "order_id": id }))
}

/// shipment.ready.
pub(crate) fn shipment_ready(id: &str) -> contracts::events::shipment::ShipmentReady {
    like("shipment.ready", &json!({ "order_id": id, "shipment_id": format!("{id}-s1") }))
}

/// order.cancelled.
pub(crate) fn cancelled(id: &str) -> contracts::events::order::OrderCancelled {
    like("order.cancelled", &json!({ "order_id": id }))
}

/// order.refund-due: the `nth` of an order.
pub(crate) fn refund_due(
    id: &str,
    (nth, amount_minor): (u32, i64),
) -> contracts::events::order::OrderRefundDue {
    let fields = json!({
        "order_id": id, "payment_id": id, "refund_id": format!("{id}-{nth}"), "amount_minor": amount_minor,
        "lines": [{ "sku": "71053", "quantity": 1, "amount_minor": amount_minor }],
    });
    like("order.refund-due", &fields)
}
