//! The way to the simulated carrier over HTTP.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use peers::client::{Client, Config, InvalidConfig};

use super::{evidence_heard, look_up_for, request_for, told_in, track_for};
use crate::carrier::{
    Carrier, CarrierKey, Evidence, MAX_PDF_BYTES, Operation, Told, TrackingNumber, Unavailable,
};

/// The longest answer that is read, in bytes: that with the longest label.
const MAX_ANSWER_BYTES: usize = 2 * MAX_PDF_BYTES;

/// The simulated carrier, over HTTP. Runs on the caller's tokio runtime.
#[derive(Debug, Clone)]
pub struct Http(Client);

impl Http {
    /// A carrier by `config`. Does not connect yet.
    ///
    /// # Errors
    /// [`InvalidConfig`], to be fixed by whoever configured it.
    pub fn new(config: &Config) -> Result<Self, InvalidConfig> {
        Client::new(config, "banyan-shipping", MAX_ANSWER_BYTES).map(Self)
    }
}

impl Carrier for Http {
    fn execute<'a>(&'a self, operation: &'a Operation) -> BoxFuture<'a, Result<Evidence, Unavailable>> {
        self.0.send(request_for(operation)).map(evidence_heard).boxed()
    }

    fn look_up<'a>(&'a self, key: &'a CarrierKey) -> BoxFuture<'a, Result<Evidence, Unavailable>> {
        self.0.send(look_up_for(key)).map(evidence_heard).boxed()
    }

    fn track<'a>(&'a self, number: &'a TrackingNumber) -> BoxFuture<'a, Result<Evidence, Unavailable>> {
        self.0.send(track_for(number)).map(evidence_heard).boxed()
    }

    fn told(&self, body: &[u8]) -> Option<Vec<Told>> {
        told_in(body)
    }
}
