//! What crosses between the simulated provider and its callers, over HTTP and in the simulator alike.

use contracts::events::payment::DisputeStatus;
use contracts::{Currency, PaymentId, Timestamp};
pub use peers::wire::{Request, Response, encode_segment};
use serde::{Deserialize, Serialize};

use super::ids::{AuthorizationId, CaptureId, DisputeId, Key};

/// The longest request body that is read, in bytes: ten times the longest honest one.
pub const MAX_BODY_BYTES: usize = 16 * 1024;

/// The largest amount of one operation, in minor units: what banks' own formats carry (ISO 8583, field 4: 12 digits).
pub const MAX_AMOUNT_MINOR: i64 = 999_999_999_999;

/// Body of `POST /v1/authorizations`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Authorize {
    /// The merchant's payment: what an audit adds up by.
    pub payment: PaymentId,
    /// How much to hold, in minor units.
    pub amount_minor: i64,
    /// Of what.
    pub currency: Currency,
    /// What pays; see [`super::Token`].
    pub token: super::Token,
}

/// Body of `POST /v1/authorizations/{id}/capture`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capture {
    /// How much to take, in minor units.
    pub amount_minor: i64,
    /// Whether what is left of the authorization is released.
    #[serde(default, rename = "final")]
    pub is_final: bool,
}

/// Body of `POST /v1/refunds`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refund {
    /// Whose captured money to give back.
    pub authorization: AuthorizationId,
    /// How much, in minor units.
    pub amount_minor: i64,
}

/// Body of `POST /v1/actions/{id}/complete`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Complete {
    /// What the customer did on the page.
    pub outcome: ActionOutcome,
}

/// What the customer did on the simulated 3-D Secure page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActionOutcome {
    /// Authenticated.
    Succeed,
    /// Gave up, or typed it wrong.
    Fail,
}

/// Body of `POST /v1/disputes/{id}/decide`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decide {
    /// For whom.
    pub outcome: DisputeOutcome,
}

/// How a dispute ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DisputeOutcome {
    /// For the merchant, who gets the money back.
    Won,
    /// For the customer, who gets the money.
    Lost,
}

/// What the simulated provider answers with when it does not refuse. The word `simulated` is in every one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "object")]
pub enum Object {
    /// An authorization, as it is now.
    #[serde(rename = "simulated_authorization")]
    Authorization(Authorization),
    /// One capture.
    #[serde(rename = "simulated_capture")]
    Capture {
        /// `sim_capture_...`.
        id: CaptureId,
        /// How much this capture took, in minor units.
        amount_minor: i64,
        /// The authorization after it.
        authorization: Authorization,
    },
    /// A release of what was held.
    #[serde(rename = "simulated_void")]
    Void {
        /// How much was held until now, in minor units.
        released_minor: i64,
        /// The authorization after it; absent when the key was cancelled before anything came under it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        authorization: Option<Authorization>,
    },
    /// One refund.
    #[serde(rename = "simulated_refund")]
    Refund {
        /// `sim_refund_...`.
        id: String,
        /// How much was given back, in minor units.
        amount_minor: i64,
        /// The authorization after it.
        authorization: Authorization,
    },
    /// A dispute.
    #[serde(rename = "simulated_dispute")]
    Dispute(Dispute),
    /// What became of a key.
    #[serde(rename = "simulated_operation")]
    Operation {
        /// The key that was asked for.
        key: Key,
        /// The status with which the operation answers now.
        status: u16,
        /// The body with which the operation answers now.
        answer: serde_json::Value,
    },
}

/// Body of a webhook. Signed with the header [`runtime::signature::HEADER`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// Always true: no real money is meant.
    pub simulated: bool,
    /// What happened, in no order that means anything.
    pub events: Vec<Event>,
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// `sim_event_...`: the same when it is told again.
    pub id: String,
    /// What happened, as the journal calls it: [`super::ledger::Effect::as_str`].
    pub effect: String,
    /// To which of the merchant's payments.
    pub payment: PaymentId,
    /// When.
    pub at: Timestamp,
    /// An [`Object::Operation`]: what stands under the merchant's key now; or an [`Object::Dispute`].
    pub about: Object,
}

/// An authorization, as callers see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Authorization {
    /// `sim_auth_...`.
    pub id: AuthorizationId,
    /// Where it stands.
    pub status: Status,
    /// The merchant's payment.
    pub payment: PaymentId,
    /// What was asked for, in minor units.
    pub amount_minor: i64,
    /// Taken so far, in minor units.
    pub captured_minor: i64,
    /// Given back so far, in minor units.
    pub refunded_minor: i64,
    /// Of what.
    pub currency: Currency,
    /// From this instant on nothing more can be captured.
    pub expires_at: Timestamp,
    /// Where the customer authenticates, relative to the provider's origin; while that is required.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action_url: Option<String>,
    /// The customer contests what was taken, or did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dispute: Option<Box<Dispute>>,
}

/// A dispute, as callers see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dispute {
    /// `sim_dispute_...`.
    pub id: DisputeId,
    /// Which capture is contested.
    pub capture: CaptureId,
    /// Of which authorization.
    pub authorization: AuthorizationId,
    /// Of which of the merchant's payments.
    pub payment: PaymentId,
    /// How it stands.
    pub status: DisputeStatus,
    /// Contested, in minor units.
    pub amount_minor: i64,
    /// Of what.
    pub currency: Currency,
    /// The customer's reason.
    pub reason: String,
    /// Since when it stands so.
    pub at: Timestamp,
    /// Until when evidence is taken; absent when somebody decides by hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence_due_at: Option<Timestamp>,
}

/// Where an authorization stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Nothing is held until the customer has authenticated.
    RequiresAction,
    /// The customer did not authenticate: nothing is held.
    Failed,
    /// Held.
    Authorized,
    /// Taken in part; the rest is held.
    PartiallyCaptured,
    /// Taken; nothing is held.
    Captured,
    /// Released; nothing was taken.
    Voided,
    /// Run out; nothing was taken, and nothing is held.
    Expired,
}

/// How final a decline is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Firmness {
    /// May pass at another time.
    Soft,
    /// Must not be tried again, with this provider or another.
    Hard,
}
