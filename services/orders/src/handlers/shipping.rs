//! What shipping says about the order's parcel, and about goods that come back.

use contracts::events::returns::{Condition, ReturnReceived};
use contracts::events::shipment::{
    FailedStage, ShipmentCreated, ShipmentDelivered, ShipmentDispatched, ShipmentFailed, ShipmentReady,
    ShipmentStopRefused, ShipmentStopped,
};

use super::hear::{Meaning, means};
use crate::domain::Input;
use crate::timeline::pieces;

means! {
    ShipmentCreated => |event, _| Meaning::input(
        Input::ShipmentCreated { shipment_id: event.shipment_id.clone() },
        format!("a parcel is booked with {}", event.carrier),
    );
    ShipmentReady => |event, _| Meaning::input(
        Input::ShipmentReady {
            shipment_id: event.shipment_id.clone(),
            tracking_number: event.tracking_number.clone(),
        },
        format!("the parcel is packed and labelled: {} {}", event.carrier, event.tracking_number),
    );
    ShipmentStopped => |event, _| Meaning::input(
        Input::ShipmentStopped,
        match event.shipment_id {
            Some(_) => "the parcel was stopped",
            None => "no parcel was booked, and none will be",
        },
    );
    ShipmentStopRefused => |event, _| Meaning::input(
        Input::StopRefused,
        format!("the parcel could not be stopped ({})", event.reason),
    );
    ShipmentDispatched => |event, _| Meaning::input(
        Input::ShipmentDispatched {
            shipment_id: event.shipment_id.clone(),
            tracking_number: event.tracking_number.clone(),
        },
        format!("{} has the parcel: {}", event.carrier, event.tracking_number),
    );
    ShipmentDelivered => |event, _| Meaning::input(
        Input::ShipmentDelivered { shipment_id: event.shipment_id.clone() },
        "the customer has the parcel",
    );
    ShipmentFailed => |event, _| {
        let what = match event.stage {
            FailedStage::BeforeHandover => "the parcel will not leave",
            FailedStage::Lost => "the carrier lost the parcel",
            FailedStage::Returned => "the carrier brought the parcel back",
            FailedStage::Unrecognised => "the parcel failed",
        };
        let code = event.carrier_code.as_ref().map(|code| format!(" ({code})")).unwrap_or_default();
        Meaning::input(Input::ShipmentFailed { stage: event.stage }, format!("{what}{code}"))
    };
    ReturnReceived => |event, _| {
        let count = |damaged: bool| {
            let lines = event.lines.iter().filter(|line| (line.condition == Condition::Damaged) == damaged);
            lines.map(|line| u64::from(line.quantity.get())).sum::<u64>()
        };
        let damaged = count(true);
        let note = if damaged == 0 { String::new() } else { format!(", {damaged} of them damaged") };
        Meaning::input(
            Input::ReturnReceived { return_id: event.return_id.clone(), lines: event.lines.clone() },
            format!("{} came back{note}", pieces(count(false) + damaged)),
        )
    };
}
