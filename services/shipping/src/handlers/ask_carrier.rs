//! Asking the carrier: the call is a step of its own, and what comes of it is evidence.

use std::sync::Arc;

use contracts::{PaymentId, Timestamp};
use runtime::{Bug, Fail, Outside, Unavailable, Uow};

use crate::carrier::{Captured, Carrier, Evidence, Paid, Parcel};
use crate::config::Config;
use crate::document::{AskCarrier, as_told, keep_label, load, load_return, save, save_return};
use crate::domain::{Next, Question, Shipment, State};

/// Asks the carrier.
pub struct AskTheCarrier {
    /// How.
    pub carrier: Arc<dyn Carrier>,
    /// The choices of the deployment.
    pub config: Arc<Config>,
}

impl Outside for AskTheCarrier {
    type Intent = AskCarrier;
    type Evidence = Evidence;

    async fn call(&self, intent: &AskCarrier, _now: Timestamp) -> Result<Evidence, Unavailable> {
        let answer = match &intent.ask.question {
            Question::Do { operation } => self.carrier.execute(operation).await,
            Question::Look { key } => self.carrier.look_up(key).await,
            Question::Track { number } => self.carrier.track(number).await,
        };
        answer.map_err(|why| Unavailable {
            peer: self.config.carrier,
            why: why.to_string(),
            retry_after: why.retry_after(),
        })
    }

    async fn record(&self, intent: &AskCarrier, evidence: Evidence, uow: &mut Uow) -> Result<(), Fail> {
        keep_label(uow, &intent.parcel, &evidence).await?;
        let (now, pace) = (uow.now(), &self.config.pace);
        let evidence = match evidence {
            Evidence::Tracked { scans } => Evidence::Tracked { scans: as_told(uow, scans) },
            other => other,
        };
        match &intent.parcel {
            Parcel::Shipment(_) => {
                let mut shipment = load(uow, &intent.order_id).await?;
                let next = shipment.learn(&intent.ask, evidence, pace, now);
                let next = planted_hand_over(uow, &mut shipment, next);
                save(uow, shipment, next, &self.config)
            }
            Parcel::Return(id) => {
                let Some(mut returning) = load_return(uow, id).await? else {
                    return Err(Fail::permanent(format!("there is no return {id}")));
                };
                let next = returning.learn(&intent.ask, evidence, pace, now);
                save_return(uow, returning, next, &self.config)
            }
        }
    }
}

/// Planted bug: what is labelled leaves.
fn planted_hand_over(uow: &Uow, shipment: &mut Shipment, next: Next) -> Next {
    let Ok(payment_id) = PaymentId::new(shipment.order_id.as_str()) else { return next };
    if !uow.quirks().has(Bug::HandOverBeforeCapture) || !matches!(shipment.state, State::Ready { .. }) {
        return next;
    }
    let unheard = Paid { order_id: shipment.order_id.clone(), payment_id, captured_at: uow.now() };
    Next { ask: shipment.capture(Captured::heard(&unheard)).ask, ..next }
}
