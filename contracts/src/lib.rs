//! What Banyan's services say to each other.
//!
//! Ids, money, time, the CloudEvents envelope, every event type, and who publishes and consumes what. Pure: no
//! I/O, no clock, no randomness.

pub mod card;
pub mod event;
pub mod events;
pub mod ids;
pub mod money;
pub mod order;
pub mod quantity;
pub mod time;
pub mod topology;
mod words;

pub use event::{Envelope, Event, EventData, EventType, MessageId, Source, TraceParent};
pub use events::{Described, catalogue};
pub use ids::{
    CartId, CustomerId, DisputeId, HoldId, ImageId, InvalidId, LocationId, NotificationId, OrderId,
    PaymentId, RefundId, ReturnId, SessionId, ShipmentId, Sku,
};
pub use money::{Currency, Money, MoneyError};
pub use quantity::Quantity;
pub use time::Timestamp;
pub use topology::Topology;
