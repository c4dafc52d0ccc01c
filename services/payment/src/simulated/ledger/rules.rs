//! What may happen to an authorization, and what to say when it may not.
//!
//! Each rule gives the effect, or the answer that stands without one: a refusal, or "that is so already".

use std::time::Duration;

use contracts::{Money, PaymentId, Timestamp};

use super::entry::{Effect, Moved, Opened};
use super::{Authorization, State, Verdict};
use crate::simulated::ids::{AuthorizationId, CaptureId, DisputeId, Key};
use crate::simulated::problem::{Problem, Slug};
use crate::simulated::token::Token;
use crate::simulated::wire::{ActionOutcome, DisputeOutcome, Firmness, Object, Response};

/// How long a hold lasts: what card schemes give an online purchase.
pub const AUTHORIZATION_LIFETIME: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// What is asked for by a new authorization.
pub(super) struct Asked<'a> {
    pub(super) payment: &'a PaymentId,
    pub(super) money: Money,
    pub(super) token: &'a Token,
    /// Whether money was held for the payment before.
    pub(super) is_repeated: bool,
}

pub(super) fn authorize(now: Timestamp, key: &Key, asked: &Asked<'_>, verdict: Verdict) -> Effect {
    let Asked { payment, money, token, is_repeated } = asked;
    let opened = Opened {
        authorization: AuthorizationId::opened_by(key),
        payment: (*payment).clone(),
        amount_minor: money.amount_minor,
        currency: money.currency,
        expires_at: now.plus(token.lifetime(*is_repeated)),
        fate: token.fate(),
    };
    let declined = |code, firmness| Effect::Declined { payment: (*payment).clone(), code, firmness };
    match verdict {
        _ if *is_repeated && token.holds_once() => declined("do_not_honor".to_owned(), Firmness::Hard),
        Verdict::Approve | Verdict::Contest(_) => Effect::Authorized(opened),
        Verdict::Challenge { passes } => Effect::ActionRequired { opened, passes },
        Verdict::Decline { code, firmness } => declined(code, firmness),
    }
}

pub(super) fn capture(
    now: Timestamp,
    from: &Authorization,
    (amount_minor, is_final): (i64, bool),
    verdict: Verdict,
) -> Result<Effect, Response> {
    let id = &from.id;
    match from.state {
        State::Open if now < from.expires_at => {}
        State::Open | State::Expired => {
            return refuse(Slug::AuthorizationExpired, format!("{id} expired at {}", from.expires_at));
        }
        State::Closed if from.captured_minor > 0 => {
            return refuse(Slug::AlreadyCaptured, format!("{id} was captured, and nothing of it is held"));
        }
        State::Closed => return refuse(Slug::AuthorizationVoided, format!("{id} was released")),
        State::RequiresAction { .. } | State::Failed => {
            return refuse(Slug::NotCapturable, format!("nothing is held by {id}"));
        }
    }
    let held_minor = from.held_minor();
    if amount_minor > held_minor {
        return refuse(Slug::AmountTooLarge, format!("{id} holds {held_minor}"));
    }
    let contest = match from.fate.map_or(verdict, super::Fate::verdict) {
        Verdict::Decline { code, firmness } => {
            return Ok(Effect::CaptureDeclined { authorization: id.clone(), code, firmness });
        }
        Verdict::Contest(plan) => Some(plan.from(now)),
        Verdict::Approve | Verdict::Challenge { .. } => None,
    };
    let released_minor = if is_final { held_minor - amount_minor } else { 0 };
    Ok(Effect::Captured { moved: part(from, amount_minor), released_minor, contest })
}

/// Releases what is still held, also after a capture of a part.
pub(super) fn void(authorization: &Authorization) -> Result<Effect, Response> {
    let id = &authorization.id;
    let is_taken = authorization.captured_minor > 0;
    match authorization.state {
        State::Closed | State::Expired if is_taken => {
            refuse(Slug::AlreadyCaptured, format!("{id} was captured: refund it"))
        }
        State::Closed => Err(nothing_stands()),
        State::Open | State::RequiresAction { .. } | State::Failed | State::Expired => {
            Ok(Effect::Voided(part(authorization, authorization.held_minor())))
        }
    }
}

/// Like [`void`], but answers that nothing stands only when nothing does.
pub(super) fn cancel(authorization: &Authorization) -> Result<Effect, Response> {
    if authorization.captured_minor > 0 {
        return refuse(Slug::AlreadyCaptured, format!("{} was captured: refund it", authorization.id));
    }
    void(authorization)
}

pub(super) fn refund(from: &Authorization, amount_minor: i64) -> Result<Effect, Response> {
    let id = &from.id;
    match &from.dispute {
        Some(dispute) if dispute.is_open() => {
            let detail =
                format!("{id} is contested by {}: nothing is given back before that is decided", dispute.id);
            return refuse(Slug::PaymentDisputed, detail);
        }
        Some(dispute) if dispute.is_lost() => {
            return refuse(Slug::ChargedBack, format!("{id} was lost to its customer by {}", dispute.id));
        }
        Some(_) | None => {}
    }
    let left = from.refundable_minor();
    if amount_minor > left {
        return refuse(Slug::AmountTooLarge, format!("{id} has {left} left to refund"));
    }
    Ok(Effect::Refunded(part(from, amount_minor)))
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

/// Whoever has not authenticated by then has failed to.
pub(super) fn expire(now: Timestamp, authorization: &Authorization) -> Result<Effect, Response> {
    let id = &authorization.id;
    match authorization.state {
        State::Open if now >= authorization.expires_at => {
            Ok(Effect::Expired(part(authorization, authorization.held_minor())))
        }
        State::RequiresAction { .. } if now >= authorization.expires_at => {
            Ok(Effect::ActionFailed { authorization: id.clone() })
        }
        State::Open | State::RequiresAction { .. } | State::Failed | State::Expired | State::Closed => {
            refuse(Slug::NotCapturable, format!("{id} does not run out"))
        }
    }
}

pub(super) fn dispute(of: &Authorization, capture: &CaptureId) -> Result<Effect, Response> {
    let Some(amount_minor) = of.contestable_minor(capture) else {
        let detail = format!("{capture} was contested before, or nothing is left of it");
        return refuse(Slug::NotContestable, detail);
    };
    let dispute = DisputeId::over(capture);
    Ok(Effect::DisputeOpened { dispute, capture: capture.clone(), moved: part(of, amount_minor) })
}

pub(super) fn decide(
    of: &Authorization,
    dispute: &DisputeId,
    outcome: DisputeOutcome,
) -> Result<Effect, Response> {
    let held_minor = of.disputed_minor();
    if held_minor == 0 {
        return refuse(Slug::DisputeDecided, format!("{dispute} was decided before"));
    }
    Ok(Effect::DisputeDecided { dispute: dispute.clone(), outcome, moved: part(of, held_minor) })
}

/// The answer to a release that finds nothing left to do.
pub(super) fn nothing_stands() -> Response {
    Response::of(200, &Object::Void { released_minor: 0, authorization: None })
}

pub(super) fn was_cancelled(key: &Key) -> Problem {
    Problem::new(Slug::OperationCancelled, format!("{key} was cancelled before anything came under it"))
}

fn part(of: &Authorization, amount_minor: i64) -> Moved {
    Moved::new(&of.id, Money { amount_minor, ..of.money })
}

fn refuse(slug: Slug, detail: String) -> Result<Effect, Response> {
    Err(Problem::new(slug, detail).into())
}
