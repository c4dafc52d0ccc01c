#![doc = include_str!("../README.md")]

pub mod carrier;
pub mod config;
pub mod document;
pub mod domain;
pub mod handlers;
pub mod simulated;

mod audit;
mod http;

use std::sync::Arc;

use carrier::Carrier;
pub use config::{Config, Pace};
use handlers::{AskTheCarrier, BookParcel, LetLeave, StopParcel, TakeBack};
pub use http::openapi;
use runtime::Service;

/// The shipping service, asking for transport through `carrier`.
#[must_use]
pub fn service(carrier: Arc<dyn Carrier>, config: Config) -> Service {
    let config = Arc::new(config);
    Service::new("shipping")
        .patient()
        .on(BookParcel { config: config.clone() })
        .on(LetLeave { config: config.clone() })
        .on(StopParcel { config: config.clone() })
        .on(TakeBack { config: config.clone() })
        .outside(AskTheCarrier { carrier: carrier.clone(), config: config.clone() })
        .routes(http::routes(carrier, config))
        .audit(audit::ShippingAudit)
}
