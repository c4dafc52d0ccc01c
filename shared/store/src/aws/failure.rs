//! What a service of AWS or the network said, as what a caller does about it.

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use crate::failure::{Outage, OutageKind, chain};

/// How a request ended that brought no answer to what was asked.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Certainly nothing was done: it never left, or was refused.
    Refused(Refusal),
    /// A transaction of DynamoDB was cancelled: certainly nothing was done. A code for each of its items.
    Cancelled(Vec<String>),
    /// Nobody knows whether it was done, or will be in a moment.
    Lost(Outage),
}

/// What was refused, and why.
#[derive(Debug)]
pub(crate) struct Refusal {
    /// The service's word for it; empty when the request never left.
    pub code: String,
    pub outage: Outage,
}

impl Failure {
    /// `was_sent`: a request that was not even begun to be sent is certainly not done.
    pub(crate) fn of<E>(error: &SdkError<E, HttpResponse>, was_sent: bool) -> Self
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        let SdkError::ServiceError(said) = error else {
            let outage = Outage::new(OutageKind::Unreachable, chain(error));
            if was_sent && !is_unconnected(error) {
                return Self::Lost(outage);
            }
            return Self::Refused(Refusal { code: String::new(), outage });
        };
        let status = said.raw().status().as_u16();
        let code = said.err().code().unwrap_or("no code");
        let told = format!("{code} ({status}): {}", said.err().message().unwrap_or("no message"));
        let outage = Outage::new(kind_of(code, status), told);
        // Of what is in progress under the same token nobody knows yet what becomes; and S3 may begin to answer with 200,
        // and then say that it failed.
        if !(300..500).contains(&status) || code == "TransactionInProgressException" {
            return Self::Lost(outage);
        }
        Self::Refused(Refusal { code: code.to_owned(), outage })
    }

    /// No turn came, or the store was closed: nothing was sent.
    pub(crate) fn unsent(kind: OutageKind, why: impl Into<String>) -> Self {
        Self::Refused(Refusal { code: String::new(), outage: Outage::new(kind, why) })
    }

    /// Whether the same may be answered in a moment.
    pub(crate) fn passes(&self) -> bool {
        match self {
            Self::Lost(_) => true,
            Self::Cancelled(_) => false,
            Self::Refused(refusal) => {
                refusal.outage.kind == OutageKind::Throttled && !refusal.code.is_empty()
            }
        }
    }

    pub(crate) fn outage(self) -> Outage {
        match self {
            Self::Refused(Refusal { outage, .. }) | Self::Lost(outage) => outage,
            Self::Cancelled(codes) => {
                Outage::new(OutageKind::Broken, format!("cancelled: {}", codes.join(", ")))
            }
        }
    }
}

/// Whether no connection was made: the HTTP client says so in words only. Words that are not found make a failure
/// lost, which is the careful answer.
fn is_unconnected(error: &dyn std::error::Error) -> bool {
    let mut cause = Some(error);
    while let Some(one) = cause {
        if one.to_string() == "client error (Connect)" {
            return true;
        }
        cause = one.source();
    }
    false
}

/// By the pages on errors of DynamoDB ("Error handling"), S3 ("Error responses") and KMS ("Common errors", 2026). What is not
/// listed is broken: a person should look.
fn kind_of(code: &str, status: u16) -> OutageKind {
    match code {
        "ProvisionedThroughputExceededException"
        | "ThrottlingException"
        | "Throttling"
        | "RequestLimitExceeded"
        | "LimitExceededException"
        | "TransactionInProgressException"
        | "SlowDown"
        | "OperationAborted" => OutageKind::Throttled,
        "ServiceUnavailable"
        | "ServiceUnavailableException"
        | "RequestTimeout"
        | "DependencyTimeoutException" => OutageKind::Unreachable,
        _ if matches!(status, 502..=504) => OutageKind::Unreachable,
        _ => OutageKind::Broken,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_code_is_the_outage_that_a_caller_can_do_something_about() {
        for (code, status, want) in [
            ("ProvisionedThroughputExceededException", 400, OutageKind::Throttled),
            ("ThrottlingException", 400, OutageKind::Throttled),
            ("RequestLimitExceeded", 400, OutageKind::Throttled),
            ("SlowDown", 503, OutageKind::Throttled),
            ("RequestTimeout", 400, OutageKind::Unreachable),
            ("ServiceUnavailable", 503, OutageKind::Unreachable),
            ("no code", 502, OutageKind::Unreachable),
            ("InternalServerError", 500, OutageKind::Broken),
            ("AccessDeniedException", 400, OutageKind::Broken),
            ("ResourceNotFoundException", 400, OutageKind::Broken),
            ("ValidationException", 400, OutageKind::Broken),
        ] {
            assert_eq!(kind_of(code, status), want, "{code}");
        }
    }
}
