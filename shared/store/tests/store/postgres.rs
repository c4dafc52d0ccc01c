//! The PostgreSQL backend against a real server: the one at the URL in `BANYAN_TEST_POSTGRES`. Without it each test
//! says that it was skipped. Every test has a schema of its own, dropped at its end.

mod cuts;
mod listed;
mod opening;
mod proxy;
mod races;

use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use contracts::Timestamp;
use store::postgres::{Postgres, Settings};
use store::{Change, Item, Key, Nonce, Outcome, Record, Store, Unit, Version};
use tokio_postgres::NoTls;

pub(super) const NOW: Timestamp = Timestamp::EPOCH;

/// The server's URL; says so when there is none.
#[expect(clippy::disallowed_methods, reason = "how a test is told of its peer")]
pub(super) fn server() -> Option<String> {
    let url = std::env::var("BANYAN_TEST_POSTGRES").ok().filter(|url| !url.is_empty());
    if url.is_none() {
        println!("skipped: postgres (BANYAN_TEST_POSTGRES is not set)");
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

/// A schema of its own.
pub(super) struct Place {
    pub(super) url: String,
    pub(super) schema: String,
}

impl Place {
    pub(super) fn new(url: &str) -> Self {
        static MADE: AtomicU64 = AtomicU64::new(0);
        let number = MADE.fetch_add(1, Ordering::SeqCst);
        let schema = format!("test_{}_{number}", std::process::id());
        Self { url: url.to_owned(), schema }
    }

    pub(super) fn settings(&self) -> Settings {
        self.settings_at(&self.url)
    }

    /// The same schema by another way to the server.
    pub(super) fn settings_at(&self, url: &str) -> Settings {
        let mut settings = Settings::parse(url).unwrap();
        settings.schema.clone_from(&self.schema);
        settings
    }

    /// The same, in sessions that the server can tell from all others: they are named after the schema.
    pub(super) fn named(&self) -> Settings {
        let mark = if self.url.contains('?') { '&' } else { '?' };
        self.settings_at(&format!("{}{mark}application_name={}", self.url, self.schema))
    }

    pub(super) async fn open(&self) -> Postgres {
        Postgres::open(self.settings()).await.unwrap()
    }

    /// Runs statements beside the store; `@` is the schema. Answers the first column of the last rows.
    pub(super) async fn sql(&self, sql: &str) -> Vec<String> {
        let (client, connection) = tokio_postgres::connect(&self.url, NoTls).await.unwrap();
        let sql = sql.replace('@', &self.schema);
        let answer = async { client.simple_query(&sql).await.unwrap() };
        let answer = match futures_util::future::select(Box::pin(answer), connection).await {
            futures_util::future::Either::Left((answer, _)) => answer,
            futures_util::future::Either::Right(_) => panic!("the connection ended"),
        };
        let cell = |message| match message {
            tokio_postgres::SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
            _ => None,
        };
        answer.into_iter().filter_map(cell).collect()
    }

    /// The same where nothing can be awaited.
    pub(super) fn sql_now(&self, sql: &str) {
        std::thread::scope(|scope| {
            scope.spawn(|| run(self.sql(sql)));
        });
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.sql_now("DROP SCHEMA IF EXISTS @ CASCADE");
    }
}

pub(super) fn doc(id: &str) -> Key {
    Key::new("t.doc", id)
}

pub(super) fn unit(nonce: u64, changes: Vec<Change>) -> Unit {
    Unit { now: NOW, nonce: Nonce(nonce), record: None, changes, settles: None }
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
        expires: NOW.plus(std::time::Duration::from_secs(3_600)),
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
