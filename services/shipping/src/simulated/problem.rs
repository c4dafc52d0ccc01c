//! Why the simulated carrier refuses.

use contracts::Timestamp;
use serde::{Deserialize, Serialize};

peers::slugs! {
    "simulated-carrier", Since;
    /// No such parcel.
    ParcelNotFound = ("parcel-not-found", 404);
    /// The carrier has the parcel: its label cannot be taken back.
    AlreadyHandedOver = ("already-handed-over", 409);
    /// Nobody can deliver there. Nothing was booked, and nothing will be under this key.
    AddressUnknown = ("address-unknown", 422);
    /// The key was cancelled before anything came under it: nothing will ever be executed under it.
    OperationCancelled = ("operation-cancelled", 422);
    /// Only bookings can be cancelled by key.
    NotCancellable = ("operation-not-cancellable", 422);
    /// The label was taken back.
    LabelVoided = ("label-voided", 422);
    /// A parcel that comes back is not handed over by the merchant.
    NotOutbound = ("not-outbound", 422);
}

/// What a refusal carries.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Since {
    /// Since when, for [`Slug::AlreadyHandedOver`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
}

/// A refusal, before it becomes bytes and after it was read from them.
pub type Problem = peers::Problem<Slug>;

#[cfg(test)]
mod tests {
    use peers::wire::Response;

    use super::*;

    #[test]
    fn every_refusal_can_be_read_back_and_somebody_elses_is_not_ours() {
        for slug in Slug::ALL {
            let problem = Problem::new(*slug, "why").with(Since { since: Some(Timestamp::EPOCH) });
            let response = Response::from(problem.clone());
            assert_eq!(response.status, slug.status());
            assert_eq!(Problem::decode(&response.body), Some(problem));
        }
        assert_eq!(Problem::decode(r#"{"type":"about:blank","title":"x","status":404,"detail":""}"#), None);
        assert_eq!(Problem::decode("<html>"), None);
    }
}
