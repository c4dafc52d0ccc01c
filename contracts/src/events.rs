//! Every event that Banyan knows, one module per noun, and the one list of them.
//!
//! Readers are tolerant: unknown fields are left alone and unknown words decode as `Unrecognised`. Writers are
//! strict: what we publish is checked against closed schemas.

#![warn(clippy::wildcard_enum_match_arm, clippy::float_arithmetic)]

use crate::event::{EventData, EventType};

pub mod cart;
pub mod hold;
pub mod notification;
pub mod order;
pub mod payment;
pub mod product;
pub mod returns;
pub mod shipment;
pub mod stock;

/// What is known about one event type without its body.
#[derive(Debug, Clone, Copy)]
pub struct Described {
    /// The type on the wire: `shop.banyan.order.placed.v1`.
    pub kind: &'static str,
    /// The noun and past verb: `order.placed`.
    pub name: &'static str,
    /// The major version, which is part of the type.
    pub major: u32,
    /// The full version, which is part of the schema's address.
    pub semver: &'static str,
    /// Where the schema lives.
    pub schema_url: &'static str,
    /// Whether a later one replaces an earlier one, so that a stale one may be dropped. Facts never are.
    pub is_state: bool,
    /// What it says, in one line.
    pub summary: &'static str,
    /// Makes the schema of its body from the type; see [`crate::schema`].
    #[cfg(feature = "schema")]
    pub schema: fn(&mut schemars::SchemaGenerator) -> schemars::Schema,
    /// The schema of its body as it was published.
    #[cfg(feature = "validate")]
    pub schema_text: &'static str,
    /// Reads a body and writes it again; the error says where it is not what the type promises.
    pub rewrite: fn(&str) -> Result<serde_json::Value, serde_json::Error>,
}

macro_rules! events {
    ($($type:ty, $name:literal, $is_state:ident, $summary:literal;)*) => {
        $(impl EventData for $type {
            const NAME: &'static str = $name;
            const TYPE: &'static str = concat!("shop.banyan.", $name, ".v1");
            const SCHEMA: &'static str = concat!("https://banyan.example/contracts/", $name, "/1.0.0.json");
        })*

        static CATALOGUE: &[Described] = &[$(Described {
            kind: <$type>::TYPE,
            name: $name,
            major: 1,
            semver: "1.0.0",
            schema_url: <$type>::SCHEMA,
            is_state: $is_state,
            summary: $summary,
            #[cfg(feature = "schema")]
            schema: schemars::SchemaGenerator::root_schema_for::<$type>,
            #[cfg(feature = "validate")]
            schema_text: include_str!(concat!("../schemas/", $name, ".v1.json")),
            rewrite: |body| serde_json::to_value(serde_json::from_str::<$type>(body)?),
        },)*];
    };
}

const FACT: bool = false;
const STATE: bool = true;

events! {
    order::OrderPlaced, "order.placed", FACT, "an order was taken, here or by another application";
    order::OrderConfirmed, "order.confirmed", FACT, "stock is reserved and the payment is authorized: ship it";
    order::OrderCancelRequested, "order.cancel-requested", FACT, "a confirmed order is to be cancelled: stop the parcel if you still can";
    order::OrderCancelled, "order.cancelled", FACT, "the order ended without goods";
    order::OrderRefundDue, "order.refund-due", FACT, "the customer is owed money back";
    order::OrderCompleted, "order.completed", FACT, "the order ended with the customer's goods delivered";
    order::OrderStalled, "order.stalled", FACT, "a confirmed order has waited too long for its next stage: a person should look";
    stock::StockReserved, "stock.reserved", FACT, "all lines of the order are reserved";
    stock::StockRejected, "stock.rejected", FACT, "the order cannot be supplied; nothing is reserved";
    stock::StockLevelChanged, "stock.level-changed", STATE, "how much of a SKU there is at a location now";
    stock::StockLow, "stock.low", FACT, "a SKU fell to its threshold at a location";
    stock::StockShort, "stock.short", FACT, "less is on hand than was promised";
    payment::PaymentAuthorized, "payment.authorized", FACT, "the provider has set the money aside";
    payment::PaymentDeclined, "payment.declined", FACT, "the provider refused; no money is set aside";
    payment::PaymentActionRequired, "payment.action-required", FACT, "the customer has to confirm the payment";
    payment::PaymentActionCompleted, "payment.action-completed", FACT, "the customer did what the payment asked for";
    payment::PaymentCaptured, "payment.captured", FACT, "the money was taken: the parcel may be handed over";
    payment::PaymentCaptureFailed, "payment.capture-failed", FACT, "the money could not be taken: the parcel must not be handed over";
    payment::PaymentAuthorizationExpired, "payment.authorization-expired", FACT, "the money is no longer set aside";
    payment::PaymentRefunded, "payment.refunded", FACT, "the provider gave money back";
    payment::PaymentVoided, "payment.voided", FACT, "the authorization was let go; no money moved";
    payment::PaymentDisputed, "payment.disputed", FACT, "the customer contests the payment, or a dispute was decided";
    shipment::ShipmentCreated, "shipment.created", FACT, "a parcel was booked";
    shipment::ShipmentReady, "shipment.ready", FACT, "the parcel is packed: take the money";
    shipment::ShipmentStopped, "shipment.stopped", FACT, "the parcel will not leave, also when there was none yet";
    shipment::ShipmentStopRefused, "shipment.stop-refused", FACT, "the parcel has left and cannot be stopped";
    shipment::ShipmentDispatched, "shipment.dispatched", FACT, "the parcel was handed over to the carrier";
    shipment::ShipmentDelivered, "shipment.delivered", FACT, "the customer has the parcel";
    shipment::ShipmentFailed, "shipment.failed", FACT, "the parcel will not arrive";
    shipment::ShipmentTracked, "shipment.tracked", STATE, "where the parcel is now";
    returns::ReturnRequested, "return.requested", FACT, "the customer wants to send goods back";
    returns::ReturnReceived, "return.received", FACT, "returned goods arrived and were looked at";
    hold::HoldExpired, "hold.expired", FACT, "a cart's hold on stock ran out";
    product::ProductImageUploaded, "product.image-uploaded", FACT, "a picture of a product was uploaded";
    product::ProductImageOptimized, "product.image-optimized", FACT, "the sizes and formats of a picture are ready";
    product::ProductImageRejected, "product.image-rejected", FACT, "an uploaded picture cannot be used";
    product::ProductViewed, "product.viewed", FACT, "a visitor looked at a product";
    cart::CartItemAdded, "cart.item-added", FACT, "a visitor put a product into the cart";
    notification::NotificationSent, "notification.sent", FACT, "a message was handed to its carrier";
    notification::NotificationFailed, "notification.failed", FACT, "a message could not be sent";
}

/// Every event type, by noun.
#[must_use]
pub fn catalogue() -> &'static [Described] {
    CATALOGUE
}

/// What is known about one type; `None` when it is not in the catalogue.
#[must_use]
pub fn describe(kind: &EventType) -> Option<&'static Described> {
    CATALOGUE.iter().find(|event| event.kind == kind.as_str())
}
