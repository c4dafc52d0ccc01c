//! One file per event.

mod ask_carrier;
mod order_cancel_requested;
mod order_confirmed;
mod payment_captured;
mod return_requested;

pub use ask_carrier::AskTheCarrier;
pub use order_cancel_requested::StopParcel;
pub use order_confirmed::BookParcel;
pub use payment_captured::LetLeave;
pub use return_requested::TakeBack;
