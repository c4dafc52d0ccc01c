//! A message as SNS and SQS carry it: a text, and a few attributes beside it.
//!
//! The trace context is in the envelope (`traceparent`), like everything else that belongs to the event. A message has ten
//! attributes at most, and with more SNS drops it on its way to a queue: three of ours leave room for who adds his own.

use std::borrow::Cow;
use std::sync::Arc;

use aws_sdk_sns::types::{MessageAttributeValue as TopicAttribute, PublishBatchRequestEntry};
use aws_sdk_sqs::types::{
    Message, MessageAttributeValue as QueueAttribute, MessageSystemAttributeName,
    SendMessageBatchRequestEntry,
};
use aws_smithy_types::base64;
use bytes::Bytes;

use crate::{Address, Delivery, Outgoing, Token};

/// The event's type, which subscriptions filter by.
pub(super) const TYPE: &str = "type";
/// How many delayed tries have failed ([`Outgoing::attempt`]); absent means none.
pub(super) const ATTEMPT: &str = "banyan-attempt";
/// How the body is written when it is no text that SQS takes; absent means as it is.
pub(super) const ENCODING: &str = "banyan-encoding";
const BASE64: &str = "base64";

/// One message, ready to be sent.
#[derive(Debug)]
pub(super) struct Parcel {
    pub(super) text: String,
    /// Name, data type, value.
    attributes: Vec<(&'static str, &'static str, String)>,
}

/// What an attribute cannot be built without is always there, so this never happens.
pub(super) type BuildError = aws_sdk_sqs::error::BuildError;

impl Parcel {
    pub(super) fn new(message: &Outgoing) -> Self {
        let mut attributes = vec![];
        if let Address::Topic(kind) = &message.address {
            attributes.push((TYPE, "String", kind.as_str().to_owned()));
        }
        if message.attempt > 0 {
            attributes.push((ATTEMPT, "Number", message.attempt.to_string()));
        }
        let text = match std::str::from_utf8(&message.body) {
            Ok(text) if is_carried(text) => text.to_owned(),
            _ => {
                attributes.push((ENCODING, "String", BASE64.to_owned()));
                base64::encode(&message.body)
            }
        };
        Self { text, attributes }
    }

    /// What it counts as, in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.text.len() + self.attribute_bytes()
    }

    fn attribute_bytes(&self) -> usize {
        self.attributes.iter().map(|(name, kind, value)| name.len() + kind.len() + value.len()).sum()
    }

    /// As an entry of a batch for a topic.
    pub(super) fn for_topic(&self, id: usize) -> Result<PublishBatchRequestEntry, BuildError> {
        let mut entry = PublishBatchRequestEntry::builder().id(id.to_string()).message(&self.text);
        for (name, kind, value) in &self.attributes {
            let attribute = TopicAttribute::builder().data_type(*kind).string_value(value).build()?;
            entry = entry.message_attributes(*name, attribute);
        }
        entry.build()
    }

    /// As an entry of a batch for a queue.
    pub(super) fn for_queue(&self, id: usize) -> Result<SendMessageBatchRequestEntry, BuildError> {
        let mut entry = SendMessageBatchRequestEntry::builder().id(id.to_string()).message_body(&self.text);
        for (name, kind, value) in &self.attributes {
            let attribute = QueueAttribute::builder().data_type(*kind).string_value(value).build()?;
            entry = entry.message_attributes(*name, attribute);
        }
        entry.build()
    }
}

/// Whether SQS takes `text` as a body: the characters of XML 1.0, and at least one.
fn is_carried(text: &str) -> bool {
    let is_in_xml =
        |c| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..);
    !text.is_empty() && text.chars().all(is_in_xml)
}

/// A message of `queue` as it is delivered; `seq` and its receipt handle name the delivery. What somebody else published,
/// without our attributes, is delivered as it is.
pub(super) fn delivery(queue: &Arc<str>, seq: u64, message: Message) -> Delivery {
    let attribute = |name: &str| message.message_attributes.as_ref()?.get(name)?.string_value();
    let attempt = attribute(ATTEMPT).and_then(|text| text.parse().ok()).unwrap_or(0);
    let count = message
        .attributes
        .as_ref()
        .and_then(|all| all.get(&MessageSystemAttributeName::ApproximateReceiveCount));
    let redelivered = count.and_then(|count| count.parse::<u64>().ok()).is_some_and(|count| count > 1);
    let text = message.body.as_deref().map_or(Cow::Borrowed(""), Cow::Borrowed);
    let decoded = (attribute(ENCODING) == Some(BASE64)).then(|| base64::decode(&*text).ok()).flatten();
    let body = decoded.map_or_else(|| Bytes::from(text.into_owned()), Bytes::from);
    let receipt = message.receipt_handle.as_deref().map(Arc::from);
    Delivery { token: Token { queue: queue.clone(), seq, receipt }, body, attempt, redelivered }
}

#[cfg(test)]
mod tests {
    use contracts::{EventType, MessageId};

    use super::super::settings::ATTRIBUTE_BYTES;
    use super::*;

    fn outgoing(body: impl Into<Bytes>) -> Outgoing {
        let longest = format!("{}.said.v1", "x".repeat(EventType::MAX_BYTES - 8));
        Outgoing {
            id: MessageId::named(&["a"]),
            address: Address::Topic(longest.parse().unwrap()),
            lane: "lane".to_owned(),
            attempt: u32::MAX,
            body: body.into(),
        }
    }

    #[test]
    fn the_attributes_take_no_more_than_is_kept_free_for_them() {
        let parcel = Parcel::new(&outgoing(vec![0]));
        assert_eq!(parcel.attributes.len(), 3);
        assert!(parcel.attribute_bytes() <= ATTRIBUTE_BYTES, "{}", parcel.attribute_bytes());
    }

    #[test]
    fn a_text_travels_as_it_is_and_everything_else_encoded() {
        for text in ["{}", "{ \"a\" : 1.0 }\r\n\t", "\u{1F333} \u{e4} & < > %20 +", "\u{7f}"] {
            assert_eq!(Parcel::new(&outgoing(text)).text, text);
        }
        for body in [&b"\0"[..], b"\xff\xfe", b"a\x0bb", "\u{FFFE}".as_bytes()] {
            let parcel = Parcel::new(&outgoing(body.to_vec()));
            assert!(is_carried(&parcel.text), "{parcel:?}");
            assert_eq!(base64::decode(&parcel.text).ok().as_deref(), Some(body));
        }
    }

    #[test]
    fn what_somebody_else_published_is_delivered_as_it_is() {
        let bare = Message::builder().body("{}").receipt_handle("r").build();
        let one = delivery(&"orders".into(), 7, bare);
        assert_eq!((one.body.as_ref(), one.attempt, one.redelivered), (&b"{}"[..], 0, false));
        assert_eq!((one.token.seq, one.token.receipt.as_deref()), (7, Some("r")));
        let attribute =
            |value: &str| QueueAttribute::builder().data_type("String").string_value(value).build().unwrap();
        let odd = Message::builder()
            .body("*")
            .message_attributes(ATTEMPT, attribute("many"))
            .message_attributes(ENCODING, attribute(BASE64))
            .build();
        let one = delivery(&"orders".into(), 7, odd);
        assert_eq!((one.body.as_ref(), one.attempt), (&b"*"[..], 0));
    }

    #[test]
    fn a_second_delivery_says_so() {
        for (count, want) in [("1", false), ("2", true), ("many", false)] {
            let message =
                Message::builder().attributes(MessageSystemAttributeName::ApproximateReceiveCount, count);
            assert_eq!(delivery(&"orders".into(), 7, message.build()).redelivered, want);
        }
    }
}
