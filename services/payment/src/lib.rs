#![doc = include_str!("../README.md")]

pub mod document;
pub mod domain;
pub mod gateway;
pub mod handlers;
pub mod simulated;

mod audit;
mod http;

use std::sync::Arc;

use gateway::Gateway;
use handlers::{AskTheProvider, BeginPayment, LetGo, OpenPayment};
pub use http::openapi;
use runtime::Service;

/// The payment service, asking `provider` through `gateway`.
#[must_use]
pub fn service(gateway: Arc<dyn Gateway>, provider: &'static str) -> Service {
    Service::new("payment")
        .on(OpenPayment { provider })
        .on(BeginPayment { provider })
        .on(LetGo { provider })
        .outside(AskTheProvider { gateway, provider })
        .routes(http::routes)
        .audit(audit::PaymentAudit)
}
