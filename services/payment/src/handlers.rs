//! One file per event.

mod ask_provider;
mod order_cancelled;
mod order_placed;
mod stock_reserved;

pub use ask_provider::AskTheProvider;
pub use order_cancelled::LetGo;
pub use order_placed::OpenPayment;
pub use stock_reserved::BeginPayment;
