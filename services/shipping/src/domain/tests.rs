use contracts::Quantity;
use contracts::events::shipment::TrackingStatus;

use super::*;
use crate::carrier::{Evidence, Paid, Pdf};
use crate::config::Pace;

mod any_order;
mod booking;
mod leaving;
mod returning;
mod stopping;
mod way;

pub(super) const NOW: Timestamp = Timestamp::EPOCH;

pub(super) fn pace() -> Pace {
    Pace::default()
}

/// So many seconds after the beginning.
pub(super) fn at(seconds: u64) -> Timestamp {
    NOW.plus(std::time::Duration::from_secs(seconds))
}

pub(super) fn shipment() -> Shipment {
    let id = ShipmentId::new("536365-s1").unwrap();
    Shipment::of(OrderId::new("536365").unwrap(), id, NOW)
}

pub(super) fn order() -> Order {
    let line = LineQuantity { sku: "71053".parse().unwrap(), quantity: Quantity::new(6).unwrap() };
    Order { lines: vec![line], ship_to: ShipTo::default(), from: None }
}

pub(super) fn captured() -> Captured {
    let event = serde_json::json!({
        "order_id": "536365", "payment_id": "536365", "amount_minor": 100, "currency": "GBP",
        "provider": "simulated", "provider_reference": "r", "captured_at": "2026-11-22T20:00:00Z",
    });
    Captured::heard(&serde_json::from_value::<Paid>(event).unwrap())
}

pub(super) fn label() -> Label {
    let number = TrackingNumber::try_from("SIM1".to_owned()).unwrap();
    Label { number, url: None, sha256: "0".repeat(64) }
}

pub(super) fn labelled() -> Evidence {
    Evidence::Labelled { label: label(), pdf: Pdf::new(b"%PDF-1.4\n%%EOF\n".to_vec()).unwrap() }
}

pub(super) fn refused(code: &str) -> Evidence {
    Evidence::Refused { code: code.to_owned() }
}

pub(super) const UNKNOWN: Evidence = Evidence::Unknown { why: Why::Timeout };

pub(super) fn scan(seconds: u64, status: TrackingStatus) -> Scan {
    Scan::new(at(seconds), status, status.as_str(), Some("Leeds"))
}

/// A shipment, and the question that is asked about it.
pub(super) struct Case {
    pub(super) shipment: Shipment,
    pub(super) asked: Ask,
}

impl Case {
    /// Just confirmed.
    pub(super) fn booking() -> Self {
        let mut shipment = shipment();
        let asked = shipment.confirm(order()).ask.unwrap();
        Self { shipment, asked }
    }

    /// Labelled.
    pub(super) fn ready() -> Self {
        let mut case = Self::booking();
        case.learn(labelled());
        case
    }

    /// Labelled and captured.
    pub(super) fn handing_over() -> Self {
        let mut case = Self::ready();
        case.asked = case.shipment.capture(captured()).ask.unwrap();
        case
    }

    /// Nobody knows whether the carrier has it.
    pub(super) fn handing_over_unknown() -> Self {
        let mut case = Self::handing_over();
        case.learn(UNKNOWN);
        case
    }

    /// With the carrier since 10 s.
    pub(super) fn handed_over() -> Self {
        let mut case = Self::handing_over();
        case.learn(Evidence::HandedOver { at: at(10) });
        case
    }

    /// The question that is asked gets this answer, and the one that follows is asked next.
    pub(super) fn learn(&mut self, evidence: Evidence) -> Next {
        let next = self.shipment.learn(&self.asked, evidence, &pace(), NOW);
        if let Some(ask) = &next.ask {
            self.asked = ask.clone();
        }
        next
    }

    pub(super) fn stop(&mut self) -> Next {
        let next = self.shipment.stop(NOW);
        if let Some(ask) = &next.ask {
            self.asked = ask.clone();
        }
        next
    }

    pub(super) fn see(&mut self, scans: &[Scan]) -> Vec<News> {
        self.shipment.see(scans.to_vec(), NOW).news
    }

    pub(super) fn name(&self) -> &'static str {
        self.shipment.state.name()
    }
}

/// The step of the question that follows, and whether it only looks.
pub(super) fn step(next: &Next) -> Option<(Step, bool)> {
    let ask = next.ask.as_ref()?;
    Some((ask.key()?.step()?, matches!(ask.question, Question::Look { .. })))
}
