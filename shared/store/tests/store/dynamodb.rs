//! The DynamoDB backend against an endpoint: the one at the URL in `BANYAN_TEST_AWS`. Without it each test says that it
//! was skipped. Every test has a table of its own, deleted at its end. What no emulator shows comes from a wire in between.

mod faults;
mod listed;
mod opening;
mod races;
mod rows;
mod wire;

use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region, SharedCredentialsProvider};
use aws_smithy_http_client::tls;
use aws_types::SdkConfig;
use bytes::Bytes;
use contracts::Timestamp;
use store::dynamodb::{DynamoDb, Settings};
use store::{Change, Item, Key, Nonce, Outcome, Record, Store, Unit, Version};

pub(super) const NOW: Timestamp = Timestamp::EPOCH;

/// The endpoint's URL; says so when there is none.
#[expect(clippy::disallowed_methods, reason = "how a test is told of its peer")]
pub(super) fn endpoint() -> Option<String> {
    let url = std::env::var("BANYAN_TEST_AWS").ok().filter(|url| !url.is_empty());
    if url.is_none() {
        println!("skipped: aws (BANYAN_TEST_AWS is not set)");
    }
    url
}

pub(super) fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// Puts every future in at once.
pub(super) async fn together<T>(futures: Vec<impl Future<Output = T>>) -> Vec<T> {
    futures_util::future::join_all(futures).await
}

/// As the program makes it, but for the credentials.
pub(super) fn config(url: &str) -> SdkConfig {
    let ring = tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring);
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .endpoint_url(url)
        .credentials_provider(SharedCredentialsProvider::new(Credentials::new(
            "test", "test", None, None, "tests",
        )))
        .http_client(aws_smithy_http_client::Builder::new().tls_provider(ring).build_https())
        .build()
}

/// A table of its own.
pub(super) struct Place {
    pub(super) url: String,
    pub(super) table: String,
}

impl Place {
    pub(super) fn new(url: &str) -> Self {
        static MADE: AtomicU64 = AtomicU64::new(0);
        let number = MADE.fetch_add(1, Ordering::SeqCst);
        Self { url: url.to_owned(), table: format!("test_{}_{number}", std::process::id()) }
    }

    pub(super) fn settings(&self) -> Settings {
        // The endpoint has a clock of its own, and the tests another: it must not remove what they still look at.
        let purge_grace = Duration::from_secs(20 * 365 * 86_400);
        Settings { table: self.table.clone(), purge_grace, ..Settings::default() }
    }

    pub(super) async fn open(&self) -> DynamoDb {
        self.open_at(&self.url).await
    }

    /// The same table by another way to the endpoint.
    pub(super) async fn open_at(&self, url: &str) -> DynamoDb {
        DynamoDb::open(&config(url), self.settings()).await.unwrap()
    }

    pub(super) fn client(&self) -> Client {
        Client::new(&config(&self.url))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let delete = async { self.client().delete_table().table_name(&self.table).send().await };
        // It may never have been made.
        std::thread::scope(|scope| scope.spawn(|| drop(run(delete))).join().unwrap());
    }
}

pub(super) fn doc(id: &str) -> Key {
    Key::new("t.doc", id)
}

pub(super) fn unit(nonce: u64, changes: Vec<Change>) -> Unit {
    Unit { now: NOW, nonce: Nonce(nonce), record: None, changes, settles: None }
}

pub(super) fn handling(nonce: u64, message: &str, changes: Vec<Change>) -> Unit {
    Unit { record: Some(record(message)), ..unit(nonce, changes) }
}

pub(super) fn put(id: &str, version: u64) -> Change {
    Change::Put {
        key: doc(id),
        version: Version(version),
        body: Bytes::from_static(b"{}"),
        entries: vec![],
        expires: None,
    }
}

pub(super) fn absent(id: &str) -> Change {
    Change::Check { key: doc(id), version: Version::ABSENT }
}

pub(super) fn step(id: &str, by: i64) -> Change {
    Change::Step { key: doc(id), add: vec![("n".to_owned(), by)], guards: vec![] }
}

pub(super) fn record(id: &str) -> Record {
    Record {
        key: Key::new("t.record", id),
        note: Bytes::from_static(b"null"),
        outgoing: vec![],
        expires: NOW.plus(Duration::from_secs(3_600)),
    }
}

pub(super) async fn read(store: &dyn Store, key: Key) -> Option<Item> {
    store.read(vec![key], NOW).await.unwrap().remove(0)
}

/// The counter `id`: its field `n`, and how many steps it has made.
pub(super) async fn counter(store: &dyn Store, id: &str) -> (i64, u64) {
    let Some(item) = read(store, doc(id)).await else { return (0, 0) };
    let fields: store::Fields = serde_json::from_slice(&item.body).unwrap();
    (fields["n"], item.version.0)
}

pub(super) fn committed(outcomes: &[Outcome]) -> usize {
    outcomes.iter().filter(|outcome| **outcome == Outcome::Committed).count()
}
