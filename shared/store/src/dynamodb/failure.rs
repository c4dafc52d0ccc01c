//! Why a table cannot be used.

use super::settings::SettingsError;
use crate::failure::Outage;

/// Why a store could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The settings are wrong; says what to write.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// There is such a table, and it is not one of ours.
    #[error(
        "the table {table} is not one of this program: {what}; name another one, or make it as docs/backends.md says"
    )]
    Shape {
        /// Which table.
        table: String,
        /// What is different.
        what: String,
    },
    /// DynamoDB cannot be reached, or refuses us. It may be well again in a moment.
    #[error(transparent)]
    Outage(#[from] Outage),
}
