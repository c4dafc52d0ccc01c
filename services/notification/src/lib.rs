#![doc = include_str!("../README.md")]

pub mod document;
pub mod domain;
pub mod handlers;
pub mod letter;
pub mod mailbox;
pub mod simulated;

mod audit;
mod config;
mod http;

use std::sync::Arc;

use contracts::events::order::{OrderCancelled, OrderCompleted, OrderConfirmed, OrderPlacedV2};
use contracts::events::payment::{PaymentDisputed, PaymentRefunded, PaymentVoided};
use contracts::events::shipment::{ShipmentDelivered, ShipmentDispatched};
use contracts::events::stock::{StockLow, StockShort};
use handlers::{AskTheMailbox, Desk, OpenDossier, WriteToCustomer, WriteToOperator};
use mailbox::Mailbox;
use runtime::Service;

pub use config::Config;
pub use http::openapi;

/// The notification service, sending through `mailbox`.
#[must_use]
pub fn service(mailbox: Arc<dyn Mailbox>, config: Config) -> Service {
    let desk = Desk { config };
    Service::new("notification")
        .patient()
        .on(OpenDossier::<OrderPlacedV2>::new(desk.clone()))
        .on(OpenDossier::<OrderConfirmed>::new(desk.clone()))
        .on(WriteToCustomer::<OrderCancelled>::new(desk.clone()))
        .on(WriteToCustomer::<OrderCompleted>::new(desk.clone()))
        .on(WriteToCustomer::<ShipmentDispatched>::new(desk.clone()))
        .on(WriteToCustomer::<ShipmentDelivered>::new(desk.clone()))
        .on(WriteToCustomer::<PaymentRefunded>::new(desk.clone()))
        .on(WriteToCustomer::<PaymentVoided>::new(desk.clone()))
        .on(WriteToCustomer::<PaymentDisputed>::new(desk.clone()))
        .on(WriteToOperator::<StockLow>::new(desk.clone()))
        .on(WriteToOperator::<StockShort>::new(desk))
        .outside(AskTheMailbox { mailbox })
        .routes(http::routes)
        .audit(audit::NotificationAudit)
}
