//! Webhooks: scans are told to whoever wants to hear them. Who does not listen has to ask.

use std::pin::pin;
use std::time::Duration;

use futures_util::future::{self, Either};
use reqwest::{Client, redirect, retry};
use runtime::{Env, signature};
use tokio::sync::{mpsc, oneshot, watch};

use super::{ServeError, Webhook};
use crate::simulated::depot::{TOLD_AT_ONCE, webhook};
use crate::simulated::journal::Work;
use crate::simulated::wire::ToldScan;

/// How often the agenda is looked at.
const TICK: Duration = Duration::from_millis(200);

/// How often one webhook is sent, and how long to wait before it is sent again; then it is lost.
const SENDS: u32 = 3;
const PAUSE: Duration = Duration::from_secs(1);

/// How long a listener may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// Tells of scans.
pub(super) struct Teller {
    webhook: Webhook,
    client: Client,
    work: mpsc::Sender<Work>,
    env: Env,
}

impl Teller {
    pub(super) fn new(webhook: &Webhook, work: mpsc::Sender<Work>, env: Env) -> Result<Self, ServeError> {
        let client = Client::builder()
            .timeout(PATIENCE)
            .no_proxy()
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .user_agent("banyan-simulated-carrier")
            .build()
            .map_err(|error| ServeError::Webhook(error.to_string()))?;
        Ok(Self { webhook: webhook.clone(), client, work, env })
    }

    /// Runs until the server closes.
    pub(super) async fn run(self, mut is_closing: watch::Receiver<bool>) {
        let told = pin!(self.keep_telling());
        future::select(told, pin!(is_closing.wait_for(|is_closing| *is_closing))).await;
    }

    async fn keep_telling(&self) {
        while let Some(scans) = self.due().await {
            if scans.is_empty() {
                self.env.clock.sleep(TICK).await;
            } else {
                self.tell(webhook(scans)).await;
            }
        }
    }

    /// What is to be told now; `None` when the journal has ended.
    async fn due(&self) -> Option<Vec<ToldScan>> {
        let (reply, due) = oneshot::channel();
        self.work.send(Work::Tell(self.env.now(), TOLD_AT_ONCE, reply)).await.ok()?;
        due.await.ok()
    }

    async fn tell(&self, body: Vec<u8>) {
        let signed = signature::sign(&self.webhook.secret, &body);
        for nth in 1..=SENDS {
            let post = self.client.post(&self.webhook.url).header("content-type", "application/json");
            let sent = pin!(post.header(signature::HEADER, &signed).body(body.clone()).send());
            // The client has a time limit of its own; this one is for a listener that drips.
            let limit = self.env.clock.sleep(PATIENCE * 2);
            if let Either::Left((Ok(response), _)) = future::select(sent, limit).await
                && response.status().is_success()
            {
                return;
            }
            if nth < SENDS {
                self.env.clock.sleep(PAUSE).await;
            }
        }
        tracing::debug!(url = self.webhook.url, "nobody took the webhook; it is lost");
    }
}
