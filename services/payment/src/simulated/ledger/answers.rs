//! What the ledger says: how requests are answered, and what stands under a key.

use contracts::Timestamp;
use contracts::events::payment::DisputeStatus;

use super::entry::Effect;
use super::{Did, Ledger, Operation, rules};
use crate::simulated::ids::{AuthorizationId, CaptureId, Key, derived};
use crate::simulated::problem::{Problem, Slug, declined};
use crate::simulated::wire::{Object, Response};

impl Ledger {
    /// What stands under `key` now.
    pub(in crate::simulated) fn query(&self, key: &Key) -> Result<Response, Problem> {
        let answer = match self.operations.get(key) {
            Some(Operation { did: Did::Open(id), .. }) => self.look(id)?,
            Some(operation) => operation.answer.clone(),
            None if self.cancelled.contains(key) => rules::was_cancelled(key).into(),
            None => {
                return Err(Problem::new(Slug::OperationNotFound, format!("nothing has come under {key}")));
            }
        };
        let status = answer.status;
        let answer = serde_json::from_str(&answer.body).unwrap_or(serde_json::Value::Null);
        Ok(Response::of(200, &Object::Operation { key: key.clone(), status, answer }))
    }

    pub(super) fn look(&self, id: &AuthorizationId) -> Result<Response, Problem> {
        Ok(Response::of(200, &Object::Authorization(self.authorization(id)?.to_wire())))
    }

    /// How the request that has `effect` is answered.
    pub(super) fn answer(&self, when: (Timestamp, &Key), effect: &Effect) -> Result<Response, Problem> {
        let impossible = || Problem::new(Slug::ServerError, "the ledger contradicts itself");
        let key = when.1;
        let after =
            self.after(when, effect).ok_or_else(impossible)?.map(|authorization| authorization.to_wire());
        let (status, object) = match (effect, after) {
            (Effect::Declined { code, firmness, .. } | Effect::CaptureDeclined { code, firmness, .. }, _) => {
                return Ok(declined(code, *firmness).into());
            }
            (Effect::Cancelled { .. }, _) => return Ok(rules::nothing_stands()),
            (Effect::Authorized(_) | Effect::ActionRequired { .. }, Some(after)) => {
                (201, Object::Authorization(after))
            }
            (Effect::ActionPassed(_) | Effect::ActionFailed { .. } | Effect::Expired(_), Some(after)) => {
                (200, Object::Authorization(after))
            }
            (Effect::DisputeOpened { .. } | Effect::DisputeDecided { .. }, Some(after)) => {
                let dispute = after.dispute.ok_or_else(impossible)?;
                (if dispute.status == DisputeStatus::Opened { 201 } else { 200 }, Object::Dispute(*dispute))
            }
            (Effect::Captured { moved, .. }, Some(authorization)) => {
                let amount_minor = moved.amount_minor;
                (201, Object::Capture { id: CaptureId::made_by(key), amount_minor, authorization })
            }
            (Effect::Voided(moved), authorization) => {
                (200, Object::Void { released_minor: moved.amount_minor, authorization })
            }
            (Effect::Refunded(moved), Some(authorization)) => {
                let amount_minor = moved.amount_minor;
                (201, Object::Refund { id: derived("refund", key), amount_minor, authorization })
            }
            (_, None) => return Err(impossible()),
        };
        Ok(Response::of(status, &object))
    }
}
