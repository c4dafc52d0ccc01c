//! What must hold within the payment service, and the facts that the provider's ledger is compared with.

use contracts::Timestamp;
use runtime::{Audit, Fail, Findings, Reader};
use serde_json::json;

use crate::document::PAYMENTS;
use crate::domain::{Payment, State};

/// The audit of the payment service.
pub(crate) struct PaymentAudit;

impl Audit for PaymentAudit {
    async fn audit(&self, reader: &Reader, _now: Timestamp) -> Result<Findings, Fail> {
        let mut findings = Findings::default();
        let mut payments = std::collections::BTreeMap::new();
        let violations = &mut findings.violations;
        reader
            .snapshot()
            .await?
            .each(&PAYMENTS, |payment| {
                violations.extend(wrong(&payment.data));
                payments.insert(payment.order_id.to_string(), fact(&payment.data));
            })
            .await?;
        findings.facts.insert("payments".to_owned(), payments);
        Ok(findings)
    }
}

/// What a payment says against itself.
fn wrong(payment: &Payment) -> Option<String> {
    let id = &payment.order_id;
    let asked = !matches!(payment.state, State::Waiting | State::Closed);
    if asked && (payment.placed.is_none() || !payment.reserved) {
        return Some(format!(
            "payment {id} is {} before its order was placed and reserved",
            payment.state.name()
        ));
    }
    let holds = matches!(payment.state, State::Authorized { .. } | State::ActionRequired { .. });
    if holds && payment.cancelled.is_some() {
        return Some(format!("payment {id} is {} although its order is cancelled", payment.state.name()));
    }
    None
}

fn fact(payment: &Payment) -> serde_json::Value {
    let (reference, authorize) = match &payment.state {
        State::Authorized { reference, authorize } | State::ActionRequired { reference, authorize, .. } => {
            (Some(reference.as_str()), Some(authorize.key.as_str()))
        }
        State::Authorizing { authorize, .. } => (None, Some(authorize.key.as_str())),
        State::Voiding { void, .. } => {
            (void.reference.as_ref().map(|r| r.as_str()), Some(void.authorize.as_str()))
        }
        State::Voided { reference } => (reference.as_ref().map(|r| r.as_str()), None),
        State::Waiting | State::Free | State::Declined { .. } | State::Closed => (None, None),
    };
    json!({
        "state": payment.state.name(),
        "amount_minor": payment.placed.as_ref().map(|placed| placed.money.amount_minor),
        "currency": payment.placed.as_ref().map(|placed| placed.money.currency.code().to_owned()),
        "reference": reference,
        "authorize_key": authorize,
    })
}
