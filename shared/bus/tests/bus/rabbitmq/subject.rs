//! A real broker as a subject: queues of their own for every case, and a proxy that cuts.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bus::conformance::trial::{ALONE, LEFT, RIGHT, to_queue};
use bus::conformance::{Hook, Node, Subject};
use bus::rabbitmq::{RabbitMq, Settings};
use bus::{Boxed, Bus, Published, Settle, Wiring, World};

use super::proxy::{Cut, Proxy};
use crate::world::Real;

/// A place on a broker that nobody else uses, and the ways to it.
pub(crate) struct Broker {
    /// Straight to the broker, for what the test itself does.
    direct: Settings,
    pub(crate) proxy: Proxy,
    latest: Mutex<Option<Latest>>,
    fence: RabbitMq,
    is_disturbed: AtomicBool,
}

struct Latest {
    /// Through the proxy.
    settings: Settings,
    nodes: Vec<Arc<RabbitMq>>,
    admin: RabbitMq,
}

/// Where a message only goes to come back.
const FENCE: &str = "fence";
/// Every queue that a case may declare.
const QUEUES: [&str; 4] = [LEFT, RIGHT, ALONE, "new"];

fn fresh_name() -> String {
    format!("test-{:016x}.", Real.next_u64())
}

fn connect(settings: &Settings) -> RabbitMq {
    RabbitMq::connect(settings.clone(), Arc::new(Real))
}

/// A broker that is busy with a queue may leave a question about it unanswered: it is asked again.
async fn demolish(admin: &RabbitMq, queue: &str) {
    let mut why = None;
    for _ in 0..3 {
        match admin.demolish_queue(queue).await {
            Ok(()) => return,
            Err(outage) => why = Some(outage),
        }
    }
    panic!("{queue} cannot be deleted: {why:?}");
}

impl Broker {
    /// The broker at `url`.
    pub(crate) async fn at(url: &str) -> Self {
        let mut direct = Settings::parse(url).unwrap();
        direct.exchange = fresh_name();
        direct.prefix = direct.exchange.clone();
        // Impatient, so that an outage ends soon.
        direct.reconnect_wait = Duration::from_millis(20);
        // Patient, since what the test itself does has to succeed.
        direct.connect_wait = Duration::from_secs(30);
        let fence = connect(&direct);
        fence.declare(Wiring { queues: [FENCE.to_owned()].into(), ..Wiring::default() }).await.unwrap();
        let proxy = Proxy::start(direct.authority()).await;
        Self { direct, proxy, latest: Mutex::default(), fence, is_disturbed: AtomicBool::new(false) }
    }

    /// Another process on the latest bus.
    pub(crate) fn join(&self) -> Arc<RabbitMq> {
        let mut latest = self.latest.lock().unwrap();
        let latest = latest.as_mut().unwrap();
        let bus = Arc::new(connect(&latest.settings));
        latest.nodes.push(bus.clone());
        bus
    }

    /// Another process with settings of its own.
    pub(crate) fn join_with(&self, change: impl FnOnce(&mut Settings)) -> Arc<RabbitMq> {
        let mut settings = self.latest.lock().unwrap().as_ref().unwrap().settings.clone();
        change(&mut settings);
        Arc::new(connect(&settings))
    }

    /// An empty place for a bus with these settings.
    pub(crate) async fn renew(&self, change: impl FnOnce(&mut Settings)) {
        self.clean().await;
        let mut direct = self.direct.clone();
        direct.prefix = fresh_name();
        let admin = connect(&direct);
        let mut settings = direct.clone().by("127.0.0.1", self.proxy.port());
        settings.connect_wait = Duration::from_secs(1);
        change(&mut settings);
        *self.latest.lock().unwrap() = Some(Latest { settings, nodes: vec![], admin });
    }

    /// Takes a queue away, as an operator would.
    pub(crate) async fn delete(&self, queue: &str) {
        let latest = self.latest.lock().unwrap().take().unwrap();
        demolish(&latest.admin, queue).await;
        *self.latest.lock().unwrap() = Some(latest);
    }

    /// Cuts a connection when this happens next.
    pub(crate) fn disturb(&self, cut: Cut) {
        self.is_disturbed.store(true, Ordering::SeqCst);
        self.proxy.cut_at(cut);
    }

    async fn clean(&self) {
        self.proxy.set_down(false);
        let Some(latest) = self.latest.lock().unwrap().take() else { return };
        for queue in QUEUES {
            demolish(&latest.admin, queue).await;
        }
    }

    /// Leaves nothing on the broker.
    pub(crate) async fn leave(self) {
        self.clean().await;
        self.fence.demolish(Wiring::default()).await.unwrap();
        self.fence.close().await;
    }

    /// All that was joined reaches the broker again, or does not for very long.
    async fn reconnected(&self) {
        let nodes = self.latest.lock().unwrap().as_ref().map_or(vec![], |latest| latest.nodes.clone());
        for node in nodes {
            // A call waits for a second; a closed one fails at once.
            for _ in 0..60 {
                if node.inspect().await.is_ok() {
                    break;
                }
                Real.sleep(Duration::from_millis(100)).await;
            }
        }
    }

    fn node(&self) -> Node {
        Node { bus: self.join(), peek: None, fused: None }
    }
}

impl Subject for Broker {
    fn fresh(&self) -> Boxed<'_, Node> {
        Box::pin(async {
            self.renew(|_| {}).await;
            self.node()
        })
    }

    fn second(&self) -> Boxed<'_, Option<Node>> {
        Box::pin(async { Some(self.node()) })
    }

    fn reopen(&self) -> Boxed<'_, Option<Node>> {
        Box::pin(async {
            let nodes = std::mem::take(&mut self.latest.lock().unwrap().as_mut().unwrap().nodes);
            for node in nodes {
                node.close().await;
            }
            Some(self.node())
        })
    }

    fn hook(&self, hook: Hook) -> bool {
        self.is_disturbed.store(true, Ordering::SeqCst);
        match hook {
            Hook::LosePublishReplySent => self.proxy.cut_at(Cut::Confirm),
            Hook::LosePublishReplyLost => self.proxy.cut_at(Cut::Publish(0)),
            Hook::LoseSettlement => self.proxy.cut_at(Cut::Ack),
            Hook::EndLeases => self.proxy.cut(),
            Hook::Down(is_down) => self.proxy.set_down(is_down),
            // A delivery that is lost on its way is delivered again before a receive has an answer; and no store is
            // fused with a broker.
            Hook::LoseReceived | Hook::LoseCommitReply => return false,
        }
        true
    }

    fn longest_wait(&self) -> Boxed<'_, ()> {
        Real.sleep(Duration::from_secs(60))
    }

    /// What can still arrive has arrived once other messages, sent later, have come and gone several times.
    fn patience(&self) -> Boxed<'_, ()> {
        Box::pin(async {
            let is_disturbed = self.is_disturbed.swap(false, Ordering::SeqCst);
            if is_disturbed && !self.proxy.is_down() {
                self.reconnected().await;
            }
            Real.sleep(Duration::from_millis(if is_disturbed { 2_500 } else { 400 })).await;
            for _ in 0..5 {
                assert_eq!(self.fence.publish(vec![to_queue(FENCE, "fence")]).await, [Published::Confirmed]);
                let back = self.fence.receive(FENCE.into(), 1).await.unwrap().remove(0);
                self.fence.settle(vec![(back.token, Settle::Acknowledge)]).await;
            }
        })
    }
}
