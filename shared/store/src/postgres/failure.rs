//! What the server or the network said, as what a caller does about it.

use tokio_postgres::error::{DbError, Severity, SqlState};

use super::settings::SettingsError;
use crate::failure::{Outage, OutageKind, chain};

/// Why a store could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The settings are wrong; says what to write.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// A newer build has changed the tables.
    #[error(
        "schema {schema:?} has layout {found}, and this build knows layouts up to {known}; run a newer build"
    )]
    Newer {
        /// Which schema.
        schema: String,
        /// Its layout.
        found: i32,
        /// The newest layout that this build knows.
        known: i32,
    },
    /// The database does not keep text as UTF-8.
    #[error("the database keeps text as {found}; make one with ENCODING 'UTF8'")]
    Encoding {
        /// What it keeps text as.
        found: String,
    },
    /// The certificates to trust cannot be read.
    #[error("the certificates in {} cannot be read", path.display())]
    Certificates {
        /// The file that the URL names.
        path: std::path::PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// TLS cannot be set up.
    #[error("TLS cannot be set up")]
    Tls(#[source] rustls::Error),
    /// The server cannot be reached, or refuses us. It may be well again in a moment.
    #[error(transparent)]
    Outage(#[from] Outage),
}

/// How a call ended that brought no rows.
#[derive(Debug)]
pub(super) enum Failure {
    /// The server refused the statement: certainly nothing of it was applied.
    Refused(Box<DbError>),
    /// Nobody knows what became of it.
    Lost(String),
}

impl Failure {
    /// Only what the server calls an error is one: after `FATAL` the session is gone, at whatever point it was.
    pub(super) fn of(error: &tokio_postgres::Error) -> Self {
        match error.as_db_error() {
            Some(refusal) if refusal.parsed_severity() == Some(Severity::Error) => {
                Self::Refused(Box::new(refusal.clone()))
            }
            _ => Self::Lost(chain(error)),
        }
    }

    pub(super) fn outage(self) -> Outage {
        match self {
            Self::Refused(refusal) => outage_of(&refusal),
            Self::Lost(why) => Outage::new(OutageKind::Unreachable, why),
        }
    }
}

/// Why a connection could not be made.
pub(super) fn unconnected(error: &tokio_postgres::Error) -> Outage {
    match error.as_db_error() {
        Some(refusal) => outage_of(refusal),
        None => Outage::new(OutageKind::Unreachable, chain(error)),
    }
}

fn outage_of(refusal: &DbError) -> Outage {
    Outage::new(kind_of(refusal.code()), format!("{} ({})", refusal.message(), refusal.code().code()))
}

/// By the classes of PostgreSQL's appendix A (version 15). What is not listed is broken: a person should look.
fn kind_of(state: &SqlState) -> OutageKind {
    match state.code() {
        "53100" => OutageKind::Full,
        // Out of memory, of connections, of another bound; a statement or a lock that took too long.
        "53000" | "53200" | "53300" | "53400" | "57014" | "55P03" => OutageKind::Throttled,
        // Going down or coming up; a standby after a fail-over.
        "57P01" | "57P02" | "57P03" | "57P05" | "25006" => OutageKind::Unreachable,
        code if code.starts_with("08") => OutageKind::Unreachable,
        _ => OutageKind::Broken,
    }
}

/// All pool connections are busy, the pool is closed, and the like.
pub(super) fn closed() -> Outage {
    Outage::new(OutageKind::Unreachable, "the store was closed")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_state_is_the_outage_that_a_caller_can_do_something_about() {
        for (code, want) in [
            ("53100", OutageKind::Full),
            ("53300", OutageKind::Throttled),
            ("57014", OutageKind::Throttled),
            ("55P03", OutageKind::Throttled),
            ("57P03", OutageKind::Unreachable),
            ("08006", OutageKind::Unreachable),
            ("58030", OutageKind::Broken),
            ("XX001", OutageKind::Broken),
            ("28P01", OutageKind::Broken),
            ("42P01", OutageKind::Broken),
        ] {
            assert_eq!(kind_of(&SqlState::from_code(code)), want, "{code}");
        }
    }
}
