//! The way to the simulated mailbox over HTTP.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use peers::client::{Client, Config, InvalidConfig};

use super::{evidence_heard, query_for, request_for};
use crate::mailbox::{Evidence, MailKey, Mailbox, Message, Unavailable};

/// The longest answer that is read, in bytes: a hundred times the longest honest one.
const MAX_ANSWER_BYTES: usize = 64 * 1024;

/// The simulated mailbox, over HTTP. Runs on the caller's tokio runtime.
#[derive(Debug, Clone)]
pub struct Http(Client);

impl Http {
    /// A mailbox by `config`. Does not connect yet.
    ///
    /// # Errors
    /// [`InvalidConfig`], to be fixed by whoever configured it.
    pub fn new(config: &Config) -> Result<Self, InvalidConfig> {
        Client::new(config, "banyan-notification", MAX_ANSWER_BYTES).map(Self)
    }
}

impl Mailbox for Http {
    fn send<'a>(
        &'a self,
        key: &'a MailKey,
        message: &'a Message,
    ) -> BoxFuture<'a, Result<Evidence, Unavailable>> {
        self.0.send(request_for(key, message)).map(evidence_heard).boxed()
    }

    fn lookup<'a>(&'a self, key: &'a MailKey) -> BoxFuture<'a, Result<Evidence, Unavailable>> {
        self.0.send(query_for(key)).map(evidence_heard).boxed()
    }
}
