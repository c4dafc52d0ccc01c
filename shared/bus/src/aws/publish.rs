//! Publishing: each topic and each queue has a lane, and each message an answer of its own.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::join_all;
use tokio::sync::{Semaphore, oneshot, watch};

use super::account::Fault;
use super::failure::{Failed, Sort, jitter, said, sort};
use super::lane::{Bounds, Call, Lane, Step};
use super::message::Parcel;
use super::settings::Settings;
use super::topology::{Topology, noun};
use crate::{Address, Outgoing, Published, World, within};

/// Calls under way at once, to all topics and queues together: so many connections of this process publish.
const CALLS: usize = 16;
/// Calls under way at once to one topic or queue, so that one of them leaves room for others.
const LANE_CALLS: usize = 8;
/// Topics and queues that this process publishes to: more than any wiring has, and a bound on what wrong addresses can open.
const LANES: usize = 1_024;
/// How long a call that was refused in part waits before it ends, and what was refused goes again.
const AGAIN_PAUSE: Duration = Duration::from_millis(100);

/// Where a message goes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Target {
    /// The topic of a noun.
    Topic(String),
    Queue(String),
}

/// Publishes to one account.
pub(super) struct Publisher {
    shared: Arc<Shared>,
    lanes: Mutex<BTreeMap<Target, Lane<Arc<Parcel>, Published>>>,
    closing: watch::Receiver<bool>,
}

struct Shared {
    settings: Arc<Settings>,
    world: Arc<dyn World>,
    topology: Arc<Topology>,
    permits: Semaphore,
}

impl Publisher {
    pub(super) fn new(
        settings: Arc<Settings>,
        world: Arc<dyn World>,
        topology: Arc<Topology>,
        closing: watch::Receiver<bool>,
    ) -> Self {
        let shared = Shared { settings, world, topology, permits: Semaphore::new(CALLS) };
        Self { shared: Arc::new(shared), lanes: Mutex::default(), closing }
    }

    /// Publishes each message for itself, and answers in the order of `batch`.
    pub(super) async fn publish(&self, batch: Vec<Outgoing>) -> Vec<Published> {
        let sent: Vec<Result<oneshot::Receiver<Published>, Published>> =
            batch.iter().map(|message| self.put(message)).collect();
        let mut answers = vec![Published::Unknown; batch.len()];
        let collecting = join_all(sent.into_iter().zip(&mut answers).map(|(sent, answer)| async move {
            *answer = match sent {
                // Without an answer the bus was closed.
                Ok(sent) => sent.await.unwrap_or(Published::Unknown),
                Err(unsent) => unsent,
            };
        }));
        within(&*self.shared.world, self.shared.settings.publish_wait, collecting).await;
        answers
    }

    /// Puts `message` into its lane, or answers at once.
    fn put(&self, message: &Outgoing) -> Result<oneshot::Receiver<Published>, Published> {
        let parcel = Parcel::new(message);
        let most = self.shared.settings.max_message_bytes;
        if parcel.text.len() > most {
            let how =
                if parcel.text.len() > message.body.len() { ", encoded as it is no plain text" } else { "" };
            return Err(Published::Refused(format!("it has more than {most} bytes{how}")));
        }
        if parcel.text.is_empty() {
            return Err(Published::Refused("it is empty, which SQS does not carry".to_owned()));
        }
        let target = match &message.address {
            Address::Topic(kind) => Target::Topic(noun(kind).to_owned()),
            Address::Queue(queue) if is_name(&self.shared.settings.queue(queue)) => {
                Target::Queue(queue.clone())
            }
            Address::Queue(queue) => {
                return Err(Published::Refused(format!("{queue:?} is not the name of a queue of SQS")));
            }
        };
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        if lanes.len() >= LANES && !lanes.contains_key(&target) {
            return Err(Published::Unknown);
        }
        let lane = lanes.entry(target).or_insert_with_key(|target| self.open(target));
        let bytes = parcel.bytes();
        Ok(lane.put(Arc::new(parcel), bytes))
    }

    fn open(&self, target: &Target) -> Lane<Arc<Parcel>, Published> {
        let (shared, target) = (self.shared.clone(), target.clone());
        let settings = &self.shared.settings;
        let bounds = Bounds { bytes: settings.batch_bytes(), calls: LANE_CALLS, linger: settings.linger };
        let name = format!("aws.publish.{target:?}");
        let call: Call<Arc<Parcel>, Published> = Box::new(move |batch| {
            let (shared, target) = (shared.clone(), target.clone());
            Box::pin(async move { shared.call(&target, batch).await })
        });
        Lane::start(name, bounds, call, &self.shared.world, self.closing.clone())
    }
}

impl Shared {
    async fn call(&self, target: &Target, batch: Vec<Arc<Parcel>>) -> Vec<Step<Published>> {
        let Ok(_permit) = self.permits.acquire().await else {
            return batch.iter().map(|_| Step::Done(Published::Unknown)).collect();
        };
        let mut steps = vec![];
        match self.send(target, &batch).await {
            // One of them spoils the call for all: alone, each has its own answer.
            Err(failed) if failed.sort == Sort::Invalid && batch.len() > 1 => {
                for one in batch {
                    let alone = std::slice::from_ref(&one);
                    let sent = self.send(target, alone).await;
                    steps.extend(self.steps(target, alone, sent).await);
                }
            }
            sent => steps.extend(self.steps(target, &batch, sent).await),
        }
        if steps.iter().any(|step| matches!(step, Step::Again(_))) {
            self.world.sleep(jitter(&*self.world, AGAIN_PAUSE)).await;
        }
        steps
    }

    /// One call. That there is no such topic or queue is a failure like others.
    async fn send(&self, target: &Target, batch: &[Arc<Parcel>]) -> Result<Vec<Result<(), Fault>>, Failed> {
        let account = &self.topology.account;
        match target {
            Target::Topic(noun) => {
                let arn = self.topology.topic_arn(noun);
                let arn = arn.map_err(|outage| Failed { sort: Sort::Unanswered, outage })?;
                account.publish(&arn, batch).await
            }
            Target::Queue(queue) => {
                let name = self.settings.queue(queue);
                let Some(url) = self.topology.url(queue).await? else { return Err(Failed::no_queue(&name)) };
                account.send(&name, &url, batch).await
            }
        }
    }

    async fn steps(
        &self,
        target: &Target,
        batch: &[Arc<Parcel>],
        sent: Result<Vec<Result<(), Fault>>, Failed>,
    ) -> Vec<Step<Published>> {
        let all = |answer: Published| batch.iter().map(|_| Step::Done(answer.clone())).collect();
        match sent {
            Ok(each) => each.into_iter().map(step).collect(),
            Err(failed) => match failed.sort {
                Sort::Missing => all(self.missing(target).await),
                Sort::Invalid => all(Published::Refused(failed.outage.detail)),
                Sort::Beaten | Sort::Throttled | Sort::Denied | Sort::Unanswered => {
                    tracing::warn!(outage = %failed.outage, "messages are not published");
                    all(Published::Unknown)
                }
            },
        }
    }

    /// What it means that there is no such topic or queue.
    async fn missing(&self, target: &Target) -> Published {
        let is_declared = match target {
            Target::Topic(noun) => self.topology.has_topic(noun),
            Target::Queue(queue) => {
                self.topology.forget(queue);
                self.topology.has_queue(queue)
            }
        };
        match target {
            // It was there once, or should be: once it is declared again the message can be sent.
            _ if is_declared => {
                if let Err(outage) = self.topology.mend().await {
                    tracing::warn!(outage = %outage, "not declared again");
                }
                Published::Unknown
            }
            // A topic that nobody has made is one that nobody subscribes to.
            Target::Topic(_) => Published::Confirmed,
            Target::Queue(queue) => Published::Refused(format!(
                "the account has no queue {}: correct the address, or let a process that has this queue in its wiring declare it",
                self.settings.queue(queue)
            )),
        }
    }
}

/// What became of one message of a batch that the endpoint answered.
fn step(sent: Result<(), Fault>) -> Step<Published> {
    let Err(fault) = sent else { return Step::Done(Published::Confirmed) };
    match sort(&fault.code) {
        // A key or a role is not the message's fault, even when the endpoint puts it so.
        Sort::Invalid | Sort::Missing | Sort::Beaten if fault.is_senders => {
            Step::Done(Published::Refused(said(&fault.code, fault.message.as_deref())))
        }
        _ => Step::Again(Published::Unknown),
    }
}

/// SQS: 80 letters, digits, `-` and `_`.
fn is_name(name: &str) -> bool {
    name.len() <= 80 && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(code: &str, is_senders: bool) -> Step<Published> {
        step(Err(Fault { code: code.to_owned(), message: Some("why".to_owned()), is_senders }))
    }

    #[test]
    fn only_what_the_sender_did_wrong_is_refused() {
        let Step::Done(Published::Refused(why)) = fault("InvalidMessageContents", true) else {
            panic!("not refused")
        };
        assert_eq!(why, "InvalidMessageContents: why");
        for (code, is_senders) in [
            ("InternalError", false),
            ("InvalidMessageContents", false),
            ("RequestThrottled", true),
            ("KmsDisabled", true),
        ] {
            assert!(matches!(fault(code, is_senders), Step::Again(Published::Unknown)), "{code}");
        }
    }

    #[test]
    fn a_name_has_what_sqs_allows() {
        assert!(is_name("banyan-orders") && is_name(&"x".repeat(80)));
        assert!(!is_name("orders.dead") && !is_name("\u{e4}") && !is_name(&"x".repeat(81)));
    }
}
