//! The PostgreSQL backend against a real server: the one at the URL in `BANYAN_TEST_POSTGRES`. Without it each test
//! says that it was skipped. Every test has a schema of its own, dropped at its end.

mod assumed;
mod cuts;
mod listed;
mod opening;
mod proxy;
mod races;

use std::sync::atomic::{AtomicU64, Ordering};

use store::postgres::{Postgres, Settings};
use tokio_postgres::NoTls;

pub(super) use crate::units::*;

/// The server's URL; says so when there is none.
pub(super) fn server() -> Option<String> {
    address("postgres", "BANYAN_TEST_POSTGRES")
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
