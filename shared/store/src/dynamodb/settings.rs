//! Which table, and how it is used.

use std::time::Duration;

/// How the table is used.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The table that holds everything: what lies in another one is another store. 3 to 255 letters, digits, `_`, `-`
    /// and `.`.
    pub table: String,
    /// Makes the table if it is missing, and lets it forget what expired. In production Terraform makes it, and the
    /// program has no right to.
    pub creates: bool,
    /// Indexes in which nearly all entries have one partition, such as all that is due: spread over 16 keys, as one key
    /// takes 1,000 writes a second. Noted when an index is used for the first time; a change later changes new ones only.
    pub spread: Vec<String>,
    /// Requests at once, 1 to 1,000; each has a connection.
    pub requests: usize,
    /// How long anything is waited for.
    pub waits: Waits,
    /// Expired items stay so much longer, so that a caller whose clock is behind does not lose what it may still see.
    pub purge_grace: Duration,
}

/// Bounds on every wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waits {
    /// For a request to be among those that are under way.
    pub turn: Duration,
    /// For the answer to one request. Then it is lost, and asked again.
    pub answer: Duration,
    /// For a table that is being made.
    pub table: Duration,
}

impl Waits {
    /// An interactive caller is still there after the first two; a table takes some ten seconds.
    pub const USUAL: Self = Self {
        turn: Duration::from_secs(5),
        answer: Duration::from_secs(5),
        table: Duration::from_secs(120),
    };
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            table: "banyan".to_owned(),
            creates: true,
            spread: [crate::Record::PENDING, "due"].map(str::to_owned).to_vec(),
            requests: 64,
            waits: Waits::USUAL,
            purge_grace: Duration::from_secs(600),
        }
    }
}

/// Why settings are refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// The name of the table.
    #[error("a DynamoDB table has a name of 3 to 255 letters, digits, `_`, `-` and `.`, such as banyan")]
    Table,
    /// The number of requests.
    #[error("a DynamoDB store has 1 to 1000 requests at once, such as 64")]
    Requests,
}

impl Settings {
    pub(super) fn check(&self) -> Result<(), SettingsError> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
        if !(3..=255).contains(&self.table.len()) || !self.table.bytes().all(is_plain) {
            return Err(SettingsError::Table);
        }
        if !(1..=1_000).contains(&self.requests) {
            return Err(SettingsError::Requests);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Settings, SettingsError};

    #[test]
    fn table_and_requests_have_bounds() {
        assert_eq!(Settings::default().check(), Ok(()));
        for table in ["", "ab", "a b", "shop/1", "ä23"] {
            let settings = Settings { table: table.to_owned(), ..Settings::default() };
            assert_eq!(settings.check(), Err(SettingsError::Table), "{table}");
        }
        let long = Settings { table: "a".repeat(256), ..Settings::default() };
        assert_eq!(long.check(), Err(SettingsError::Table));
        for requests in [0, 1_001] {
            let settings = Settings { requests, ..Settings::default() };
            assert_eq!(settings.check(), Err(SettingsError::Requests));
        }
    }
}
