//! Why the simulated provider refuses.

use serde::{Deserialize, Serialize};

use super::wire::Firmness;

peers::slugs! {
    "simulated-provider", Word;
    /// The issuer said no.
    CardDeclined = ("card-declined", 402);
    /// No such authorization.
    AuthorizationNotFound = ("authorization-not-found", 404);
    /// The key was cancelled before anything came under it: nothing will ever be executed under it.
    OperationCancelled = ("operation-cancelled", 422);
    /// Only authorizations can be cancelled by key.
    NotCancellable = ("operation-not-cancellable", 422);
    /// Money was taken: a refund is what gives it back.
    AlreadyCaptured = ("already-captured", 422);
    /// Nothing is held yet that could be captured.
    NotCapturable = ("not-capturable", 422);
    /// The hold was released: nothing was captured, nor will be.
    AuthorizationVoided = ("authorization-voided", 422);
    /// The hold has run out: nothing was captured, nor will be.
    AuthorizationExpired = ("authorization-expired", 422);
    /// More than is left to capture or to give back.
    AmountTooLarge = ("amount-too-large", 422);
    /// The authorization does not wait for its customer.
    ActionNotPending = ("action-not-pending", 422);
    /// The customer contests the payment: nothing is given back until that is decided.
    PaymentDisputed = ("payment-disputed", 422);
    /// The customer contested the payment and won: the money is gone already.
    ChargedBack = ("charged-back", 422);
    /// No such capture.
    CaptureNotFound = ("capture-not-found", 404);
    /// No such dispute.
    DisputeNotFound = ("dispute-not-found", 404);
    /// Nothing is left to contest, or it was contested before.
    NotContestable = ("not-contestable", 422);
    /// The dispute was decided before.
    DisputeDecided = ("dispute-decided", 422);
}

/// The issuer's word, for [`Slug::CardDeclined`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Word {
    /// What it says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// How final that is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decline: Option<Firmness>,
}

/// A refusal, before it becomes bytes and after it was read from them.
pub type Problem = peers::Problem<Slug>;

pub(super) fn declined(code: &str, firmness: Firmness) -> Problem {
    let word = Word { code: Some(code.to_owned()), decline: Some(firmness) };
    Problem::new(Slug::CardDeclined, format!("the simulated issuer declined: {code}")).with(word)
}

#[cfg(test)]
mod tests {
    use peers::wire::Response;

    use super::*;

    #[test]
    fn every_refusal_can_be_read_back() {
        for slug in Slug::ALL {
            let problem = Problem::new(*slug, "why");
            let response = Response::from(problem.clone());
            assert_eq!(response.status, slug.status());
            assert_eq!(Problem::decode(&response.body), Some(problem));
        }
        let declined = declined("stolen_card", Firmness::Hard);
        assert_eq!(Problem::decode(&Response::from(declined.clone()).body), Some(declined));
    }

    #[test]
    fn somebody_elses_problem_is_not_ours() {
        assert_eq!(Problem::decode(r#"{"type":"about:blank","title":"x","status":404,"detail":""}"#), None);
        assert_eq!(Problem::decode("<html>"), None);
    }
}
