//! Reading what there is, and adding what is missing.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use aws_sdk_sqs::types::QueueAttributeName::{
    self, MessageRetentionPeriod, Policy, ReceiveMessageWaitTimeSeconds, RedrivePolicy, VisibilityTimeout,
};
use futures_util::future::try_join;
use futures_util::stream::{self, StreamExt, TryStreamExt};
use serde_json::json;

use super::super::account::Queue;
use super::super::failure::{Failed, Sort, broken, jitter};
use super::super::plan::RETENTION_S;
use super::super::policy;
use super::{Topology, noun};
use crate::Outage;

/// Queues or subscriptions that are looked at at once.
const AT_ONCE: usize = 8;
/// How often something is read and widened before it is taken to be so: reading may lag behind writing.
const ROUNDS: usize = 5;
/// How long to wait, about, before reading what was written: another process may have read before and write after.
const WIDEN_PAUSE: Duration = Duration::from_millis(100);

/// A queue that is there, and its dead queue.
struct Place {
    arn: String,
    dead: Option<String>,
}

/// A topic that is there.
struct Topic {
    arn: String,
    /// The ARNs of its subscriptions, by what they deliver to.
    subscriptions: HashMap<String, String>,
}

/// All of `doing`, some at once, in their order.
async fn several<T>(doing: Vec<impl Future<Output = Result<T, Outage>> + Send>) -> Result<Vec<T>, Outage> {
    stream::iter(doing).buffered(AT_ONCE).try_collect().await
}

impl Topology {
    pub(super) async fn declare_all(&self) -> Result<(), Outage> {
        let wiring = self.known().wiring.clone();
        let mut types: BTreeMap<(&str, &str), BTreeSet<String>> = BTreeMap::new();
        for (kind, queues) in &wiring.subscribers {
            for queue in queues {
                types.entry((noun(kind), queue)).or_default().insert(kind.to_string());
            }
        }
        let nouns_of =
            |queue: &str| types.keys().filter(|(_, other)| *other == queue).map(|(noun, _)| *noun).collect();
        let queues: Vec<&str> = wiring.queues.iter().map(String::as_str).collect();
        let places = queues.iter().map(|queue| self.place(queue, nouns_of(queue))).collect();
        let places: BTreeMap<&str, Place> = queues.iter().copied().zip(several(places).await?).collect();
        let nouns: BTreeSet<&str> = types.keys().map(|(noun, _)| *noun).collect();
        let topics = nouns.iter().map(|noun| self.topic(noun)).collect();
        let topics: BTreeMap<&str, Topic> = nouns.iter().copied().zip(several(topics).await?).collect();
        let ends = types
            .iter()
            .filter_map(|((noun, queue), types)| Some((topics.get(noun)?, places.get(queue)?, types)));
        let subscriptions =
            ends.map(|(topic, place, types)| self.subscription(topic, place, types)).collect();
        several(subscriptions).await.map(drop)
    }

    /// The queue of a service, which the topics of `nouns` may send to.
    async fn place(&self, queue: &str, nouns: BTreeSet<&str>) -> Result<Place, Outage> {
        let (name, dead_name) = (self.settings.queue(queue), self.settings.dead(queue));
        let dead = match self.settings.may_create {
            true => Some(self.queue(&dead_name, HashMap::new()).await?),
            false => None,
        };
        let redrive = dead.as_ref().map(|dead| self.redrive(&dead.arn));
        let mut attributes = HashMap::from([
            (VisibilityTimeout, self.settings.visibility_s().to_string()),
            (ReceiveMessageWaitTimeSeconds, self.settings.receive_wait_s().to_string()),
        ]);
        attributes.extend(redrive.clone().map(|redrive| (RedrivePolicy, redrive)));
        let main = self.queue(&name, attributes).await?;
        let (realm, place) = (
            realm(&main.arn),
            Place { arn: main.arn.clone(), dead: dead.as_ref().map(|one| one.arn.clone()) },
        );
        {
            let mut known = self.known();
            known.urls.insert(queue.to_owned(), main.url.clone());
            known.realm = Some(realm);
        }
        let (Some(dead), Some(redrive)) = (dead, redrive) else { return Ok(place) };
        if main.redrive.is_none() {
            self.account.set_queue(&name, &main.url, RedrivePolicy, redrive).await.map_err(outage)?;
        }
        let topics = nouns.iter().map(|noun| self.topic_arn(noun)).collect::<Result<BTreeSet<_>, _>>()?;
        try_join(self.allow(&name, main, &topics), self.allow(&dead_name, dead, &topics)).await?;
        Ok(place)
    }

    fn redrive(&self, dead: &str) -> String {
        json!({ "deadLetterTargetArn": dead, "maxReceiveCount": self.settings.max_receive_count }).to_string()
    }

    /// The queue `name`, made with `attributes` if it is not there. One that is there keeps its own.
    async fn queue(
        &self,
        name: &str,
        mut attributes: HashMap<QueueAttributeName, String>,
    ) -> Result<Queue, Outage> {
        let mut url = self.account.queue_url(name).await.map_err(outage)?;
        if url.is_none() {
            if !self.settings.may_create {
                return Err(missing(&format!("queue {name}")));
            }
            attributes.insert(MessageRetentionPeriod, RETENTION_S.to_string());
            url = match self.account.create_queue(name, attributes).await {
                Ok(url) => Some(url),
                // A process with other settings was first.
                Err(failed) if failed.sort == Sort::Beaten => {
                    self.account.queue_url(name).await.map_err(outage)?
                }
                Err(failed) => return Err(failed.outage),
            };
        }
        let url = url.ok_or_else(|| broken(format!("the queue {name} comes and goes")))?;
        self.account.queue(name, url).await.map_err(outage)
    }

    /// Lets `topics` send to a queue.
    async fn allow(&self, name: &str, queue: Queue, topics: &BTreeSet<String>) -> Result<(), Outage> {
        let Queue { url, arn, mut policy, .. } = queue;
        for _ in 0..ROUNDS {
            let wider = policy::allowing(policy.as_deref(), &arn, topics);
            let Some(wider) = wider.map_err(|why| broken(format!("the queue {name}: {why}")))? else {
                return Ok(());
            };
            self.account.set_queue(name, &url, Policy, wider).await.map_err(outage)?;
            self.world.sleep(jitter(&*self.world, WIDEN_PAUSE)).await;
            policy = self.account.queue(name, url.clone()).await.map_err(outage)?.policy;
        }
        tracing::warn!(
            queue = name,
            "the policy was written and does not show it: reading lags, or somebody takes it back"
        );
        Ok(())
    }

    async fn topic(&self, noun: &str) -> Result<Topic, Outage> {
        let (name, arn) = (self.settings.topic(noun), self.topic_arn(noun)?);
        if let Some(subscriptions) = self.account.subscriptions(&arn).await.map_err(outage)? {
            return Ok(Topic { arn, subscriptions });
        }
        if !self.settings.may_create {
            return Err(missing(&format!("topic {name}")));
        }
        let arn = self.account.create_topic(&name).await.map_err(outage)?;
        Ok(Topic { arn, subscriptions: HashMap::new() })
    }

    /// Subscribes a queue to `types` of a topic, or widens the subscription that it has.
    async fn subscription(
        &self,
        topic: &Topic,
        place: &Place,
        types: &BTreeSet<String>,
    ) -> Result<(), Outage> {
        let mut subscription = topic.subscriptions.get(&place.arn).cloned();
        let topic = topic.arn.as_str();
        for _ in 0..ROUNDS {
            let Some(arn) = &subscription else {
                subscription = self.subscribe(topic, place, types).await?;
                continue;
            };
            if self.widen(arn, place, types).await? {
                return Ok(());
            }
            self.world.sleep(jitter(&*self.world, WIDEN_PAUSE)).await;
        }
        tracing::warn!(topic, queue = place.arn, "the subscription was written and does not show it");
        Ok(())
    }

    /// Subscribes; answers the subscription, which may be another process's and differ.
    async fn subscribe(
        &self,
        topic: &str,
        place: &Place,
        types: &BTreeSet<String>,
    ) -> Result<Option<String>, Outage> {
        if !self.settings.may_create {
            return Err(missing(&format!("subscription of {} to {topic}", place.arn)));
        }
        let mut attributes = HashMap::from([
            ("RawMessageDelivery".to_owned(), "true".to_owned()),
            ("FilterPolicy".to_owned(), policy::new_filter(types)),
        ]);
        // What a topic cannot deliver to the queue is not lost, but lies where else a person looks.
        let redrive = place.dead.as_ref().map(|dead| json!({ "deadLetterTargetArn": dead }).to_string());
        attributes.extend(redrive.map(|redrive| ("RedrivePolicy".to_owned(), redrive)));
        match self.account.subscribe(topic, &place.arn, attributes).await {
            Ok(arn) => Ok(Some(arn)),
            Err(failed) if failed.sort == Sort::Beaten => {
                self.world.sleep(jitter(&*self.world, WIDEN_PAUSE)).await;
                let found = self.account.subscriptions(topic).await.map_err(outage)?;
                Ok(found.and_then(|found| found.get(&place.arn).cloned()))
            }
            Err(failed) => Err(failed.outage),
        }
    }

    /// Whether a subscription is as it should be; if not, it is widened, and has to be looked at again.
    async fn widen(&self, arn: &str, place: &Place, types: &BTreeSet<String>) -> Result<bool, Outage> {
        let now = self.account.subscription(arn).await.map_err(outage)?;
        let of = || format!("the subscription of {} ({arn})", place.arn);
        let wider =
            policy::filter(now.filter.as_deref(), types).map_err(|why| broken(format!("{}: {why}", of())))?;
        if now.is_raw && wider.is_none() {
            return Ok(true);
        }
        if !self.settings.may_create {
            let types: Vec<&str> = types.iter().map(String::as_str).collect();
            let what = format!("raw delivery, or one of the types {}, in {}", types.join(", "), of());
            return Err(missing(&what));
        }
        if !now.is_raw {
            self.account.set_subscription(arn, "RawMessageDelivery", "true").await.map_err(outage)?;
        }
        if let Some(wider) = wider {
            self.account.set_subscription(arn, "FilterPolicy", &wider).await.map_err(outage)?;
        }
        Ok(false)
    }
}

/// What comes before the name in the ARN of a queue.
fn realm(arn: &str) -> String {
    arn.rfind(':').map_or(String::new(), |colon| arn[..=colon].to_owned())
}

fn outage(failed: Failed) -> Outage {
    failed.outage
}

/// Something is not there, and this process may not make it.
fn missing(what: &str) -> Outage {
    broken(format!(
        "there is no {what}, and this process may not create it: create it there, or let it create what is missing"
    ))
}
