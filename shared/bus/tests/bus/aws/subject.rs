//! A real endpoint as a subject: names of their own for every case, and a proxy that loses calls.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_sdk_sqs::config::{BehaviorVersion, Credentials, Region, SharedCredentialsProvider};
use aws_types::SdkConfig;
use bus::aws::{Settings, SnsSqs, http_client};
use bus::conformance::trial::to_queue;
use bus::conformance::{Hook, Node, Subject};
use bus::{Boxed, Bus, Published, Settle, Wiring, World};

use super::proxy::{Fate, Proxy};
use crate::world::Real;

/// A place in an account that nobody else uses, and the ways to it.
pub(crate) struct Account {
    /// Straight to the endpoint, for what the test itself does.
    pub(crate) direct: SdkConfig,
    pub(crate) proxied: SdkConfig,
    pub(crate) proxy: Proxy,
    latest: Mutex<Option<Latest>>,
    fence: SnsSqs,
    is_disturbed: AtomicBool,
}

struct Latest {
    settings: Settings,
    /// Everybody but the test itself, through the proxy.
    nodes: Vec<Arc<SnsSqs>>,
}

/// Where a message only goes to come back.
const FENCE: &str = "fence";
/// How long a lease lasts here: long enough that a busy machine makes it longer in time.
pub(crate) const VISIBILITY: Duration = Duration::from_secs(4);

fn fresh_prefix() -> String {
    format!("test-{:016x}-", Real.next_u64())
}

/// A configuration for the endpoint at `url`, with credentials that any emulator takes.
pub(crate) fn config(url: &str) -> SdkConfig {
    let credentials = Credentials::new("test", "test", None, None, "test");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-central-1"))
        .endpoint_url(url)
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .http_client(http_client())
        .build()
}

fn settings() -> Settings {
    Settings {
        prefix: fresh_prefix(),
        receive_wait: Duration::from_secs(1),
        visibility: VISIBILITY,
        ..Settings::default()
    }
}

impl Account {
    /// At the endpoint `url`.
    pub(crate) async fn at(url: &str) -> Self {
        let direct = config(url);
        let fence = SnsSqs::new(&direct, settings(), Arc::new(Real));
        fence.declare(Wiring { queues: [FENCE.to_owned()].into(), ..Wiring::default() }).await.unwrap();
        let proxy = Proxy::start(url.trim_start_matches("http://").trim_end_matches('/').to_owned()).await;
        let proxied = config(&proxy.url());
        Self { direct, proxied, proxy, latest: Mutex::default(), fence, is_disturbed: AtomicBool::new(false) }
    }

    /// Another process on the latest bus.
    pub(crate) fn join(&self) -> Arc<SnsSqs> {
        let mut latest = self.latest.lock().unwrap();
        let latest = latest.as_mut().unwrap();
        let bus = Arc::new(SnsSqs::new(&self.proxied, latest.settings.clone(), Arc::new(Real)));
        latest.nodes.push(bus.clone());
        bus
    }

    /// An empty place for a bus with these settings.
    pub(crate) async fn renew(&self, change: impl FnOnce(&mut Settings)) {
        self.clean().await;
        let mut settings = settings();
        change(&mut settings);
        *self.latest.lock().unwrap() = Some(Latest { settings, nodes: vec![] });
    }

    /// The latest settings with a change, for a process that differs.
    pub(crate) fn differ(&self, change: impl FnOnce(&mut Settings)) -> Settings {
        let mut settings = self.latest.lock().unwrap().as_ref().unwrap().settings.clone();
        change(&mut settings);
        settings
    }

    /// A process with settings of its own.
    pub(crate) fn join_with(&self, settings: Settings) -> Arc<SnsSqs> {
        Arc::new(SnsSqs::new(&self.proxied, settings, Arc::new(Real)))
    }

    /// What happens to the next call of one of `actions`.
    pub(crate) fn disturb(&self, actions: &'static [&'static str], fate: Fate) {
        self.is_disturbed.store(true, Ordering::SeqCst);
        self.proxy.next(actions, fate);
    }

    async fn clean(&self) {
        self.proxy.set_down(false);
        self.proxy.starve(false);
        let Some(latest) = self.latest.lock().unwrap().take() else { return };
        for node in latest.nodes {
            node.close().await;
            node.demolish(Wiring::default()).await.ok();
        }
    }

    /// Leaves nothing in the account.
    pub(crate) async fn leave(self) {
        self.clean().await;
        self.fence.close().await;
        self.fence.demolish(Wiring::default()).await.unwrap();
    }

    fn node(&self) -> Node {
        Node { bus: self.join(), peek: None, fused: None }
    }
}

impl Subject for Account {
    fn fresh(&self) -> Boxed<'_, Node> {
        Box::pin(async {
            self.renew(|_| {}).await;
            self.node()
        })
    }

    fn second(&self) -> Boxed<'_, Option<Node>> {
        Box::pin(async { Some(self.node()) })
    }

    /// Without closing: what was taken comes again once its lease ends.
    fn reopen(&self) -> Boxed<'_, Option<Node>> {
        self.is_disturbed.store(true, Ordering::SeqCst);
        self.latest.lock().unwrap().as_mut().unwrap().nodes.clear();
        Box::pin(async { Some(self.node()) })
    }

    fn hook(&self, hook: Hook) -> bool {
        self.is_disturbed.store(true, Ordering::SeqCst);
        match hook {
            Hook::LosePublishReplySent => {
                self.proxy.next(&["PublishBatch", "SendMessageBatch"], Fate::Unanswered)
            }
            Hook::LosePublishReplyLost => self.proxy.next(&["PublishBatch", "SendMessageBatch"], Fate::Lost),
            Hook::LoseSettlement => self.proxy.next(&["DeleteMessageBatch"], Fate::Lost),
            Hook::LoseReceived => self.proxy.next(&["ReceiveMessage"], Fate::Unanswered),
            Hook::EndLeases => self.proxy.starve(true),
            Hook::Down(is_down) => self.proxy.set_down(is_down),
            // No store is fused with a broker.
            Hook::LoseCommitReply => return false,
        }
        true
    }

    fn longest_wait(&self) -> Boxed<'_, ()> {
        Real.sleep(Duration::from_secs(90))
    }

    /// What can still arrive has arrived once every lease that is not made longer has ended, and other messages, sent later,
    /// have come and gone several times.
    fn patience(&self) -> Boxed<'_, ()> {
        Box::pin(async {
            let is_disturbed = self.is_disturbed.swap(false, Ordering::SeqCst);
            Real.sleep(if is_disturbed { VISIBILITY * 2 } else { Duration::from_millis(400) }).await;
            for _ in 0..3 {
                assert_eq!(self.fence.publish(vec![to_queue(FENCE, "fence")]).await, [Published::Confirmed]);
                let mut back = vec![];
                while back.is_empty() {
                    back = self.fence.receive(FENCE.into(), 1).await.unwrap();
                }
                self.fence
                    .settle(back.into_iter().map(|one| (one.token, Settle::Acknowledge)).collect())
                    .await;
            }
        })
    }
}
