#![doc = include_str!("../README.md")]

pub mod config;
pub mod document;
pub mod domain;
pub mod gateway;
pub mod handlers;
pub mod simulated;

mod audit;
mod http;

use std::sync::Arc;

pub use config::Config;
use gateway::Gateway;
use handlers::{
    AskTheProvider, BeginPayment, EndHold, GiveBack, HearWhatWaited, LetGo, OpenPayment, TakeMoney,
};
pub use http::openapi;
use runtime::Service;

/// The payment service, asking the provider through `gateway`.
#[must_use]
pub fn service(gateway: Arc<dyn Gateway>, config: Config) -> Service {
    let config = Arc::new(config);
    Service::new("payment")
        .on(OpenPayment { config: config.clone() })
        .on(BeginPayment { config: config.clone() })
        .on_patiently(TakeMoney { config: config.clone() })
        .on_patiently(LetGo { config: config.clone() })
        .on_patiently(GiveBack { config: config.clone() })
        .job(EndHold { config: config.clone() })
        .job(HearWhatWaited { config: config.clone() })
        .outside(AskTheProvider { gateway: gateway.clone(), config: config.clone() })
        .routes(http::routes(gateway, config))
        .audit(audit::PaymentAudit)
}
