//! The calls to an account, in our own words: first what there is, then what travels.
//!
//! The SDK signs, and tries again what failed on the way or was throttled: two more times, within a second or so. That
//! includes messages whose answer was lost, so one may be sent twice, which the next inbox drops like every other duplicate.
//! What the endpoint refuses within a batch is not tried again by the SDK: who called decides, one by one.

mod traffic;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_sqs::config::BehaviorVersion;
use aws_sdk_sqs::config::retry::RetryConfig;
use aws_sdk_sqs::config::timeout::TimeoutConfig;
use aws_sdk_sqs::types::QueueAttributeName;
use aws_types::SdkConfig;

use super::failure::{Failed, Sort, failed};
use super::settings::Settings;

pub(super) use traffic::Fault;

/// How often a call is made in all. Each try has its own time limit, so more would keep a caller waiting for too long.
const ATTEMPTS: u32 = 3;
/// The first pause between two attempts; it doubles, with jitter.
const BACKOFF: Duration = Duration::from_millis(100);
/// The longest of these pauses.
const LONGEST_BACKOFF: Duration = Duration::from_secs(2);
/// How long one attempt waits for a connection.
const CONNECT_WAIT: Duration = Duration::from_secs(3);
/// How long one attempt waits for its answer; a receive waits so much longer than it asks the queue to.
const ANSWER_WAIT: Duration = Duration::from_secs(6);
/// Pages of subscriptions of one topic that are read, a hundred on each: more than any shop has.
const PAGES: usize = 100;

/// Both clients of one account.
pub(super) struct Account {
    settings: Arc<Settings>,
    sns: aws_sdk_sns::Client,
    sqs: aws_sdk_sqs::Client,
}

/// What a queue says of itself.
pub(super) struct Queue {
    pub(super) url: String,
    pub(super) arn: String,
    pub(super) policy: Option<String>,
    pub(super) redrive: Option<String>,
    /// In seconds, for who does not say it when it receives.
    pub(super) visibility_s: Option<i32>,
}

/// What a subscription says of itself.
pub(super) struct Subscription {
    pub(super) is_raw: bool,
    pub(super) filter: Option<String>,
}

impl Account {
    pub(super) fn new(config: &SdkConfig, settings: Arc<Settings>) -> Self {
        let retry = RetryConfig::standard()
            .with_max_attempts(ATTEMPTS)
            .with_initial_backoff(BACKOFF)
            .with_max_backoff(LONGEST_BACKOFF);
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(CONNECT_WAIT)
            .operation_attempt_timeout(ANSWER_WAIT)
            .build();
        let sns = aws_sdk_sns::config::Builder::from(config)
            .behavior_version(BehaviorVersion::latest())
            .retry_config(retry.clone())
            .timeout_config(timeouts.clone());
        let sqs = aws_sdk_sqs::config::Builder::from(config)
            .behavior_version(BehaviorVersion::latest())
            .retry_config(retry)
            .timeout_config(timeouts);
        Self {
            settings,
            sns: aws_sdk_sns::Client::from_conf(sns.build()),
            sqs: aws_sdk_sqs::Client::from_conf(sqs.build()),
        }
    }

    /// The URL of the queue `name`, if there is one.
    pub(super) async fn queue_url(&self, name: &str) -> Result<Option<String>, Failed> {
        let asked = Box::pin(self.sqs.get_queue_url().queue_name(name).send()).await;
        match asked.map_err(|error| failed("sqs:GetQueueUrl", name, &error)) {
            Ok(answer) => Ok(answer.queue_url),
            Err(failed) if failed.sort == Sort::Missing => Ok(None),
            Err(failed) => Err(failed),
        }
    }

    /// What the queue `name` at `url` says of itself.
    pub(super) async fn queue(&self, name: &str, url: String) -> Result<Queue, Failed> {
        use QueueAttributeName::{Policy, QueueArn, RedrivePolicy, VisibilityTimeout};
        let asking = self.sqs.get_queue_attributes().queue_url(&url);
        let asking = asking.attribute_names(QueueArn).attribute_names(Policy).attribute_names(RedrivePolicy);
        let asking = asking.attribute_names(VisibilityTimeout);
        let asked = Box::pin(asking.send()).await;
        let answer = asked.map_err(|error| failed("sqs:GetQueueAttributes", name, &error))?;
        let mut all = answer.attributes.unwrap_or_default();
        Ok(Queue {
            url,
            arn: all.remove(&QueueArn).unwrap_or_default(),
            policy: all.remove(&Policy),
            redrive: all.remove(&RedrivePolicy),
            visibility_s: all.remove(&VisibilityTimeout).and_then(|text| text.parse().ok()),
        })
    }

    /// Makes the queue `name`, or finds it when it is there just so; answers its URL.
    pub(super) async fn create_queue(
        &self,
        name: &str,
        attributes: HashMap<QueueAttributeName, String>,
    ) -> Result<String, Failed> {
        let creating = self.sqs.create_queue().queue_name(name).set_attributes(Some(attributes));
        let created = Box::pin(creating.send()).await;
        let answer = created.map_err(|error| failed("sqs:CreateQueue", name, &error))?;
        Ok(answer.queue_url.unwrap_or_default())
    }

    pub(super) async fn set_queue(
        &self,
        name: &str,
        url: &str,
        attribute: QueueAttributeName,
        value: String,
    ) -> Result<(), Failed> {
        let setting = self.sqs.set_queue_attributes().queue_url(url).attributes(attribute, value);
        let set = Box::pin(setting.send()).await;
        set.map(drop).map_err(|error| failed("sqs:SetQueueAttributes", name, &error))
    }

    /// Makes the topic `name`, or finds it; answers its ARN.
    pub(super) async fn create_topic(&self, name: &str) -> Result<String, Failed> {
        let created = Box::pin(self.sns.create_topic().name(name).send()).await;
        let answer = created.map_err(|error| failed("sns:CreateTopic", name, &error))?;
        Ok(answer.topic_arn.unwrap_or_default())
    }

    /// The subscriptions of `topic`, by the endpoint they deliver to; `None` when there is no such topic.
    pub(super) async fn subscriptions(&self, topic: &str) -> Result<Option<HashMap<String, String>>, Failed> {
        let mut all = HashMap::new();
        let mut next = None;
        for _ in 0..PAGES {
            let asking = self.sns.list_subscriptions_by_topic().topic_arn(topic).set_next_token(next);
            let asked = Box::pin(asking.send()).await;
            let page = match asked.map_err(|error| failed("sns:ListSubscriptionsByTopic", topic, &error)) {
                Ok(page) => page,
                Err(failed) if failed.sort == Sort::Missing => return Ok(None),
                Err(failed) => return Err(failed),
            };
            for one in page.subscriptions.unwrap_or_default() {
                if let (Some(endpoint), Some(arn)) = (one.endpoint, one.subscription_arn) {
                    all.insert(endpoint, arn);
                }
            }
            next = page.next_token;
            if next.is_none() {
                break;
            }
        }
        Ok(Some(all))
    }

    pub(super) async fn subscription(&self, arn: &str) -> Result<Subscription, Failed> {
        let asked = Box::pin(self.sns.get_subscription_attributes().subscription_arn(arn).send()).await;
        let answer = asked.map_err(|error| failed("sns:GetSubscriptionAttributes", arn, &error))?;
        let mut all = answer.attributes.unwrap_or_default();
        Ok(Subscription {
            is_raw: all.get("RawMessageDelivery").is_some_and(|text| text == "true"),
            filter: all.remove("FilterPolicy"),
        })
    }

    /// Subscribes the queue with this ARN to `topic`, or finds its subscription; answers its ARN. Somebody may have done so
    /// with other attributes just before, which some endpoints say ([`Sort::Beaten`]) and others do not.
    pub(super) async fn subscribe(
        &self,
        topic: &str,
        queue: &str,
        attributes: HashMap<String, String>,
    ) -> Result<String, Failed> {
        let subscribing = self.sns.subscribe().topic_arn(topic).protocol("sqs").endpoint(queue);
        let subscribed = Box::pin(subscribing.set_attributes(Some(attributes)).send()).await;
        subscribed.map(|answer| answer.subscription_arn.unwrap_or_default()).map_err(|error| {
            let mut failed = failed("sns:Subscribe", topic, &error);
            if failed.sort == Sort::Invalid && failed.outage.detail.contains("already exists") {
                failed.sort = Sort::Beaten;
            }
            failed
        })
    }

    pub(super) async fn set_subscription(&self, arn: &str, name: &str, value: &str) -> Result<(), Failed> {
        let setting = self.sns.set_subscription_attributes().subscription_arn(arn);
        let set = Box::pin(setting.attribute_name(name).attribute_value(value).send()).await;
        set.map(drop).map_err(|error| failed("sns:SetSubscriptionAttributes", arn, &error))
    }

    /// Takes down a queue, as far as it is there.
    pub(super) async fn delete_queue(&self, name: &str, url: &str) -> Result<(), Failed> {
        let deleted = Box::pin(self.sqs.delete_queue().queue_url(url).send()).await;
        match deleted.map_err(|error| failed("sqs:DeleteQueue", name, &error)) {
            Err(failed) if failed.sort != Sort::Missing => Err(failed),
            _ => Ok(()),
        }
    }

    /// Takes down a topic and its subscriptions, as far as they are there.
    pub(super) async fn delete_topic(&self, topic: &str) -> Result<(), Failed> {
        let subscriptions = self.subscriptions(topic).await?.unwrap_or_default();
        for arn in endable(subscriptions) {
            let ended = Box::pin(self.sns.unsubscribe().subscription_arn(&arn).send()).await;
            ended.map_err(|error| failed("sns:Unsubscribe", &arn, &error))?;
        }
        let deleted = Box::pin(self.sns.delete_topic().topic_arn(topic).send()).await;
        deleted.map(drop).map_err(|error| failed("sns:DeleteTopic", topic, &error))
    }
}

/// Which subscriptions can be ended by their names, in order. One that nobody has confirmed has none, and goes with its topic.
fn endable(subscriptions: HashMap<String, String>) -> Vec<String> {
    let mut arns: Vec<String> = subscriptions.into_values().filter(|arn| arn.starts_with("arn:")).collect();
    arns.sort_unstable();
    arns
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_has_confirmed_is_no_subscription_to_end() {
        let of = |arn: &str| (format!("endpoint of {arn}"), arn.to_owned());
        let arns = ["arn:aws:sns:eu-west-1:1:t:b", "PendingConfirmation", "arn:aws:sns:eu-west-1:1:t:a"];
        assert_eq!(endable(arns.map(of).into()), [arns[2], arns[0]]);
    }
}
