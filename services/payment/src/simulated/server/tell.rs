//! Webhooks over HTTP: signed, and told again until somebody says that they were heard.

use std::pin::pin;
use std::time::Duration;

use futures_util::future;
use reqwest::{Client, redirect, retry};
use runtime::signature;
use tokio::sync::{mpsc, oneshot, watch};

use super::{Config, Listener, ServeError, pause};
use crate::simulated::journal::Work;
use crate::simulated::outbox;
use crate::simulated::wire::Event;

/// How often the agenda is looked at.
const TICK: Duration = Duration::from_millis(100);

/// How many events one webhook tells at most.
const TOLD_AT_ONCE: usize = 20;

/// How long a listener may take: shorter than the wait before it is told again.
const PATIENCE: Duration = Duration::from_secs(5);

/// Tells of what happened.
pub(super) struct Teller {
    listener: Listener,
    client: Client,
    work: mpsc::Sender<Work>,
    now: fn() -> contracts::Timestamp,
}

impl Teller {
    /// `None` when nobody listens.
    pub(super) fn new(config: &Config, work: mpsc::Sender<Work>) -> Result<Option<Self>, ServeError> {
        let Some(listener) = config.webhook.clone() else { return Ok(None) };
        let client = Client::builder()
            .timeout(PATIENCE)
            .no_proxy()
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .user_agent("banyan-simulated-payment-provider")
            .build()
            .map_err(|error| ServeError::Webhook(error.to_string()))?;
        Ok(Some(Self { listener, client, work, now: config.now }))
    }

    /// Runs until the server closes.
    pub(super) async fn run(self, mut is_closing: watch::Receiver<bool>) {
        let told = pin!(self.keep_telling());
        future::select(told, pin!(is_closing.wait_for(|is_closing| *is_closing))).await;
    }

    async fn keep_telling(&self) {
        while let Some(due) = self.due().await {
            if due.is_empty() {
                pause(TICK).await;
                continue;
            }
            let (entries, events): (Vec<u64>, Vec<Event>) = due.into_iter().unzip();
            if self.is_heard(outbox::body(events)).await {
                self.work.send(Work::Heard(entries)).await.ok();
            }
        }
    }

    /// What is to be told now; `None` when the journal has ended.
    async fn due(&self) -> Option<Vec<(u64, Event)>> {
        let (reply, due) = oneshot::channel();
        self.work.send(Work::Tell { now: (self.now)(), most: TOLD_AT_ONCE, reply }).await.ok()?;
        due.await.ok()
    }

    async fn is_heard(&self, body: Vec<u8>) -> bool {
        let signed = signature::sign(&self.listener.secret, &body);
        let post = self.client.post(&self.listener.url).header("content-type", "application/json");
        let sent = post.header(signature::HEADER, signed).body(body).send().await;
        sent.is_ok_and(|response| response.status().is_success())
    }
}
