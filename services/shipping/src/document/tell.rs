//! From news to events.

use contracts::events::returns::{Condition, ReturnReceived, ReturnedLine};
use contracts::events::shipment::{
    ShipmentCreated, ShipmentDelivered, ShipmentDispatched, ShipmentFailed, ShipmentReady,
    ShipmentStopRefused, ShipmentStopped, ShipmentTracked, StopRefusal,
};
use contracts::order::LineQuantity;
use contracts::{OrderId, ShipmentId, Timestamp};
use runtime::{Doc, Fail, Uow};

use crate::carrier::{Label, Scan, TrackingNumber};
use crate::domain::{News, Return, Returned, Shipment};

/// Tells `news` of a shipment.
pub(super) fn shipment(
    uow: &mut Uow,
    shipment: &mut Doc<Shipment>,
    news: News,
    carrier: &str,
) -> Result<(), Fail> {
    let about = About {
        order_id: shipment.order_id.clone(),
        shipment_id: shipment.shipment_id.clone(),
        carrier: carrier.to_owned(),
        lines: shipment.order.as_ref().map(|order| order.lines.clone()).unwrap_or_default(),
        now: uow.now(),
    };
    match news {
        News::Created => uow.emit(shipment, &about.created()),
        News::Ready(label) => uow.emit(shipment, &about.ready(label)),
        News::Stopped => {
            let is_parcel = shipment.order.is_some();
            uow.emit(shipment, &about.stopped(is_parcel))
        }
        News::StopRefused(reason) => uow.emit(shipment, &about.stop_refused(reason)),
        News::Dispatched(label, at) => uow.emit(shipment, &about.dispatched(label, at)),
        News::Delivered(delivered_at) => {
            let About { order_id, shipment_id, .. } = about;
            uow.emit(shipment, &ShipmentDelivered { order_id, shipment_id, delivered_at })
        }
        News::Failed(stage, carrier_code, failed_at) => {
            let About { order_id, shipment_id, lines, .. } = about;
            let shipment_id = Some(shipment_id);
            uow.emit(
                shipment,
                &ShipmentFailed { order_id, shipment_id, stage, carrier_code, lines, failed_at },
            )
        }
        News::Tracked(number, scan) => uow.emit(shipment, &about.tracked(number, scan)),
    }
}

/// What every event of a shipment says.
struct About {
    order_id: OrderId,
    shipment_id: ShipmentId,
    carrier: String,
    lines: Vec<LineQuantity>,
    now: Timestamp,
}

impl About {
    fn created(self) -> ShipmentCreated {
        ShipmentCreated {
            order_id: self.order_id,
            shipment_id: self.shipment_id,
            carrier: self.carrier,
            lines: self.lines,
            created_at: self.now,
        }
    }

    fn ready(self, label: Label) -> ShipmentReady {
        ShipmentReady {
            order_id: self.order_id,
            shipment_id: self.shipment_id,
            carrier: self.carrier,
            tracking_number: label.number.into(),
            lines: self.lines,
            ready_at: self.now,
        }
    }

    fn stopped(self, is_parcel: bool) -> ShipmentStopped {
        ShipmentStopped {
            order_id: self.order_id,
            shipment_id: is_parcel.then_some(self.shipment_id),
            stopped_at: self.now,
        }
    }

    fn stop_refused(self, reason: StopRefusal) -> ShipmentStopRefused {
        ShipmentStopRefused {
            order_id: self.order_id,
            shipment_id: self.shipment_id,
            reason,
            refused_at: self.now,
        }
    }

    fn dispatched(self, label: Label, dispatched_at: Timestamp) -> ShipmentDispatched {
        ShipmentDispatched {
            order_id: self.order_id,
            shipment_id: self.shipment_id,
            carrier: self.carrier,
            tracking_number: label.number.into(),
            tracking_url: label.url,
            lines: self.lines,
            dispatched_at,
        }
    }

    fn tracked(self, number: TrackingNumber, scan: Scan) -> ShipmentTracked {
        ShipmentTracked {
            order_id: self.order_id,
            shipment_id: self.shipment_id,
            tracking_number: number.into(),
            status: scan.status,
            place: scan.place,
            scanned_at: scan.at,
        }
    }
}

/// Tells that a return is back.
pub(super) fn returned(uow: &mut Uow, returning: &mut Doc<Return>, news: Returned) -> Result<(), Fail> {
    let condition = if news.is_damaged { Condition::Damaged } else { Condition::Sellable };
    let line =
        |line: &LineQuantity| ReturnedLine { sku: line.sku.clone(), quantity: line.quantity, condition };
    let event = ReturnReceived {
        order_id: returning.order_id.clone(),
        return_id: returning.return_id.clone(),
        location: returning.location.clone(),
        // The carrier carries one parcel: what was announced is what arrives.
        lines: returning.lines.iter().map(line).collect(),
        received_at: news.at,
    };
    uow.emit(returning, &event)
}
