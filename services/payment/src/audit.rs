//! What must hold within the payment service, and the facts that orders and the provider's ledger are compared with.

use std::collections::BTreeMap;

use contracts::Timestamp;
use runtime::{Audit, Fail, Findings, Reader};
use serde_json::{Value, json};

use crate::document::PAYMENTS;
use crate::domain::{CAPTURES, CaptureTold, HOLDS, Payment, RefundState, State};
use crate::gateway::ProviderKey;

/// The audit of the payment service.
pub(crate) struct PaymentAudit;

impl Audit for PaymentAudit {
    async fn audit(&self, reader: &Reader, _now: Timestamp) -> Result<Findings, Fail> {
        let mut findings = Findings::default();
        let mut payments = BTreeMap::new();
        let violations = &mut findings.violations;
        reader
            .snapshot()
            .await?
            .each(&PAYMENTS, |payment| {
                let id = &payment.order_id;
                violations
                    .extend(wrong(&payment.data).into_iter().map(|what| format!("payment {id} {what}")));
                payments.insert(id.to_string(), fact(&payment.data));
            })
            .await?;
        findings.facts.insert("payments".to_owned(), payments);
        Ok(findings)
    }
}

/// What a payment says against itself.
fn wrong(payment: &Payment) -> Vec<String> {
    let state = payment.state.name();
    let mut wrong = Vec::new();
    let mut holds_that = |is_wrong: bool, what: String| {
        if is_wrong {
            wrong.push(what);
        }
    };
    let asked = !matches!(payment.state, State::Waiting | State::Closed);
    holds_that(
        asked && (payment.placed.is_none() || !payment.reserved),
        format!("is {state} before its order was placed and reserved"),
    );
    let holds = matches!(payment.state, State::Authorized { .. } | State::ActionRequired { .. });
    holds_that(holds && payment.cancelled.is_some(), format!("is {state} although its order is cancelled"));
    let takes = !payment.captures.is_empty();
    holds_that(takes && payment.ready.is_none(), format!("is {state} before its parcel was ready"));
    let at_cancel = payment.captures_at_cancel.unwrap_or(usize::MAX);
    holds_that(
        payment.captures.len() > at_cancel,
        "was to be captured after its order was cancelled".to_owned(),
    );
    holds_that(
        payment.captures.len() > CAPTURES || payment.holds > HOLDS,
        format!("was held {} times and captured {} times", payment.holds, payment.captures.len()),
    );
    let is_captured = matches!(payment.state, State::Captured { .. });
    let is_told = payment.capture_told == Some(CaptureTold::Captured);
    let is_free = matches!(payment.state, State::Free | State::Closed);
    holds_that(
        is_captured != is_told && !is_free,
        format!("is {state}, and payment.captured was {}told", if is_told { "" } else { "not " }),
    );
    let (captured, refunded) = (payment.captured_minor(), payment.reserved_for_refunds_minor());
    holds_that(
        is_captured && refunded > captured,
        format!("gives back {refunded} minor units of {captured} that were taken"),
    );
    wrong.extend(wrong_refunds(payment, is_captured));
    wrong
}

fn wrong_refunds(payment: &Payment, is_captured: bool) -> Vec<String> {
    let wrong = |(id, refund): (&contracts::RefundId, &crate::domain::Refunding)| match &refund.state {
        RefundState::Asked { refund: asked, .. }
            if asked.key != ProviderKey::of_refund(id, refund.attempt) =>
        {
            Some(format!("asks for refund {id} under {}", asked.key))
        }
        RefundState::Asked { .. } | RefundState::Refunded { .. } if !is_captured => {
            Some(format!("gives back {id} although nothing was taken"))
        }
        _ => None,
    };
    payment.refunds.iter().filter_map(wrong).collect()
}

fn fact(payment: &Payment) -> Value {
    let refunds = payment.refunds.iter().map(|(id, refund)| {
        (id.to_string(), json!({ "amount_minor": refund.money.amount_minor, "state": refund.state.name() }))
    });
    let refunds: BTreeMap<String, Value> = refunds.collect();
    let dispute = payment
        .dispute()
        .map(|dispute| json!({ "status": dispute.status, "amount_minor": dispute.money.amount_minor }));
    json!({
        "state": payment.state.name(),
        "amount_minor": payment.placed.as_ref().map(|placed| placed.money.amount_minor),
        "currency": payment.placed.as_ref().map(|placed| placed.money.currency.code().to_owned()),
        "captured_minor": payment.captured_minor(),
        "refunded_minor": payment.refunded_minor(),
        "refunds": refunds,
        "asking": payment.is_asking(),
        "dispute": dispute,
        "trouble": payment.trouble(),
        "reference": crate::http::reference(&payment.state),
        "authorize_key": authorize_key(&payment.state),
    })
}

fn authorize_key(state: &State) -> Option<&ProviderKey> {
    match state {
        State::Authorized { authorize, .. }
        | State::ActionRequired { authorize, .. }
        | State::Authorizing { authorize, .. }
        | State::Capturing { authorize, .. } => Some(&authorize.key),
        State::Captured { capture, .. } => Some(&capture.authorize),
        State::Voiding { void, .. } => Some(&void.authorize),
        State::Voided { authorize, .. } => authorize.as_ref(),
        State::Waiting | State::Free | State::Declined { .. } | State::Expired { .. } | State::Closed => None,
    }
}
