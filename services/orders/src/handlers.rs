//! What `orders` does when something is said or falls due. Most events only mean something to the order, which decides:
//! those are one table per service that publishes them.

mod deadline;
mod hear;
mod inventory;
mod notification;
mod order_placed;
mod payment;
mod shipping;
mod watch;

pub(crate) use deadline::OnDeadline;
pub(crate) use hear::Hear;
pub(crate) use order_placed::OnOrderPlaced;
pub(crate) use watch::OnWatch;
