//! A message as AMQP carries it: a CloudEvent in structured mode, so that any consumer can read it.
//!
//! The trace context is in the envelope (`traceparent`), like everything else that belongs to the event; a header beside it
//! could only contradict.

use std::sync::Arc;

use bytes::Bytes;
use contracts::Timestamp;
use lapin::BasicProperties;
use lapin::types::{AMQPValue, FieldTable, ShortString};

use super::settings::Settings;
use crate::{Address, Delivery, Outgoing, Token};

/// How many delayed tries have failed ([`Outgoing::attempt`]); absent means none.
const ATTEMPT: &str = "x-banyan-attempt";
/// How often a quorum queue has delivered a message before.
const DELIVERY_COUNT: &str = "x-delivery-count";
/// On disk before it is confirmed.
const PERSISTENT: u8 = 2;

/// Where a message goes: exchange and routing key. One queue is reached by the exchange without a name, which every
/// queue is bound to by its own.
pub(super) fn route(settings: &Settings, address: &Address) -> Option<(ShortString, ShortString)> {
    let (exchange, key) = match address {
        Address::Topic(kind) => (settings.exchange.clone(), kind.as_str().to_owned()),
        Address::Queue(queue) => (String::new(), settings.physical(queue)),
    };
    Some((ShortString::try_new(exchange).ok()?, ShortString::try_new(key).ok()?))
}

/// The properties that `message` travels with.
pub(super) fn properties(message: &Outgoing, now: Timestamp) -> BasicProperties {
    let seconds = u64::try_from(now.as_micros() / 1_000_000).unwrap_or(0);
    let mut properties = BasicProperties::default()
        .with_delivery_mode(PERSISTENT)
        .with_content_type("application/cloudevents+json".into())
        .with_message_id(message.id.to_string().into())
        .with_timestamp(seconds);
    if let Address::Topic(kind) = &message.address
        && let Ok(kind) = ShortString::try_new(kind.as_str().to_owned())
    {
        properties = properties.with_type(kind);
    }
    if message.attempt > 0 {
        let mut headers = FieldTable::default();
        headers.insert(ATTEMPT.into(), AMQPValue::LongLongInt(message.attempt.into()));
        properties = properties.with_headers(headers);
    }
    properties
}

/// A delivery on the channel called `generation`.
pub(super) fn delivery(
    queue: &Arc<str>,
    generation: &Arc<str>,
    message: lapin::message::Delivery,
) -> Delivery {
    let header = |name: &str| message.properties.headers().as_ref().and_then(|all| number(all, name));
    let attempt = header(ATTEMPT).and_then(|attempt| u32::try_from(attempt).ok()).unwrap_or(0);
    let redelivered = message.redelivered || header(DELIVERY_COUNT).is_some_and(|count| count > 0);
    let token = Token { queue: queue.clone(), seq: message.delivery_tag, receipt: Some(generation.clone()) };
    Delivery { token, attempt, redelivered, body: Bytes::from(message.data) }
}

/// A whole number, in whichever of AMQP's types its sender wrote it.
fn number(headers: &FieldTable, name: &str) -> Option<i64> {
    match headers.inner().get(name)? {
        AMQPValue::ShortShortInt(n) => Some((*n).into()),
        AMQPValue::ShortShortUInt(n) => Some((*n).into()),
        AMQPValue::ShortInt(n) => Some((*n).into()),
        AMQPValue::ShortUInt(n) => Some((*n).into()),
        AMQPValue::LongInt(n) => Some((*n).into()),
        AMQPValue::LongUInt(n) => Some((*n).into()),
        AMQPValue::LongLongInt(n) => Some(*n),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delivered(headers: &[(&str, AMQPValue)]) -> Delivery {
        let mut message =
            lapin::message::Delivery::mock(7, "".into(), "orders".into(), false, b"{}".to_vec());
        let mut table = FieldTable::default();
        for (name, value) in headers {
            table.insert((*name).into(), value.clone());
        }
        message.properties = BasicProperties::default().with_headers(table);
        delivery(&"orders".into(), &"g".into(), message)
    }

    #[test]
    fn what_a_foreign_publisher_omits_has_a_default() {
        let mock = lapin::message::Delivery::mock(7, "".into(), "orders".into(), false, b"{}".to_vec());
        let bare = delivery(&"orders".into(), &"g".into(), mock);
        assert_eq!((bare.attempt, bare.redelivered, bare.token.seq), (0, false, 7));
    }

    #[test]
    fn an_attempt_is_read_in_whichever_type_it_was_written() {
        for value in [AMQPValue::LongInt(5), AMQPValue::LongLongInt(5), AMQPValue::ShortShortUInt(5)] {
            assert_eq!(delivered(&[(ATTEMPT, value)]).attempt, 5);
        }
        for value in [AMQPValue::LongInt(-5), AMQPValue::LongString("many".into()), AMQPValue::Void] {
            assert_eq!(delivered(&[(ATTEMPT, value)]).attempt, 0);
        }
    }

    #[test]
    fn a_count_of_deliveries_marks_a_message() {
        assert!(!delivered(&[(DELIVERY_COUNT, AMQPValue::LongLongInt(0))]).redelivered);
        assert!(delivered(&[(DELIVERY_COUNT, AMQPValue::LongLongInt(1))]).redelivered);
    }
}
