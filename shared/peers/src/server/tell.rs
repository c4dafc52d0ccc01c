//! Webhooks: what happens is told to whoever wants to hear it. Who does not listen has to ask.

use std::pin::pin;
use std::time::Duration;

use futures_util::future::{self, Either};
use reqwest::{Client, redirect, retry};
use runtime::{Env, signature};
use tokio::sync::{mpsc, oneshot, watch};

use super::{Listener, ServeError};
use crate::journal::{Journal, Work};
use crate::ledger::{Outbox, Peer};

/// How often the outbox is asked.
const TICK: Duration = Duration::from_millis(100);

/// How long to wait before what nobody took is sent again.
const PAUSE: Duration = Duration::from_secs(1);

/// How long a listener may take: shorter than any outbox waits before it tells again.
const PATIENCE: Duration = Duration::from_secs(5);

/// Tells of what happens.
pub(super) struct Teller<L: Peer> {
    listener: Listener,
    client: Client,
    work: mpsc::Sender<Work<L>>,
    env: Env,
}

impl<L: Peer> Teller<L> {
    pub(super) fn new(
        listener: &Listener,
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
        Ok(Self { listener: listener.clone(), client, work, env })
    }

    /// Runs until the server closes.
    pub(super) async fn run(self, mut is_closing: watch::Receiver<bool>) {
        let told = pin!(self.keep_telling());
        future::select(told, pin!(is_closing.wait_for(|is_closing| *is_closing))).await;
    }

    async fn keep_telling(&self) {
        while let Some((entries, told)) = self.due().await {
            if told.is_empty() {
                self.env.clock.sleep(TICK).await;
            } else if self.is_heard(L::body(told)).await {
                self.work.send(Work::Heard(entries)).await.ok();
            }
        }
    }

    /// What is to be told now; `None` when the journal has ended.
    async fn due(&self) -> Option<(Vec<u64>, Vec<<L::Outbox as Outbox<L>>::Item>)> {
        let (reply, due) = oneshot::channel();
        let now = self.env.now();
        let look = move |journal: &mut Journal<L>| {
            reply.send(journal.take(now)).ok();
            Ok(())
        };
        self.work.send(Work::Look(now, Box::new(look))).await.ok()?;
        due.await.ok()
    }

    async fn is_heard(&self, body: Vec<u8>) -> bool {
        let signed = signature::sign(&self.listener.secret, &body);
        for nth in 1..=L::Outbox::SENDS {
            let post = self.client.post(&self.listener.url).header("content-type", "application/json");
            let sent = pin!(post.header(signature::HEADER, &signed).body(body.clone()).send());
            // The client has a time limit of its own; this one is for a listener that drips.
            let limit = self.env.clock.sleep(PATIENCE * 2);
            if let Either::Left((Ok(response), _)) = future::select(sent, limit).await
                && response.status().is_success()
            {
                return true;
            }
            if nth < L::Outbox::SENDS {
                self.env.clock.sleep(PAUSE).await;
            }
        }
        tracing::debug!(url = self.listener.url, "nobody took the webhook");
        false
    }
}
