//! What may happen to an authorization, and what to say when it may not.
//!
//! Each rule gives the effect, or the answer that stands without one: a refusal, or "that is so already".

use std::time::Duration;

use contracts::{Money, PaymentId, Timestamp};

use super::entry::{Effect, Moved, Opened};
use super::{Authorization, State, Verdict};
use crate::simulated::ids::{AuthorizationId, Key};
use crate::simulated::problem::{Problem, Slug};
use crate::simulated::wire::{ActionOutcome, Object, Response};

/// How long a hold lasts: what card schemes give an online purchase.
pub const AUTHORIZATION_LIFETIME: Duration = Duration::from_secs(7 * 24 * 60 * 60);

pub(super) fn authorize(
    now: Timestamp,
    key: &Key,
    (payment, money): (&PaymentId, Money),
    verdict: Verdict,
) -> Effect {
    let opened = Opened {
        authorization: AuthorizationId::opened_by(key),
        payment: payment.clone(),
        amount_minor: money.amount_minor,
        currency: money.currency,
        expires_at: now.plus(AUTHORIZATION_LIFETIME),
    };
    match verdict {
        Verdict::Approve => Effect::Authorized(opened),
        Verdict::Challenge { passes } => Effect::ActionRequired { opened, passes },
        Verdict::Decline { code, firmness } => Effect::Declined { payment: payment.clone(), code, firmness },
    }
}

pub(super) fn capture(
    now: Timestamp,
    from: &Authorization,
    amount_minor: i64,
    is_final: bool,
) -> Result<Effect, Response> {
    let id = &from.id;
    if from.state != State::Open {
        return refuse(Slug::NotCapturable, format!("nothing is held by {id}"));
    }
    if now >= from.expires_at {
        return refuse(Slug::AuthorizationExpired, format!("{id} expired at {}", from.expires_at));
    }
    let held_minor = from.held_minor();
    if amount_minor > held_minor {
        return refuse(Slug::AmountTooLarge, format!("{id} holds {held_minor}"));
    }
    let released_minor = if is_final { held_minor - amount_minor } else { 0 };
    Ok(Effect::Captured { moved: Moved::new(id, Money { amount_minor, ..from.money }), released_minor })
}

/// Releases what is still held, also after a capture of a part.
pub(super) fn void(authorization: &Authorization) -> Result<Effect, Response> {
    let id = &authorization.id;
    if authorization.state != State::Closed {
        let held = Money { amount_minor: authorization.held_minor(), ..authorization.money };
        return Ok(Effect::Voided(Moved::new(id, held)));
    }
    if authorization.captured_minor > 0 {
        return refuse(Slug::AlreadyCaptured, format!("{id} was captured: refund it"));
    }
    Err(nothing_stands())
}

/// Like [`void`], but answers that nothing stands only when nothing does.
pub(super) fn cancel(authorization: &Authorization) -> Result<Effect, Response> {
    if authorization.captured_minor > 0 {
        return refuse(Slug::AlreadyCaptured, format!("{} was captured: refund it", authorization.id));
    }
    void(authorization)
}

pub(super) fn refund(from: &Authorization, amount_minor: i64) -> Result<Effect, Response> {
    let left = from.refundable_minor();
    if amount_minor > left {
        return refuse(Slug::AmountTooLarge, format!("{} has {left} left to refund", from.id));
    }
    Ok(Effect::Refunded(Moved::new(&from.id, Money { amount_minor, ..from.money })))
}

pub(super) fn complete(
    now: Timestamp,
    authorization: &Authorization,
    outcome: ActionOutcome,
) -> Result<Effect, Response> {
    let id = &authorization.id;
    let State::RequiresAction { passes } = authorization.state else {
        return refuse(Slug::ActionNotPending, format!("{id} does not wait for its customer"));
    };
    if now >= authorization.expires_at {
        return refuse(Slug::AuthorizationExpired, format!("{id} expired at {}", authorization.expires_at));
    }
    Ok(match outcome {
        ActionOutcome::Succeed if passes => Effect::ActionPassed(Moved::new(id, authorization.money)),
        ActionOutcome::Succeed | ActionOutcome::Fail => Effect::ActionFailed { authorization: id.clone() },
    })
}

/// The answer to a release that finds nothing left to do.
pub(super) fn nothing_stands() -> Response {
    Response::of(200, &Object::Void { released_minor: 0, authorization: None })
}

pub(super) fn was_cancelled(key: &Key) -> Problem {
    Problem::new(Slug::OperationCancelled, format!("{key} was cancelled before anything came under it"))
}

fn refuse(slug: Slug, detail: String) -> Result<Effect, Response> {
    Err(Problem::new(slug, detail).into())
}
