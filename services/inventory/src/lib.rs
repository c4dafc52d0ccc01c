#![doc = include_str!("../README.md")]

mod audit;
mod config;
mod domain;
mod handlers;
mod http;
mod ledger;
mod victims;

pub use config::Config;
pub use domain::{MAX_ADJUSTMENTS, MAX_LOCATIONS, MAX_TRANSFERRED};
pub use http::openapi;

/// The service: who gets the stock.
///
/// It decides on `order.placed` whether all lines can be had, and keeps what becomes of them in one document per order;
/// it takes back what comes back; it holds stock for carts; it tells how much there is.
#[must_use]
pub fn service(config: Config) -> runtime::Service {
    let low_stock = config.low_stock;
    runtime::Service::new("inventory")
        .on(handlers::OrderPlaced)
        .on_patiently(handlers::OrderConfirmed)
        .on_patiently(handlers::OrderCancelled)
        .on_patiently(handlers::ShipmentDispatched)
        .on_patiently(handlers::ShipmentFailed)
        .on_patiently(handlers::ReturnReceived)
        .job(handlers::ExpireHold)
        .job(handlers::BookReturn)
        .job(handlers::ProjectLevels { low_stock })
        .routes(move |edge| http::routes(edge, config.clone()))
        .audit(audit::StockAudit)
}
