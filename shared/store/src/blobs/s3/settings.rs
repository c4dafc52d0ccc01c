//! Which bucket, and how it is used.

use std::time::Duration;

/// How the bucket is used.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The bucket: 3 to 63 lower-case letters, digits and `-`, one of all in the world.
    pub bucket: String,
    /// What the names of our objects begin with, such as `banyan/blobs/`; what does not is not ours. Shops that share a bucket
    /// have one each.
    pub folder: String,
    /// The account whose bucket it must be, so that nobody gets our blobs who took the name first.
    pub owner: Option<String>,
    /// Makes the bucket if it is missing, and its rule. In production Terraform makes them, and the program has no right to.
    pub creates: bool,
    /// Blobs stay so many days at least after they were written or renewed last.
    pub kept_days: i32,
    /// Requests at once, 1 to 1,000; each has a connection.
    pub requests: usize,
    /// How long a request waits to be among those that are under way.
    pub turn: Duration,
    /// How long the answer to one request is waited for. Then it is lost, and asked again.
    pub answer: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            bucket: String::new(),
            folder: "banyan/blobs/".to_owned(),
            owner: None,
            creates: true,
            kept_days: 30,
            requests: 64,
            turn: Duration::from_secs(5),
            // A blob has 4 MB, and not every line is fast.
            answer: Duration::from_secs(15),
        }
    }
}

/// Why settings are refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// The name of the bucket.
    #[error(
        "a bucket has a name of 3 to 63 of a to z, 0 to 9 and -, a letter or digit at both ends, such as banyan-blobs"
    )]
    Bucket,
    /// The number of requests.
    #[error("blobs in S3 have 1 to 1000 requests at once, such as 64")]
    Requests,
}

impl Settings {
    /// What the rule is called by which blobs expire: after the folder.
    #[must_use]
    pub fn rule(&self) -> String {
        self.folder.trim_end_matches('/').replace('/', "-")
    }

    pub(super) fn check(&self) -> Result<(), SettingsError> {
        let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let bytes = self.bucket.as_bytes();
        let ends = [bytes.first(), bytes.last()];
        if !(3..=63).contains(&bytes.len())
            || !bytes.iter().all(|byte| is_plain(*byte) || *byte == b'-')
            || !ends.into_iter().all(|end| end.is_some_and(|byte| is_plain(*byte)))
        {
            return Err(SettingsError::Bucket);
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
    fn bucket_and_requests_have_bounds() {
        let named = |bucket: &str| Settings { bucket: bucket.to_owned(), ..Settings::default() };
        assert_eq!(named("banyan-1").check(), Ok(()));
        let long = "a".repeat(64);
        for bucket in ["", "ab", "a_b", "Shop", "-shop", "shop-", "shop/blobs", long.as_str()] {
            assert_eq!(named(bucket).check(), Err(SettingsError::Bucket), "{bucket}");
        }
        for requests in [0, 1_001] {
            assert_eq!(Settings { requests, ..named("shop") }.check(), Err(SettingsError::Requests));
        }
    }
}
