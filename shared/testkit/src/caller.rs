//! Someone outside of all processes: a customer's browser, another application. Sends requests and events as bytes,
//! and keeps trying, as such people do.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request};
use bytes::Bytes;
use contracts::event::{Apart, apart};
use contracts::{Envelope, Timestamp};
use runtime::Node;
use store::sim::{Fault, Link, Sent, World};
use store::{Address, Blob, Outgoing};
use tower::ServiceExt;

use crate::director::{Owner, Time};
use crate::faults::CLAIMED;
use crate::process::Life;
use crate::watch::{Promise, Watch, short};

/// A process that is up.
pub(crate) struct Open {
    pub(crate) life: Life,
    pub(crate) node: Arc<Node>,
    pub(crate) services: Vec<&'static str>,
    pub(crate) routes: BTreeMap<&'static str, Router>,
}

/// What callers and the world share.
pub(crate) struct House {
    pub(crate) time: Arc<Time>,
    pub(crate) backend: Arc<World>,
    pub(crate) watch: Arc<Watch>,
    pub(crate) is_calm: AtomicBool,
    /// Callers that have not ended.
    pub(crate) busy: AtomicUsize,
    link: Link,
    rng: Mutex<fastrand::Rng>,
    open: Mutex<Vec<Option<Open>>>,
}

impl House {
    pub(crate) fn new(backend: Arc<World>, watch: Arc<Watch>, seed: u64, processes: usize) -> Arc<Self> {
        Arc::new(Self {
            time: watch.time.clone(),
            link: backend.link(),
            backend,
            watch,
            is_calm: AtomicBool::new(false),
            busy: AtomicUsize::new(0),
            rng: Mutex::new(fastrand::Rng::with_seed(seed)),
            open: Mutex::new((0..processes).map(|_| None).collect()),
        })
    }

    pub(crate) fn open(&self) -> MutexGuard<'_, Vec<Option<Open>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Some node that runs `service`.
    pub(crate) fn node_of(&self, service: &str) -> Option<Arc<Node>> {
        let open = self.open();
        let found = open.iter().flatten().find(|open| open.services.contains(&service));
        found.map(|open| open.node.clone())
    }

    fn rng<T>(&self, draw: impl FnOnce(&mut fastrand::Rng) -> T) -> T {
        draw(&mut self.rng.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// See the module. Cheap to clone.
#[derive(Clone)]
pub struct Caller(pub(crate) Arc<House>);

/// An answer over HTTP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

/// A request, so that it can be sent again.
#[derive(Debug, Clone, Default)]
pub struct Ask {
    /// Which service's routes.
    pub service: &'static str,
    /// `GET` or `POST`.
    pub method: &'static str,
    /// Path and query.
    pub path: String,
    /// The Idempotency-Key, for writes.
    pub key: Option<String>,
    /// What else stands in the head, such as a signature.
    pub headers: Vec<(&'static str, String)>,
    /// JSON, or empty.
    pub body: Bytes,
}

/// A caller gives up on an answer after this time.
const PATIENCE: Duration = Duration::from_secs(15);
/// The longest answer that is read, in bytes.
const ANSWER_BYTES: usize = 1024 * 1024;
/// Tries of one request or publication: so many only when something is wrong for good.
const TRIES: u32 = 2_000;

impl Caller {
    /// The time on the wall.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.0.time.now()
    }

    /// Waits.
    pub async fn wait(&self, by: Duration) {
        self.0.time.wait(by).await;
    }

    /// A number below `bound`, by seed.
    #[must_use]
    pub fn below(&self, bound: u64) -> u64 {
        self.0.rng(|rng| rng.u64(0..bound.max(1)))
    }

    /// Waits up to `most`, mostly much shorter.
    pub async fn linger(&self, most: Duration) {
        let micros = u64::try_from(most.as_micros()).unwrap_or(u64::MAX) >> self.below(10);
        let by = self.below(micros);
        self.wait(Duration::from_micros(by)).await;
    }

    /// Sends a request once; `None` when no answer came.
    pub async fn ask(&self, ask: &Ask) -> Option<Reply> {
        let (life, routes) = self.pick(ask.service)?;
        let request = request(ask)?;
        let (answer, answered) = tokio::sync::oneshot::channel();
        let process = life.process();
        self.0.watch.tell(Some(process), || format!("asked {} {}", ask.method, ask.path));
        let watch = self.0.watch.clone();
        life.start(
            format!("{}.http", ask.service),
            Box::pin(async move {
                if let Some(reply) = reply(routes, request).await {
                    watch.trace.fold(&[u64::from(reply.status)]);
                    watch.tell(Some(process), || {
                        format!("answered {} {}", reply.status, String::from_utf8_lossy(&reply.body))
                    });
                    answer.send(reply).ok();
                }
            }),
        );
        tokio::select! {
            biased;
            Ok(reply) = answered => Some(reply),
            () = self.0.time.wait(PATIENCE) => None,
        }
    }

    /// Sends a request until it is answered for good, with the same Idempotency-Key each time; `None` when even that
    /// did not help.
    pub async fn insist(&self, ask: &Ask) -> Option<Reply> {
        for again in 0..TRIES {
            if let Some(reply) = self.ask(ask).await
                && reply.status < 500
                && reply.status != 429
            {
                return Some(reply);
            }
            self.linger(Duration::from_secs(1) * again.clamp(1, 60)).await;
        }
        self.0.watch.violated(format!("{} {} was never answered", ask.method, ask.path));
        None
    }

    /// Publishes an event as another application does: until the broker has confirmed, and sometimes once more.
    pub async fn publish(&self, event: &Envelope, body: Bytes) {
        let body = self.fitting(body);
        let outgoing = Outgoing {
            id: event.message_id(),
            address: Address::Topic(event.kind.clone()),
            lane: event.lane().to_owned(),
            attempt: 0,
            body,
        };
        for _ in 0..TRIES {
            let sent = self.0.backend.publish(&self.0.link, std::slice::from_ref(&outgoing));
            self.0.watch.tell(None, || format!("another application publishes {}: {sent:?}", event.kind));
            if sent.first() == Some(&Sent::Confirmed) {
                let promise = Promise { id: outgoing.id, address: outgoing.address.clone() };
                self.0.watch.log().promised.push(promise);
                if self.below(4) > 0 {
                    return;
                }
            }
            self.linger(Duration::from_secs(10)).await;
        }
        self.0.watch.violated(format!("{} was never confirmed", short(&event.id)));
    }

    /// Puts an event into one queue, as a delayed try of it would be.
    pub fn hand(&self, queue: &str, body: Bytes) {
        let Ok(event) = Envelope::decode(&body) else {
            return self.object("what was to be handed over is no event".to_owned());
        };
        let (id, address) = (event.message_id(), Address::Queue(queue.to_owned()));
        let body = self.fitting(body);
        let outgoing =
            Outgoing { id, address: address.clone(), lane: event.lane().to_owned(), attempt: 0, body };
        let sent = self.0.backend.publish(&self.0.link, &[outgoing]);
        if sent.first() == Some(&Sent::Confirmed) {
            self.0.watch.log().promised.push(Promise { id, address });
        }
    }

    /// The event as this bus takes it, as whoever takes it from outside would have made it.
    fn fitting(&self, body: Bytes) -> Bytes {
        if body.len() <= self.0.backend.max_message_bytes() {
            return body;
        }
        let Some(Apart { event, data, .. }) = apart(&body) else { return body };
        let Ok(blob) = Blob::new(data.into()) else { return body };
        self.0.watch.count(CLAIMED);
        self.0.backend.with_blobs(|shelf| shelf.put(&blob, self.0.time.now()));
        event.into()
    }

    /// Makes a fault of store or bus happen at its next chance.
    pub fn force(&self, fault: Fault) {
        self.0.backend.force(fault);
    }

    /// Puts bytes into one queue that nobody can handle: they may, and must, end as a dead letter.
    pub fn poison(&self, queue: &str, body: Bytes) {
        self.0.watch.poisoned(body.clone());
        let id = contracts::MessageId::named(&["poison", &String::from_utf8_lossy(&body)]);
        let address = Address::Queue(queue.to_owned());
        let outgoing = Outgoing { id, address, lane: "poison".to_owned(), attempt: 0, body };
        self.0.backend.publish(&self.0.link, &[outgoing]);
    }

    /// Says that something is not as it was promised.
    pub fn object(&self, what: String) {
        self.0.watch.violated(what);
    }

    /// Whether nothing new goes wrong any more.
    #[must_use]
    pub fn is_calm(&self) -> bool {
        self.0.is_calm.load(Ordering::Relaxed)
    }

    /// Somebody else comes, with something to do: the world does not come to rest before it is done.
    pub fn start(&self, task: store::Boxed<'static, ()>) {
        let house = self.0.clone();
        house.busy.fetch_add(1, Ordering::Relaxed);
        self.0.time.spawn(
            Owner::Outside,
            "caller",
            Box::pin(async move {
                task.await;
                house.busy.fetch_sub(1, Ordering::Relaxed);
            }),
        );
    }

    /// A process that is up and serves `service`.
    fn pick(&self, service: &str) -> Option<(Life, Router)> {
        let open = self.0.open();
        let up: Vec<(&Life, &Router)> = open
            .iter()
            .flatten()
            .filter_map(|open| open.routes.get(service).map(|routes| (&open.life, routes)))
            .collect();
        let choice = self.0.rng(|rng| rng.usize(0..up.len().max(1)));
        up.get(choice).map(|(life, routes)| ((*life).clone(), (*routes).clone()))
    }
}

fn request(ask: &Ask) -> Option<Request<Body>> {
    let mut request = Request::builder()
        .method(ask.method)
        .uri(&ask.path)
        .header("content-type", "application/json")
        .header("host", "localhost");
    if let Some(key) = &ask.key {
        request = request.header("idempotency-key", key);
    }
    for (name, value) in &ask.headers {
        request = request.header(*name, value);
    }
    request.body(Body::from(ask.body.clone())).ok()
}

async fn reply(routes: Router, request: Request<Body>) -> Option<Reply> {
    let Ok(response) = routes.oneshot(request).await;
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, ANSWER_BYTES).await.ok()?;
    Some(Reply { status: parts.status.as_u16(), headers: parts.headers, body })
}
