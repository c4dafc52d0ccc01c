//! `payment.*`: published by `payment`. One payment and one capture per order in this version.

#![warn(clippy::wildcard_enum_match_arm, clippy::float_arithmetic)]

use serde::{Deserialize, Serialize};

use crate::ids::{DisputeId, OrderId, PaymentId, RefundId};
use crate::money::Currency;
use crate::time::Timestamp;
use crate::words::words;

/// The provider has set the money aside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PaymentAuthorized {
    /// The order.
    pub order_id: OrderId,
    /// The payment.
    pub payment_id: PaymentId,
    /// What is set aside, in minor units.
    #[cfg_attr(feature = "schema", schemars(range(min = 0)))]
    pub amount_minor: i64,
    /// Of the amount.
    pub currency: Currency,
    /// Who moves the money, such as `stripe`.
    pub provider: String,
    /// The provider's name for it.
    pub provider_reference: String,
    /// When.
    pub authorized_at: Timestamp,
    /// Until when, where the provider says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
}

words! {
    /// Why a payment was refused, in words that providers have in common.
    pub enum DeclineReason {
        /// Not enough money or credit.
        InsufficientFunds = "insufficient_funds",
        /// The card is no longer valid.
        CardExpired = "card_expired",
        /// The card is blocked.
        LostOrStolen = "lost_or_stolen",
        /// The provider or the issuer suspects fraud.
        SuspectedFraud = "suspected_fraud",
        /// The customer did not confirm the payment, or not in time.
        AuthenticationFailed = "authentication_failed",
        /// The token is unknown, used up, or not for this currency.
        InvalidMethod = "invalid_method",
        /// The issuer gives no reason.
        DoNotHonour = "do_not_honour",
        /// The provider proved that nothing happened and cannot do better.
        ProviderError = "provider_error",
    }
}

/// The provider refused; no money is set aside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PaymentDeclined {
    /// The order.
    pub order_id: OrderId,
    /// The payment.
    pub payment_id: PaymentId,
    /// What was asked for, in minor units.
    #[cfg_attr(feature = "schema", schemars(range(min = 0)))]
    pub amount_minor: i64,
    /// Of the amount.
    pub currency: Currency,
    /// Who moves the money, such as `stripe`.
    pub provider: String,
    /// The provider's name for it; absent when the provider never answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider_reference: Option<String>,
    /// Why.
    pub reason: DeclineReason,
    /// What the provider said, such as `do_not_honor`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider_code: Option<String>,
    /// When.
    pub declined_at: Timestamp,
}

/// The customer has to confirm the payment, for instance by 3-D Secure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PaymentActionRequired {
    /// The order.
    pub order_id: OrderId,
    /// The payment.
    pub payment_id: PaymentId,
    /// What is to be set aside, in minor units.
    #[cfg_attr(feature = "schema", schemars(range(min = 0)))]
    pub amount_minor: i64,
    /// Of the amount.
    pub currency: Currency,
    /// Who moves the money, such as `stripe`.
    pub provider: String,
    /// The provider's name for it.
    pub provider_reference: String,
    /// Where the customer does it.
    pub action_url: String,
    /// When.
    pub required_at: Timestamp,
    /// Until when, where the provider says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
}

/// The customer did what the payment asked for; whether the money is set aside is said next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PaymentActionCompleted {
    /// The order.
    pub order_id: OrderId,
    /// The payment.
    pub payment_id: PaymentId,
    /// What is to be set aside, in minor units.
    #[cfg_attr(feature = "schema", schemars(range(min = 0)))]
    pub amount_minor: i64,
    /// Of the amount.
    pub currency: Currency,
    /// Who moves the money, such as `stripe`.
    pub provider: String,
    /// The provider's name for it.
    pub provider_reference: String,
    /// When.
    pub completed_at: Timestamp,
}

/// The money was taken: the parcel may be handed over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PaymentCaptured {
    /// The order.
    pub order_id: OrderId,
    /// The payment.
    pub payment_id: PaymentId,
    /// What was taken, in minor units.
    #[cfg_attr(feature = "schema", schemars(range(min = 0)))]
    pub amount_minor: i64,
    /// Of the amount.
    pub currency: Currency,
    /// Who moves the money, such as `stripe`.
    pub provider: String,
    /// The provider's name for it.
    pub provider_reference: String,
    /// When.
    pub captured_at: Timestamp,
}

words! {
    /// Why the money could not be taken.
    pub enum CaptureFailure {
        /// It was no longer set aside.
        AuthorizationExpired = "authorization_expired",
        /// The issuer refused after all.
        Declined = "declined",
        /// The order was cancelled first, and the authorization let go.
        Cancelled = "cancelled",
        /// The provider proved that nothing happened and cannot do better.
        ProviderError = "provider_error",
    }
}

/// The money could not be taken: the parcel must not be handed over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PaymentCaptureFailed {
    /// The order.
    pub order_id: OrderId,
    /// The payment.
    pub payment_id: PaymentId,
    /// What was to be taken, in minor units.
    #[cfg_attr(feature = "schema", schemars(range(min = 0)))]
    pub amount_minor: i64,
    /// Of the amount.
    pub currency: Currency,
    /// Who moves the money, such as `stripe`.
    pub provider: String,
    /// The provider's name for it; absent when the provider never answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider_reference: Option<String>,
    /// Why.
    pub reason: CaptureFailure,
    /// What the provider said, such as `do_not_honor`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider_code: Option<String>,
    /// When.
    pub failed_at: Timestamp,
}

/// The money is no longer set aside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PaymentAuthorizationExpired {
    /// The order.
    pub order_id: OrderId,
    /// The payment.
    pub payment_id: PaymentId,
    /// What was set aside, in minor units.
    #[cfg_attr(feature = "schema", schemars(range(min = 0)))]
    pub amount_minor: i64,
    /// Of the amount.
    pub currency: Currency,
    /// Who moves the money, such as `stripe`.
    pub provider: String,
    /// The provider's name for it.
    pub provider_reference: String,
    /// When.
    pub expired_at: Timestamp,
}

/// The provider gave money back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PaymentRefunded {
    /// The order.
    pub order_id: OrderId,
    /// The payment.
    pub payment_id: PaymentId,
    /// The refund, as `order.refund-due` named it.
    pub refund_id: RefundId,
    /// What was given back by this refund, in minor units.
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
    pub amount_minor: i64,
    /// Of the amount.
    pub currency: Currency,
    /// All refunds of this payment so far, in minor units.
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
    pub refunded_total_minor: i64,
    /// Who moves the money, such as `stripe`.
    pub provider: String,
    /// The provider's name for it.
    pub provider_reference: String,
    /// When.
    pub refunded_at: Timestamp,
}

/// The authorization was let go; no money moved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PaymentVoided {
    /// The order.
    pub order_id: OrderId,
    /// The payment.
    pub payment_id: PaymentId,
    /// What had been set aside, in minor units.
    #[cfg_attr(feature = "schema", schemars(range(min = 0)))]
    pub amount_minor: i64,
    /// Of the amount.
    pub currency: Currency,
    /// Who moves the money, such as `stripe`.
    pub provider: String,
    /// The provider's name for it.
    pub provider_reference: String,
    /// When.
    pub voided_at: Timestamp,
}

words! {
    /// How a dispute stands.
    pub enum DisputeStatus {
        /// The customer contests; the provider holds the money.
        Opened = "opened",
        /// Decided for the shop; the money is back.
        Won = "won",
        /// Decided for the customer; the money is gone.
        Lost = "lost",
    }
}

/// The customer contests the payment, or a dispute was decided. A separate account: no refund follows from it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PaymentDisputed {
    /// The order.
    pub order_id: OrderId,
    /// The payment.
    pub payment_id: PaymentId,
    /// The dispute.
    pub dispute_id: DisputeId,
    /// How it stands.
    pub status: DisputeStatus,
    /// What is contested, in minor units.
    #[cfg_attr(feature = "schema", schemars(range(min = 0)))]
    pub amount_minor: i64,
    /// Of the amount.
    pub currency: Currency,
    /// Who moves the money, such as `stripe`.
    pub provider: String,
    /// The provider's name for it.
    pub provider_reference: String,
    /// The reason in the provider's words, such as `fraudulent`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider_code: Option<String>,
    /// Until when evidence is taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence_due_at: Option<Timestamp>,
    /// When.
    pub disputed_at: Timestamp,
}
