//! The DynamoDB backend against an endpoint: the one at the URL in `BANYAN_TEST_AWS`. Without it each test says that it
//! was skipped. Every test has a table of its own, deleted at its end. What no emulator shows comes from a wire in between.

mod assumed;
mod faults;
mod listed;
mod opening;
mod races;
mod rows;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_types::SdkConfig;
use store::dynamodb::{DynamoDb, Settings};

pub(super) use crate::aws::{config, endpoint};
pub(super) use crate::units::*;

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
