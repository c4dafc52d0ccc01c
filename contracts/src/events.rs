//! Every event that Banyan knows, one module per noun, and the one list of them.
//!
//! Readers are tolerant: unknown fields are left alone and unknown words decode as `Unrecognised`. Writers are
//! strict: what we publish is checked against closed schemas.

#![warn(clippy::wildcard_enum_match_arm, clippy::float_arithmetic)]

use crate::event::{EventData, EventType};
use majors::{StepDown, StepUp};

pub mod cart;
pub mod hold;
pub mod majors;
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
    /// The day from which on nobody publishes it, `YYYY-MM-DD`; only where there is a next major.
    pub sunset: Option<&'static str>,
    /// Turns a body into one of the next major; `None` where there is none yet.
    pub step_up: Option<StepUp>,
    /// Turns a body of the next major into one of this; `None` where there is none yet.
    pub step_down: Option<StepDown>,
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

/// Each entry: type, name, version (major and full), fact or state, what it says; and once it has a successor, which, and
/// the day from which on only that is published.
macro_rules! events {
    ($($type:ty, $name:literal, $major:literal, $semver:literal, $is_state:ident, $summary:literal
        $(, succeeded by $next:ty, until $sunset:literal)?;)*) => {
        $(impl EventData for $type {
            const NAME: &'static str = $name;
            const TYPE: &'static str = concat!("shop.banyan.", $name, ".v", $major);
            const SCHEMA: &'static str = concat!("https://banyan.example/contracts/", $name, "/", $semver, ".json");
        })*

        static CATALOGUE: &[Described] = &[$(Described {
            kind: <$type>::TYPE,
            name: $name,
            major: $major,
            semver: $semver,
            sunset: [$($sunset,)?].first().copied(),
            step_up: [$(majors::up::<$type, $next> as StepUp,)?].first().copied(),
            step_down: [$(majors::down::<$type, $next> as StepDown,)?].first().copied(),
            schema_url: <$type>::SCHEMA,
            is_state: $is_state,
            summary: $summary,
            #[cfg(feature = "schema")]
            schema: schemars::SchemaGenerator::root_schema_for::<$type>,
            #[cfg(feature = "validate")]
            schema_text: include_str!(concat!("../schemas/", $name, ".v", $major, ".json")),
            rewrite: |body| serde_json::to_value(serde_json::from_str::<$type>(body)?),
        },)*];
    };
}

const FACT: bool = false;
const STATE: bool = true;

events! {
    order::OrderPlaced, "order.placed", 1, "1.0.0", FACT, "an order was taken, here or by another application",
        succeeded by order::OrderPlacedV2, until "2027-12-31";
    order::OrderPlacedV2, "order.placed", 2, "2.0.0", FACT, "an order was taken: with tax, discounts and several deliveries";
    order::OrderConfirmed, "order.confirmed", 1, "1.1.0", FACT, "stock is reserved and the payment is authorized: ship it";
    order::OrderCancelRequested, "order.cancel-requested", 1, "1.0.0", FACT, "a confirmed order is to be cancelled: stop the parcel if you still can";
    order::OrderCancelled, "order.cancelled", 1, "1.0.0", FACT, "the order ended without goods";
    order::OrderRefundDue, "order.refund-due", 1, "1.0.0", FACT, "the customer is owed money back";
    order::OrderCompleted, "order.completed", 1, "1.0.0", FACT, "the order ended with the customer's goods delivered";
    order::OrderStalled, "order.stalled", 1, "1.0.0", FACT, "a confirmed order has waited too long for its next stage: a person should look";
    stock::StockReserved, "stock.reserved", 1, "1.0.0", FACT, "all lines of the order are reserved";
    stock::StockRejected, "stock.rejected", 1, "1.0.0", FACT, "the order cannot be supplied; nothing is reserved";
    stock::StockLevelChanged, "stock.level-changed", 1, "1.0.0", STATE, "how much of a SKU there is at a location now";
    stock::StockLow, "stock.low", 1, "1.0.0", FACT, "a SKU fell to its threshold at a location";
    stock::StockShort, "stock.short", 1, "1.0.0", FACT, "less is on hand than was promised";
    payment::PaymentAuthorized, "payment.authorized", 1, "1.0.0", FACT, "the provider has set the money aside";
    payment::PaymentDeclined, "payment.declined", 1, "1.0.0", FACT, "the provider refused; no money is set aside";
    payment::PaymentActionRequired, "payment.action-required", 1, "1.0.0", FACT, "the customer has to confirm the payment";
    payment::PaymentActionCompleted, "payment.action-completed", 1, "1.0.0", FACT, "the customer did what the payment asked for";
    payment::PaymentCaptured, "payment.captured", 1, "1.0.0", FACT, "the money was taken: the parcel may be handed over";
    payment::PaymentCaptureFailed, "payment.capture-failed", 1, "1.0.0", FACT, "the money could not be taken: the parcel must not be handed over";
    payment::PaymentAuthorizationExpired, "payment.authorization-expired", 1, "1.0.0", FACT, "the money is no longer set aside";
    payment::PaymentRefunded, "payment.refunded", 1, "1.0.0", FACT, "the provider gave money back";
    payment::PaymentVoided, "payment.voided", 1, "1.0.0", FACT, "the authorization was let go; no money moved";
    payment::PaymentDisputed, "payment.disputed", 1, "1.0.0", FACT, "the customer contests the payment, or a dispute was decided";
    shipment::ShipmentCreated, "shipment.created", 1, "1.0.0", FACT, "a parcel was booked";
    shipment::ShipmentReady, "shipment.ready", 1, "1.0.0", FACT, "the parcel is packed: take the money";
    shipment::ShipmentStopped, "shipment.stopped", 1, "1.0.0", FACT, "the parcel will not leave, also when there was none yet";
    shipment::ShipmentStopRefused, "shipment.stop-refused", 1, "1.0.0", FACT, "the parcel has left and cannot be stopped";
    shipment::ShipmentDispatched, "shipment.dispatched", 1, "1.0.0", FACT, "the parcel was handed over to the carrier";
    shipment::ShipmentDelivered, "shipment.delivered", 1, "1.0.0", FACT, "the customer has the parcel";
    shipment::ShipmentFailed, "shipment.failed", 1, "1.0.0", FACT, "the parcel will not arrive";
    shipment::ShipmentTracked, "shipment.tracked", 1, "1.0.0", STATE, "where the parcel is now";
    returns::ReturnRequested, "return.requested", 1, "1.0.0", FACT, "the customer wants to send goods back";
    returns::ReturnReceived, "return.received", 1, "1.0.0", FACT, "returned goods arrived and were looked at";
    hold::HoldExpired, "hold.expired", 1, "1.0.0", FACT, "a cart's hold on stock ran out";
    product::ProductImageUploaded, "product.image-uploaded", 1, "1.0.0", FACT, "a picture of a product was uploaded";
    product::ProductImageOptimized, "product.image-optimized", 1, "1.0.0", FACT, "the sizes and formats of a picture are ready";
    product::ProductImageRejected, "product.image-rejected", 1, "1.0.0", FACT, "an uploaded picture cannot be used";
    product::ProductViewed, "product.viewed", 1, "1.0.0", FACT, "a visitor looked at a product";
    cart::CartItemAdded, "cart.item-added", 1, "1.0.0", FACT, "a visitor put a product into the cart";
    notification::NotificationSent, "notification.sent", 1, "1.0.0", FACT, "a message was handed to its carrier";
    notification::NotificationFailed, "notification.failed", 1, "1.0.0", FACT, "a message could not be sent";
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
