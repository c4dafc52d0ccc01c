#![doc = include_str!("../README.md")]

mod audit;
mod config;
mod domain;
mod dossier;
mod handlers;
mod http;
mod timeline;

use contracts::events::notification::{NotificationFailed, NotificationSent};
use contracts::events::payment::{
    PaymentActionCompleted, PaymentActionRequired, PaymentAuthorizationExpired, PaymentAuthorized,
    PaymentCaptureFailed, PaymentCaptured, PaymentDeclined, PaymentDisputed, PaymentRefunded, PaymentVoided,
};
use contracts::events::returns::ReturnReceived;
use contracts::events::shipment::{
    ShipmentCreated, ShipmentDelivered, ShipmentDispatched, ShipmentFailed, ShipmentReady,
    ShipmentStopRefused, ShipmentStopped,
};
use contracts::events::stock::{StockRejected, StockReserved, StockShort};
use runtime::Service;

pub use config::{Config, Patience};
pub use http::openapi;

/// The service: what it reacts to, what it serves, how it audits itself.
#[must_use]
pub fn service(config: Config) -> Service {
    let each = || config.clone();
    Service::new("orders")
        .on(handlers::OnOrderPlaced(each()))
        .on(handlers::Hear::<StockReserved>::new(each()))
        .on(handlers::Hear::<StockRejected>::new(each()))
        .on_patiently(handlers::Hear::<StockShort>::new(each()))
        .on(handlers::Hear::<PaymentAuthorized>::new(each()))
        .on(handlers::Hear::<PaymentDeclined>::new(each()))
        .on(handlers::Hear::<PaymentActionRequired>::new(each()))
        .on(handlers::Hear::<PaymentActionCompleted>::new(each()))
        .on_patiently(handlers::Hear::<PaymentVoided>::new(each()))
        .on_patiently(handlers::Hear::<PaymentAuthorizationExpired>::new(each()))
        .on_patiently(handlers::Hear::<PaymentCaptured>::new(each()))
        .on_patiently(handlers::Hear::<PaymentCaptureFailed>::new(each()))
        .on_patiently(handlers::Hear::<PaymentRefunded>::new(each()))
        .on_patiently(handlers::Hear::<PaymentDisputed>::new(each()))
        .on_patiently(handlers::Hear::<ShipmentCreated>::new(each()))
        .on_patiently(handlers::Hear::<ShipmentReady>::new(each()))
        .on_patiently(handlers::Hear::<ShipmentStopped>::new(each()))
        .on_patiently(handlers::Hear::<ShipmentStopRefused>::new(each()))
        .on_patiently(handlers::Hear::<ShipmentDispatched>::new(each()))
        .on_patiently(handlers::Hear::<ShipmentDelivered>::new(each()))
        .on_patiently(handlers::Hear::<ShipmentFailed>::new(each()))
        .on_patiently(handlers::Hear::<ReturnReceived>::new(each()))
        .on_patiently(handlers::Hear::<NotificationSent>::new(each()))
        .on_patiently(handlers::Hear::<NotificationFailed>::new(each()))
        .job(handlers::OnDeadline(each()))
        .job(handlers::OnWatch(each()))
        .routes(http::routes(each()))
        .audit(audit::Audit)
}

#[cfg(test)]
mod tests;
