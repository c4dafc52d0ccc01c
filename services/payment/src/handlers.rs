//! One file per event, per job and per call.

mod ask_provider;
mod hear;
mod hold_ends;
mod order_cancelled;
mod order_placed;
mod order_refund_due;
mod shipment_ready;
mod stock_reserved;

pub use ask_provider::AskTheProvider;
pub use hear::HearWhatWaited;
pub(crate) use hear::hear;
pub use hold_ends::EndHold;
pub use order_cancelled::LetGo;
pub use order_placed::OpenPayment;
pub use order_refund_due::GiveBack;
pub use shipment_ready::TakeMoney;
pub use stock_reserved::BeginPayment;
