//! What a failure of the endpoint means for a caller.

use std::error::Error;
use std::time::Duration;

use aws_sdk_sqs::error::{ProvideErrorMetadata, SdkError};

use store::chain;

use crate::{Outage, OutageKind, World};

/// What a call that failed can be told apart by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sort {
    /// What was asked for is not there.
    Missing,
    /// Somebody else changed the same thing meanwhile.
    Beaten,
    /// What was sent is not accepted, and never will be.
    Invalid,
    /// Asked too often.
    Throttled,
    /// The role, the credentials or the configuration: a person has to change it.
    Denied,
    /// No answer, or none that says what happened.
    Unanswered,
}

/// A call that failed.
#[derive(Debug)]
pub(super) struct Failed {
    pub(super) sort: Sort,
    pub(super) outage: Outage,
}

impl Failed {
    /// There is no queue by this name.
    pub(super) fn no_queue(name: &str) -> Self {
        let detail = format!("aws: the account has no queue {name}");
        Self { sort: Sort::Missing, outage: Outage { kind: OutageKind::Undeclared, detail } }
    }
}

/// The failure of `action` (as a role's policy calls it) on `resource`.
pub(super) fn failed<E, R>(action: &str, resource: &str, error: &SdkError<E, R>) -> Failed
where
    E: ProvideErrorMetadata + Error + 'static,
    R: std::fmt::Debug,
{
    let code = error.code().unwrap_or_default();
    let sort = match error {
        SdkError::ConstructionFailure(_) => Sort::Denied,
        // Neither the way there nor the time: nobody could sign it, or no endpoint is known.
        SdkError::DispatchFailure(failure)
            if failure.is_user() || failure.is_other() && failure.as_other().is_none() =>
        {
            Sort::Denied
        }
        SdkError::ServiceError(_) => sort(code),
        _ => Sort::Unanswered,
    };
    let why = match error {
        SdkError::ServiceError(service) => said(code, service.err().message()),
        _ => chain(error),
    };
    let advice = advice(sort, action, code);
    let kind = match sort {
        Sort::Missing => OutageKind::Undeclared,
        Sort::Throttled => OutageKind::Throttled,
        Sort::Unanswered => OutageKind::Unreachable,
        Sort::Beaten | Sort::Invalid | Sort::Denied => OutageKind::Broken,
    };
    Failed { sort, outage: Outage { kind, detail: format!("aws: {action} on {resource}: {why}{advice}") } }
}

/// A failure that no call had.
pub(super) fn broken(detail: String) -> Outage {
    Outage { kind: OutageKind::Broken, detail: format!("aws: {detail}") }
}

/// What a person does about it.
fn advice(sort: Sort, action: &str, code: &str) -> String {
    match sort {
        Sort::Denied if code.starts_with("AccessDenied") || code.starts_with("AuthorizationError") => {
            format!(": let the role of this process do {action} there")
        }
        Sort::Denied => {
            ": check region and credentials (environment, profile, web identity, container or instance)"
                .to_owned()
        }
        _ => String::new(),
    }
}

/// What an error code, of a call or of one entry of a batch, says. Codes have two spellings, by protocol.
pub(super) fn sort(code: &str) -> Sort {
    let code = code.rsplit('.').next().unwrap_or(code);
    match code {
        "NonExistentQueue" | "QueueDoesNotExist" | "NotFound" | "NotFoundException" => Sort::Missing,
        "QueueNameExists" | "QueueAlreadyExists" => Sort::Beaten,
        // A queue's name is free again a minute after it was deleted, which is a matter of waiting.
        "QueueDeletedRecently" | "OverLimit" | "RequestThrottled" | "TooManyRequestsException" => {
            Sort::Throttled
        }
        _ if code.contains("Throttl") => Sort::Throttled,
        "InternalError" | "InternalFailure" | "InternalErrorException" | "ServiceUnavailable" | "" => {
            Sort::Unanswered
        }
        "UnrecognizedClientException"
        | "InvalidClientTokenId"
        | "SignatureDoesNotMatch"
        | "InvalidSecurity"
        | "IncompleteSignature"
        | "MissingAuthenticationToken"
        | "OptInRequired"
        | "NotAuthorized" => Sort::Denied,
        _ if ["AccessDenied", "AuthorizationError", "ExpiredToken", "Kms", "KMS"]
            .iter()
            .any(|c| code.starts_with(c)) =>
        {
            Sort::Denied
        }
        _ => Sort::Invalid,
    }
}

/// What the endpoint said, in one line.
pub(super) fn said(code: &str, message: Option<&str>) -> String {
    match (code, message) {
        ("", None) => "it gave no reason".to_owned(),
        ("", Some(message)) => message.to_owned(),
        (code, None) => code.to_owned(),
        (code, Some(message)) => format!("{code}: {message}"),
    }
}

/// Something between half of `about` and one and a half of it, so that those who wait for the same do not meet again.
pub(super) fn jitter(world: &dyn World, about: Duration) -> Duration {
    let micros = u64::try_from(about.as_micros()).unwrap_or(u64::MAX).max(1);
    about / 2 + Duration::from_micros(world.next_u64() % micros)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_means_the_same_in_both_spellings() {
        for code in ["QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue", "NotFound"] {
            assert_eq!(sort(code), Sort::Missing, "{code}");
        }
        for code in ["ThrottlingException", "Throttled", "Throttling", "RequestThrottled", "OverLimit"] {
            assert_eq!(sort(code), Sort::Throttled, "{code}");
        }
        for code in ["AccessDenied", "AccessDeniedException", "KmsAccessDenied", "ExpiredTokenException"] {
            assert_eq!(sort(code), Sort::Denied, "{code}");
        }
        for code in
            ["InvalidMessageContents", "InvalidParameterValue", "AWS.SimpleQueueService.BatchRequestTooLong"]
        {
            assert_eq!(sort(code), Sort::Invalid, "{code}");
        }
    }
}
