#![doc = include_str!("../README.md")]

mod audit;
mod config;
mod domain;
mod dossier;
mod handlers;
mod http;
mod timeline;

use runtime::Service;

pub use config::Config;
pub use http::openapi;

/// Events that the topology gives to `orders` and that it does not handle yet, and when it will.
pub const NOT_YET: &[(&str, &str)] = &[
    ("shop.banyan.shipment.created.v1", "joins with shipping"),
    ("shop.banyan.shipment.ready.v1", "joins with shipping"),
    ("shop.banyan.shipment.stopped.v1", "joins with shipping"),
    ("shop.banyan.shipment.stop-refused.v1", "joins with shipping"),
    ("shop.banyan.shipment.dispatched.v1", "joins with shipping"),
    ("shop.banyan.shipment.delivered.v1", "joins with shipping"),
    ("shop.banyan.shipment.failed.v1", "joins with shipping"),
    ("shop.banyan.payment.captured.v1", "joins with shipping: nothing is captured before a parcel is ready"),
    ("shop.banyan.payment.capture-failed.v1", "joins with shipping"),
    ("shop.banyan.payment.authorization-expired.v1", "joins with shipping: it asks to stop the parcel"),
    ("shop.banyan.payment.refunded.v1", "joins with shipping"),
    ("shop.banyan.payment.disputed.v1", "joins with shipping"),
    ("shop.banyan.return.received.v1", "joins with shipping"),
    ("shop.banyan.notification.sent.v1", "joins with notification"),
    ("shop.banyan.notification.failed.v1", "joins with notification"),
];

/// The service: what it reacts to, what it serves, how it audits itself.
#[must_use]
pub fn service(config: Config) -> Service {
    let each = || config.clone();
    Service::new("orders")
        .on(handlers::OnOrderPlaced(each()))
        .on(handlers::OnStockReserved(each()))
        .on(handlers::OnStockRejected(each()))
        .on(handlers::OnStockShort(each()))
        .on(handlers::OnPaymentAuthorized(each()))
        .on(handlers::OnPaymentDeclined(each()))
        .on(handlers::OnPaymentActionRequired(each()))
        .on(handlers::OnPaymentActionCompleted(each()))
        .on(handlers::OnPaymentVoided(each()))
        .job(handlers::OnDeadline(each()))
        .routes(http::routes(each()))
        .audit(audit::Audit)
}

#[cfg(test)]
mod tests;
