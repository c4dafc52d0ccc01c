//! What travels: messages out, messages in, and what becomes of them.

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_sqs::config::timeout::TimeoutConfig;
use aws_sdk_sqs::types::{
    ChangeMessageVisibilityBatchRequestEntry, DeleteMessageBatchRequestEntry, Message,
    MessageSystemAttributeName, QueueAttributeName,
};

use super::super::failure::{Failed, Sort, broken, failed};
use super::super::message::{ATTEMPT, BuildError, ENCODING, Parcel};
use super::{ANSWER_WAIT, Account};

/// Why one entry of a batch was not done.
#[derive(Debug, Clone)]
pub(in super::super) struct Fault {
    pub(in super::super) code: String,
    pub(in super::super) message: Option<String>,
    /// It will not be done however often it is asked for.
    pub(in super::super) is_senders: bool,
}

/// What became of each entry of a batch, in its order.
type Entries = Vec<Result<(), Fault>>;

impl Account {
    /// Publishes up to ten messages to the topic with this ARN.
    pub(in super::super) async fn publish(
        &self,
        topic: &str,
        batch: &[Arc<Parcel>],
    ) -> Result<Entries, Failed> {
        let entries = entries(batch, |id, parcel| parcel.for_topic(id))?;
        let publishing =
            self.sns.publish_batch().topic_arn(topic).set_publish_batch_request_entries(Some(entries));
        let published = Box::pin(publishing.send()).await;
        let answer = published.map_err(|error| failed("sns:Publish", topic, &error))?;
        let faults =
            answer.failed().iter().map(|one| (one.id(), one.code(), one.message(), one.sender_fault()));
        Ok(each(batch.len(), answer.successful().iter().filter_map(|one| one.id()), faults))
    }

    /// Sends up to ten messages to one queue.
    pub(in super::super) async fn send(
        &self,
        queue: &str,
        url: &str,
        batch: &[Arc<Parcel>],
    ) -> Result<Entries, Failed> {
        let entries = entries(batch, |id, parcel| parcel.for_queue(id))?;
        let sent =
            Box::pin(self.sqs.send_message_batch().queue_url(url).set_entries(Some(entries)).send()).await;
        let answer = sent.map_err(|error| failed("sqs:SendMessage", queue, &error))?;
        let faults =
            answer.failed().iter().map(|one| (one.id(), one.code(), one.message(), one.sender_fault()));
        Ok(each(batch.len(), answer.successful().iter().map(|one| one.id()), faults))
    }

    /// Takes up to `most` messages of a queue, waiting for them as long as the settings say.
    pub(in super::super) async fn receive(
        &self,
        queue: &str,
        url: &str,
        most: usize,
    ) -> Result<Vec<Message>, Failed> {
        let wait_s = self.settings.receive_wait_s();
        let wait = Duration::from_secs(u64::try_from(wait_s).unwrap_or(0));
        let timeouts = TimeoutConfig::builder().operation_attempt_timeout(ANSWER_WAIT + wait).build();
        let receiving = self.sqs.receive_message().queue_url(url).wait_time_seconds(wait_s);
        let receiving = receiving
            .max_number_of_messages(i32::try_from(most).unwrap_or(i32::MAX))
            .visibility_timeout(self.settings.visibility_s())
            .message_system_attribute_names(MessageSystemAttributeName::ApproximateReceiveCount)
            .message_attribute_names(ATTEMPT)
            .message_attribute_names(ENCODING);
        let longer = aws_sdk_sqs::Config::builder().timeout_config(timeouts);
        let received = Box::pin(receiving.customize().config_override(longer).send()).await;
        let answer = received.map_err(|error| failed("sqs:ReceiveMessage", queue, &error))?;
        Ok(answer.messages.unwrap_or_default())
    }

    /// Deletes up to ten messages, by their receipt handles.
    pub(in super::super) async fn delete(
        &self,
        queue: &str,
        url: &str,
        batch: &[Arc<str>],
    ) -> Result<Entries, Failed> {
        let entries = entries(batch, |id, receipt| {
            DeleteMessageBatchRequestEntry::builder()
                .id(id.to_string())
                .receipt_handle(receipt.as_ref())
                .build()
        })?;
        let deleted =
            Box::pin(self.sqs.delete_message_batch().queue_url(url).set_entries(Some(entries)).send()).await;
        let answer = deleted.map_err(|error| failed("sqs:DeleteMessage", queue, &error))?;
        let faults =
            answer.failed().iter().map(|one| (one.id(), one.code(), one.message(), one.sender_fault()));
        Ok(each(batch.len(), answer.successful().iter().map(|one| one.id()), faults))
    }

    /// Makes up to ten messages visible so many seconds from now.
    pub(in super::super) async fn change(
        &self,
        queue: &str,
        url: &str,
        batch: &[(Arc<str>, i32)],
    ) -> Result<Entries, Failed> {
        let entries = entries(batch, |id, (receipt, seconds)| {
            let entry = ChangeMessageVisibilityBatchRequestEntry::builder().id(id.to_string());
            entry.receipt_handle(receipt.as_ref()).visibility_timeout(*seconds).build()
        })?;
        let changing = self.sqs.change_message_visibility_batch().queue_url(url).set_entries(Some(entries));
        let changed = Box::pin(changing.send()).await;
        let answer = changed.map_err(|error| failed("sqs:ChangeMessageVisibility", queue, &error))?;
        let faults =
            answer.failed().iter().map(|one| (one.id(), one.code(), one.message(), one.sender_fault()));
        Ok(each(batch.len(), answer.successful().iter().map(|one| one.id()), faults))
    }

    /// How many messages wait in a queue, and how many are in flight.
    pub(in super::super) async fn count(&self, queue: &str, url: &str) -> Result<(u64, u64), Failed> {
        use QueueAttributeName::{ApproximateNumberOfMessages, ApproximateNumberOfMessagesNotVisible};
        let asking = self.sqs.get_queue_attributes().queue_url(url);
        let asking = asking.attribute_names(ApproximateNumberOfMessages);
        let asked = Box::pin(asking.attribute_names(ApproximateNumberOfMessagesNotVisible).send()).await;
        let answer = asked.map_err(|error| failed("sqs:GetQueueAttributes", queue, &error))?;
        let all = answer.attributes.unwrap_or_default();
        let number = |name| all.get(&name).and_then(|text| text.parse().ok()).unwrap_or(0);
        Ok((number(ApproximateNumberOfMessages), number(ApproximateNumberOfMessagesNotVisible)))
    }
}

/// The entries of a call, with their places as their ids.
fn entries<T, E>(batch: &[T], entry: impl Fn(usize, &T) -> Result<E, BuildError>) -> Result<Vec<E>, Failed> {
    let built: Result<Vec<E>, BuildError> =
        batch.iter().enumerate().map(|(id, one)| entry(id, one)).collect();
    built.map_err(|error| Failed { sort: Sort::Invalid, outage: broken(error.to_string()) })
}

/// What became of `n` entries. What the answer does not mention was perhaps done, perhaps not.
fn each<'a>(
    n: usize,
    done: impl Iterator<Item = &'a str>,
    faults: impl Iterator<Item = (&'a str, &'a str, Option<&'a str>, bool)>,
) -> Entries {
    let unmentioned = Fault { code: String::new(), message: None, is_senders: false };
    let mut all = vec![Err(unmentioned); n];
    let place = |id: &str| id.parse::<usize>().ok().filter(|place| *place < n);
    for place in done.filter_map(place) {
        all[place] = Ok(());
    }
    for (id, code, message, is_senders) in faults {
        if let Some(place) = place(id) {
            all[place] =
                Err(Fault { code: code.to_owned(), message: message.map(str::to_owned), is_senders });
        }
    }
    all
}
