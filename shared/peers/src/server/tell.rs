//! Webhooks: what happens is told to whoever wants to hear it. Who does not listen has to ask.

use std::pin::pin;
use std::time::Duration;

use futures_util::future::{self, Either};
use reqwest::{Client, redirect, retry};
use runtime::{Env, signature};
use tokio::sync::{mpsc, oneshot, watch};

use super::{ServeError, Webhook};
use crate::journal::{Journal, Work};
use crate::ledger::Peer;

/// How often the ledger is asked.
const TICK: Duration = Duration::from_millis(200);

/// How often one webhook is sent, and how long to wait before it is sent again; then it is lost.
const SENDS: u32 = 3;
const PAUSE: Duration = Duration::from_secs(1);

/// How long a listener may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// Tells of what happens.
pub(super) struct Teller<L: Peer> {
    webhook: Webhook,
    client: Client,
    work: mpsc::Sender<Work<L>>,
    env: Env,
}

impl<L: Peer> Teller<L> {
    pub(super) fn new(
        webhook: &Webhook,
        peer: &str,
        work: mpsc::Sender<Work<L>>,
        env: Env,
    ) -> Result<Self, ServeError> {
        let client = Client::builder()
            .timeout(PATIENCE)
            .no_proxy()
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .user_agent(format!("banyan-{peer}"))
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
        while let Some(due) = self.due().await {
            match due {
                Some(body) => self.tell(body).await,
                None => self.env.clock.sleep(TICK).await,
            }
        }
    }

    /// What is to be told now, if anything; `None` when the journal has ended.
    async fn due(&self) -> Option<Option<Vec<u8>>> {
        let (reply, due) = oneshot::channel();
        let now = self.env.now();
        let look = move |journal: &mut Journal<L>| {
            reply.send(journal.ledger().next_webhook(now)).ok();
            Ok(())
        };
        self.work.send(Work::Look(Box::new(look))).await.ok()?;
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
