//! What Banyan's services say to each other.
//!
//! Ids, money, time, the CloudEvents envelope, every event type, and who publishes and consumes what. Pure: no
//! I/O, no clock, no randomness.

pub mod event;
pub mod ids;
pub mod time;

pub use event::{Envelope, Event, EventData, EventType, MessageId, Source, TraceParent};
pub use ids::{CustomerId, InvalidId, LocationId, OrderId, PaymentId, Sku};
pub use time::Timestamp;
