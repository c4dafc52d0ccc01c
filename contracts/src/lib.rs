#![doc = include_str!("../README.md")]

pub mod card;
pub mod event;
pub mod events;
pub mod ids;
pub mod money;
pub mod order;
pub mod quantity;
#[cfg(feature = "schema")]
pub mod schema;
pub mod time;
pub mod topology;
#[cfg(feature = "validate")]
pub mod validate;
mod view;
mod words;

pub use event::{DataRef, Envelope, Event, EventData, EventType, MessageId, Source, TraceParent};
pub use events::{Described, catalogue};
pub use ids::{
    CartId, CustomerId, DisputeId, HoldId, ImageId, InvalidId, LocationId, NotificationId, OrderId,
    PaymentId, RefundId, ReturnId, SessionId, ShipmentId, Sku,
};
pub use money::{Currency, Money, MoneyError};
pub use quantity::Quantity;
pub use time::Timestamp;
pub use topology::Topology;
pub use view::View;
