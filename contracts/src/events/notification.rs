//! `notification.*`: published by `notification`, for the timeline of the order. Nothing personal: no recipient.

#![warn(clippy::wildcard_enum_match_arm, clippy::float_arithmetic)]

use serde::{Deserialize, Serialize};

use crate::ids::{CustomerId, NotificationId, OrderId};
use crate::time::Timestamp;
use crate::words::words;

words! {
    /// How a message travels.
    pub enum Channel {
        /// E-mail.
        Email = "email",
        /// Text message.
        Sms = "sms",
        /// A call to an address of the shop's.
        Webhook = "webhook",
    }

    /// Why a message was not sent.
    pub enum NotSentReason {
        /// The customer left no address.
        NoAddress = "no_address",
        /// The address does not exist.
        BadAddress = "bad_address",
        /// The customer does not want it, or the address is blocked.
        Suppressed = "suppressed",
        /// The carrier refused it.
        Refused = "refused",
        /// The carrier could not be reached in all tries.
        Unreachable = "unreachable",
    }
}

/// A message was handed to its carrier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct NotificationSent {
    /// The message.
    pub notification_id: NotificationId,
    /// The order it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_id: Option<OrderId>,
    /// To whom.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer_id: Option<CustomerId>,
    /// How.
    pub channel: Channel,
    /// Which text, such as `order-confirmed`.
    pub template: String,
    /// The carrier's name for the message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider_reference: Option<String>,
    /// When.
    pub sent_at: Timestamp,
}

/// A message could not be sent and will not be tried again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct NotificationFailed {
    /// The message.
    pub notification_id: NotificationId,
    /// The order it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_id: Option<OrderId>,
    /// To whom.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer_id: Option<CustomerId>,
    /// How.
    pub channel: Channel,
    /// Which text, such as `order-confirmed`.
    pub template: String,
    /// Why.
    pub reason: NotSentReason,
    /// What the carrier said, without personal data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider_code: Option<String>,
    /// When it was given up.
    pub failed_at: Timestamp,
}
