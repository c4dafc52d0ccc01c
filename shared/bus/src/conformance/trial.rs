//! What the cases are written with: a wired bus, short words for messages, and patience.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::sync::Arc;

use bytes::Bytes;
use contracts::MessageId;
use futures_util::future::{Either, select};
use store::conformance::trial::{same, topic};

use super::{Hook, Node, Subject};
use crate::{Address, Boxed, Delivery, Outgoing, Published, Settle, Token, Wiring};

/// A type that [`LEFT`] and [`RIGHT`] subscribe to.
pub const SAID: &str = "suite.said.v1";
/// A type that only [`LEFT`] subscribes to.
pub const HEARD: &str = "suite.heard.v1";
/// A type that nobody subscribes to.
pub const UNHEARD: &str = "suite.unheard.v1";
/// A queue.
pub const LEFT: &str = "left";
/// Another queue.
pub const RIGHT: &str = "right";
/// A queue that subscribes to nothing.
pub const ALONE: &str = "alone";

/// The queues and subscriptions of the cases.
#[must_use]
pub fn wiring() -> Wiring {
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<String>>();
    let subscribers = BTreeMap::from([(topic(SAID), names(&[LEFT, RIGHT])), (topic(HEARD), names(&[LEFT]))]);
    Wiring { queues: names(&[LEFT, RIGHT, ALONE]), subscribers }
}

/// A message to everybody who subscribes to `kind`.
#[must_use]
pub fn to_topic(kind: &str, text: &str) -> Outgoing {
    Outgoing {
        id: MessageId::named(&[text]),
        address: Address::Topic(topic(kind)),
        lane: "lane".to_owned(),
        attempt: 0,
        body: Bytes::from(format!("\"{text}\"")),
    }
}

/// A message to one queue.
#[must_use]
pub fn to_queue(queue: &str, text: &str) -> Outgoing {
    Outgoing { address: Address::Queue(queue.to_owned()), ..to_topic(SAID, text) }
}

/// The texts of `deliveries`, sorted.
#[must_use]
pub fn texts(deliveries: &[Delivery]) -> Vec<String> {
    let mut texts: Vec<String> = deliveries.iter().map(text).collect();
    texts.sort_unstable();
    texts
}

/// What [`to_topic`] was given.
#[must_use]
pub fn text(delivery: &Delivery) -> String {
    String::from_utf8_lossy(&delivery.body).trim_matches('"').to_owned()
}

/// `["m000", "m001", ...]`.
#[must_use]
pub fn numbered(n: usize) -> Vec<String> {
    (0..n).map(|n| format!("m{n:03}")).collect()
}

/// A fresh bus with [`wiring`], and a process on it.
pub struct Trial<'a> {
    /// Where it came from.
    pub subject: &'a dyn Subject,
    /// The process.
    pub node: Node,
}

impl<'a> Trial<'a> {
    /// On a fresh bus of `subject`.
    ///
    /// # Errors
    /// The bus was out of service.
    pub async fn new(subject: &'a dyn Subject) -> Result<Self, String> {
        let trial = Self { subject, node: subject.fresh().await };
        trial.declare(wiring()).await?;
        Ok(trial)
    }

    /// Declares.
    ///
    /// # Errors
    /// The bus was out of service.
    pub async fn declare(&self, wiring: Wiring) -> Result<(), String> {
        self.node.bus.declare(wiring).await.map_err(|outage| format!("declare: {outage}"))
    }

    /// Ends all processes and starts one again; whether anything stays.
    ///
    /// # Errors
    /// The bus was out of service.
    pub async fn restart(&mut self) -> Result<bool, String> {
        let Some(node) = self.subject.reopen().await else { return Ok(false) };
        self.node = node;
        self.declare(wiring()).await?;
        Ok(true)
    }

    /// Publishes, and all must be confirmed.
    ///
    /// # Errors
    /// They were not.
    pub async fn publish(&self, batch: Vec<Outgoing>) -> Result<(), String> {
        let wanted = vec![Published::Confirmed; batch.len()];
        same("published", self.node.bus.publish(batch).await, wanted)
    }

    /// Takes `n` messages, waiting for them as long as it may take.
    ///
    /// # Errors
    /// Fewer or more came, or the bus was out of service.
    pub async fn take(&self, queue: &str, n: usize) -> Result<Vec<Delivery>, String> {
        let taken = take_while(&self.node, queue, n, || self.subject.longest_wait()).await?;
        same(format!("messages taken from {queue}"), taken.len(), n)?;
        Ok(taken)
    }

    /// Takes all that comes, until patience ends.
    ///
    /// # Errors
    /// The bus was out of service.
    pub async fn take_all(&self, queue: &str) -> Result<Vec<Delivery>, String> {
        take_from(&self.node, self.subject, queue, usize::MAX).await
    }

    /// Nothing comes, however long one waits.
    ///
    /// # Errors
    /// Something came.
    pub async fn nothing_comes(&self, what: &str, queue: &str) -> Result<(), String> {
        let taken = self.take_all(queue).await?;
        same(format!("{what}: what came from {queue}"), texts(&taken), vec![])
    }

    /// Settles one delivery.
    pub async fn settle(&self, delivery: &Delivery, how: Settle) {
        self.node.bus.settle(vec![(delivery.token.clone(), how)]).await;
    }

    /// Settles all deliveries alike.
    pub async fn settle_all(&self, deliveries: &[Delivery], how: Settle) {
        let all: Vec<(Token, Settle)> = deliveries.iter().map(|one| (one.token.clone(), how)).collect();
        self.node.bus.settle(all).await;
    }

    /// How many wait in `queue` and how many are in flight.
    ///
    /// # Errors
    /// The bus was out of service, or does not know the queue.
    pub async fn state(&self, queue: &str) -> Result<(u64, u64), String> {
        let states = self.node.bus.inspect().await.map_err(|outage| format!("inspect: {outage}"))?;
        let state = states.into_iter().find(|state| state.queue == queue);
        state.map(|state| (state.waiting, state.in_flight)).ok_or_else(|| format!("no state of {queue}"))
    }

    /// `queue` has `want` waiting and in flight, now or later: some brokers count with delay.
    ///
    /// # Errors
    /// It has not, or the bus was out of service.
    pub async fn state_is(&self, what: impl Display, queue: &str, want: (u64, u64)) -> Result<(), String> {
        let mut longest = self.subject.longest_wait();
        while self.state(queue).await? != want {
            match select(self.subject.patience(), longest).await {
                Either::Left((_, rest)) => longest = rest,
                Either::Right(_) => break,
            }
        }
        same(what, self.state(queue).await?, want)
    }

    /// Whether the subject can bring this about; if not, the case is skipped.
    pub fn can(&self, hook: Hook) -> bool {
        self.subject.hook(hook)
    }
}

/// More than any case publishes: a bus that gives more never ends.
const MOST: usize = 2_000;

/// Takes up to `n` messages over `node`, until patience ends.
///
/// # Errors
/// The bus was out of service, or gave more than it was asked for.
pub async fn take_from(
    node: &Node,
    subject: &dyn Subject,
    queue: &str,
    n: usize,
) -> Result<Vec<Delivery>, String> {
    take_while(node, queue, n, || subject.patience()).await
}

/// Takes up to `n` messages, each time until `wait` ends.
async fn take_while<'a>(
    node: &Node,
    queue: &str,
    n: usize,
    wait: impl Fn() -> Boxed<'a, ()>,
) -> Result<Vec<Delivery>, String> {
    let name: Arc<str> = Arc::from(queue);
    let mut taken: Vec<Delivery> = vec![];
    let mut patience = wait();
    while taken.len() < n.min(MOST) {
        let credit = (n - taken.len()).min(100);
        let receive = node.bus.receive(name.clone(), credit);
        match select(receive, patience).await {
            Either::Left((received, rest)) => {
                let received = received.map_err(|outage| format!("receive from {queue}: {outage}"))?;
                if received.len() > credit {
                    return Err(format!("{} messages for a credit of {credit}", received.len()));
                }
                // Whoever got something waits anew.
                patience = if received.is_empty() { rest } else { wait() };
                taken.extend(received);
            }
            Either::Right(_) => break,
        }
    }
    Ok(taken)
}
