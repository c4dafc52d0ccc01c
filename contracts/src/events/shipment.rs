//! `shipment.*`: published by `shipping`, whose document decides after the hand-over.

#![warn(clippy::wildcard_enum_match_arm, clippy::float_arithmetic)]

use serde::{Deserialize, Serialize};

use crate::ids::{OrderId, ShipmentId};
use crate::order::LineQuantity;
use crate::time::Timestamp;
use crate::words::words;

/// A parcel was booked with a carrier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ShipmentCreated {
    /// The order.
    pub order_id: OrderId,
    /// The parcel.
    pub shipment_id: ShipmentId,
    /// Who carries it.
    pub carrier: String,
    /// What is in it.
    pub lines: Vec<LineQuantity>,
    /// When.
    pub created_at: Timestamp,
}

/// The parcel is packed and labelled: payment takes the money now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ShipmentReady {
    /// The order.
    pub order_id: OrderId,
    /// The parcel.
    pub shipment_id: ShipmentId,
    /// Who carries it.
    pub carrier: String,
    /// The carrier's number for it.
    pub tracking_number: String,
    /// What is in it.
    pub lines: Vec<LineQuantity>,
    /// When.
    pub ready_at: Timestamp,
}

/// The parcel will not leave. Also the answer when there is no parcel yet: then there will be none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ShipmentStopped {
    /// The order.
    pub order_id: OrderId,
    /// The parcel, when there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shipment_id: Option<ShipmentId>,
    /// When.
    pub stopped_at: Timestamp,
}

words! {
    /// Why a parcel cannot be stopped.
    pub enum StopRefusal {
        /// The carrier has it.
        AlreadyDispatched = "already_dispatched",
        /// The customer has it.
        AlreadyDelivered = "already_delivered",
    }
}

/// The parcel has left; the order goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ShipmentStopRefused {
    /// The order.
    pub order_id: OrderId,
    /// The parcel.
    pub shipment_id: ShipmentId,
    /// Why.
    pub reason: StopRefusal,
    /// When it was refused.
    pub refused_at: Timestamp,
}

/// The parcel was handed over to the carrier: what is in it is sold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ShipmentDispatched {
    /// The order.
    pub order_id: OrderId,
    /// The parcel.
    pub shipment_id: ShipmentId,
    /// Who carries it.
    pub carrier: String,
    /// The carrier's number for it.
    pub tracking_number: String,
    /// Where the customer can follow it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tracking_url: Option<String>,
    /// What is in it.
    pub lines: Vec<LineQuantity>,
    /// When.
    pub dispatched_at: Timestamp,
}

/// The customer has the parcel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ShipmentDelivered {
    /// The order.
    pub order_id: OrderId,
    /// The parcel.
    pub shipment_id: ShipmentId,
    /// When, by the carrier's clock.
    pub delivered_at: Timestamp,
}

words! {
    /// How far a failed parcel got; decides what happens to goods and money.
    pub enum FailedStage {
        /// It never left: the order is cancelled, the goods are still there.
        BeforeHandover = "before_handover",
        /// The carrier lost it: written off, refunded.
        Lost = "lost",
        /// The carrier brought it back: quarantined, refunded.
        Returned = "returned",
    }
}

/// The parcel will not arrive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ShipmentFailed {
    /// The order.
    pub order_id: OrderId,
    /// The parcel; absent when not even booking it worked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shipment_id: Option<ShipmentId>,
    /// How far it got.
    pub stage: FailedStage,
    /// What the carrier said, such as `address_unknown`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carrier_code: Option<String>,
    /// What was in it.
    pub lines: Vec<LineQuantity>,
    /// When.
    pub failed_at: Timestamp,
}

words! {
    /// Where a parcel is, in steps that carriers have in common.
    pub enum TrackingStatus {
        /// Labelled; the carrier has not scanned it.
        PreTransit = "pre_transit",
        /// On its way.
        InTransit = "in_transit",
        /// With the driver.
        OutForDelivery = "out_for_delivery",
        /// Waits for the customer.
        ReadyForPickup = "ready_for_pickup",
        /// Late, or held by customs.
        Delayed = "delayed",
        /// Nobody took it; it will be tried again.
        DeliveryFailed = "delivery_failed",
        /// Delivered.
        Delivered = "delivered",
        /// On its way back.
        Returning = "returning",
        /// Back at the sender's.
        Returned = "returned",
        /// Lost.
        Lost = "lost",
    }
}

/// Where the parcel is now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ShipmentTracked {
    /// The order.
    pub order_id: OrderId,
    /// The parcel.
    pub shipment_id: ShipmentId,
    /// The carrier's number for it.
    pub tracking_number: String,
    /// Where it is.
    pub status: TrackingStatus,
    /// The place of the scan, as the carrier names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// When it was scanned, by the carrier's clock.
    pub scanned_at: Timestamp,
}
