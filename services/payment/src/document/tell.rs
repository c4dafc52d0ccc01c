//! How news become events.

use contracts::events::payment::{
    CaptureFailure, DeclineReason, PaymentActionCompleted, PaymentActionRequired,
    PaymentAuthorizationExpired, PaymentAuthorized, PaymentCaptureFailed, PaymentCaptured, PaymentDeclined,
    PaymentDisputed, PaymentRefunded, PaymentVoided,
};
use contracts::{Money, OrderId, PaymentId, RefundId, Timestamp};
use runtime::{Doc, Fail, Uow};

use crate::domain::{News, Payment, State};
use crate::gateway::{Dispute, Reference};

/// What stands for a name of the provider's that nobody ever learnt.
const NEVER_LEARNT: &str = "never-learnt";

pub(super) fn tell(
    uow: &mut Uow,
    payment: &mut Doc<Payment>,
    news: News,
    provider: &str,
) -> Result<(), Fail> {
    let (Some(placed), Some(payment_id)) = (&payment.placed, payment.id()) else {
        return Err(Fail::permanent("a payment tells news before its order is known"));
    };
    let (order_id, provider) = (payment.order_id.clone(), provider.to_owned());
    let about = About { order_id, payment_id, money: placed.money, provider, now: uow.now() };
    match news {
        News::Authorized(reference, expires_at) => {
            uow.emit(payment, &about.authorized(reference, expires_at))
        }
        News::Declined(reason, code) => uow.emit(payment, &about.declined(reason, code)),
        News::ActionRequired(reference, url, expires_at) => {
            uow.emit(payment, &about.action_required(reference, url, expires_at))
        }
        News::ActionCompleted(reference) => uow.emit(payment, &about.action_completed(reference)),
        News::Captured(reference, money) => uow.emit(payment, &about.captured(reference, money)),
        News::CaptureFailed(reason, code, reference) => {
            uow.emit(payment, &about.capture_failed(reason, code, reference))
        }
        News::Expired(reference) => uow.emit(payment, &about.expired(reference)),
        News::Voided(reference) => uow.emit(payment, &about.voided(reference)),
        News::Refunded(id, money, reference, total) => {
            uow.emit(payment, &about.refunded(id, money, (reference, total)))
        }
        News::Disputed(dispute) => {
            let reference = held_as(&payment.state);
            uow.emit(payment, &about.disputed(dispute, reference))
        }
    }
}

/// The provider's name for what was taken.
fn held_as(state: &State) -> String {
    match state {
        State::Captured { capture, .. } | State::Capturing { capture, .. } => {
            capture.reference.clone().into()
        }
        _ => NEVER_LEARNT.to_owned(),
    }
}

/// What every event of a payment says.
struct About {
    order_id: OrderId,
    payment_id: PaymentId,
    money: Money,
    provider: String,
    now: Timestamp,
}

impl About {
    fn authorized(self, reference: Reference, expires_at: Option<Timestamp>) -> PaymentAuthorized {
        PaymentAuthorized {
            order_id: self.order_id,
            payment_id: self.payment_id,
            amount_minor: self.money.amount_minor,
            currency: self.money.currency,
            provider: self.provider,
            provider_reference: reference.into(),
            authorized_at: self.now,
            expires_at,
        }
    }

    fn declined(self, reason: DeclineReason, provider_code: Option<String>) -> PaymentDeclined {
        PaymentDeclined {
            order_id: self.order_id,
            payment_id: self.payment_id,
            amount_minor: self.money.amount_minor,
            currency: self.money.currency,
            provider: self.provider,
            provider_reference: None,
            reason,
            provider_code,
            declined_at: self.now,
        }
    }

    fn action_required(
        self,
        reference: Reference,
        action_url: String,
        expires_at: Option<Timestamp>,
    ) -> PaymentActionRequired {
        PaymentActionRequired {
            order_id: self.order_id,
            payment_id: self.payment_id,
            amount_minor: self.money.amount_minor,
            currency: self.money.currency,
            provider: self.provider,
            provider_reference: reference.into(),
            action_url,
            required_at: self.now,
            expires_at,
        }
    }

    fn action_completed(self, reference: Reference) -> PaymentActionCompleted {
        PaymentActionCompleted {
            order_id: self.order_id,
            payment_id: self.payment_id,
            amount_minor: self.money.amount_minor,
            currency: self.money.currency,
            provider: self.provider,
            provider_reference: reference.into(),
            completed_at: self.now,
        }
    }

    fn voided(self, reference: Option<Reference>) -> PaymentVoided {
        PaymentVoided {
            order_id: self.order_id,
            payment_id: self.payment_id,
            amount_minor: self.money.amount_minor,
            currency: self.money.currency,
            provider: self.provider,
            // A void of what nobody ever learnt the name of: the provider's word that nothing is held.
            provider_reference: reference.map_or_else(|| NEVER_LEARNT.to_owned(), String::from),
            voided_at: self.now,
        }
    }

    fn captured(self, reference: Reference, money: Money) -> PaymentCaptured {
        PaymentCaptured {
            order_id: self.order_id,
            payment_id: self.payment_id,
            amount_minor: money.amount_minor,
            currency: money.currency,
            provider: self.provider,
            provider_reference: reference.into(),
            captured_at: self.now,
        }
    }

    fn capture_failed(
        self,
        reason: CaptureFailure,
        provider_code: Option<String>,
        reference: Option<Reference>,
    ) -> PaymentCaptureFailed {
        PaymentCaptureFailed {
            order_id: self.order_id,
            payment_id: self.payment_id,
            amount_minor: self.money.amount_minor,
            currency: self.money.currency,
            provider: self.provider,
            provider_reference: reference.map(String::from),
            reason,
            provider_code,
            failed_at: self.now,
        }
    }

    fn expired(self, reference: Reference) -> PaymentAuthorizationExpired {
        PaymentAuthorizationExpired {
            order_id: self.order_id,
            payment_id: self.payment_id,
            amount_minor: self.money.amount_minor,
            currency: self.money.currency,
            provider: self.provider,
            provider_reference: reference.into(),
            expired_at: self.now,
        }
    }

    fn refunded(
        self,
        refund_id: RefundId,
        money: Money,
        (reference, refunded_total_minor): (Reference, i64),
    ) -> PaymentRefunded {
        PaymentRefunded {
            order_id: self.order_id,
            payment_id: self.payment_id,
            refund_id,
            amount_minor: money.amount_minor,
            currency: money.currency,
            refunded_total_minor,
            provider: self.provider,
            provider_reference: reference.into(),
            refunded_at: self.now,
        }
    }

    fn disputed(self, dispute: Dispute, provider_reference: String) -> PaymentDisputed {
        PaymentDisputed {
            order_id: self.order_id,
            payment_id: self.payment_id,
            dispute_id: dispute.dispute_id,
            status: dispute.status,
            amount_minor: dispute.money.amount_minor,
            currency: dispute.money.currency,
            provider: self.provider,
            provider_reference,
            provider_code: dispute.code,
            evidence_due_at: dispute.evidence_due_at,
            disputed_at: dispute.at,
        }
    }
}
