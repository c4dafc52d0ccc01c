//! What happens on an event. Milestones of an order only differ in what they say; `milestones.rs` has a line for each.

mod ask_mailbox;
mod desk;
mod milestones;
mod openings;
mod stock;

pub use ask_mailbox::AskTheMailbox;
pub use desk::Desk;
pub use milestones::{Tells, WriteToCustomer};
pub use openings::OpenDossier;
pub use stock::WriteToOperator;
