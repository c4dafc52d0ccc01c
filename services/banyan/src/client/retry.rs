//! A write that is sent until it is answered: always the same bytes under the same key, so that it is done once.

use std::time::Duration;

use bytes::Bytes;
use runtime::Env;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Client, Error, JSON};

/// The first pause; it doubles, with full jitter.
const PAUSE: Duration = Duration::from_millis(100);
/// The longest pause, also when the server asks for a longer one.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// A write that can be sent again.
#[derive(Debug, Clone)]
pub struct Write {
    /// Where to.
    pub path: String,
    /// The `Idempotency-Key`; without one the body itself must say what is the same.
    pub key: Option<String>,
    /// The media type of the body.
    pub media: &'static str,
    /// What.
    pub body: Bytes,
}

/// How long to go on trying.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// No new try after this long.
    pub total: Duration,
    /// Also while nothing listens at all. Somebody who waits at a terminal wants to know that at once.
    pub is_unreachable_too: bool,
}

impl Patience {
    /// For one command that somebody waits for.
    pub const PERSON: Self = Self { total: Duration::from_secs(10), is_unreachable_too: false };
    /// For one write of many.
    pub const BULK: Self = Self { total: Duration::from_secs(120), is_unreachable_too: true };

    fn covers(self, error: &Error, waited: Duration) -> bool {
        let is_absent = matches!(error, Error::Unreachable(_));
        waited < self.total && error.is_passing() && (self.is_unreachable_too || !is_absent)
    }
}

impl Write {
    /// `body` as JSON.
    #[must_use]
    pub fn json(path: impl Into<String>, key: Option<String>, body: &impl Serialize) -> Self {
        // What we send are values and structs with text keys: they can always be written.
        let body = serde_json::to_vec(body).unwrap_or_default().into();
        Self { path: path.into(), key, media: JSON, body }
    }
}

impl Client {
    /// Sends `write` until there is an answer, or `patience` is at its end.
    ///
    /// # Errors
    /// The last [`Error`].
    pub async fn post_until_answered<T: DeserializeOwned>(
        &self,
        write: &Write,
        env: &Env,
        patience: Patience,
    ) -> Result<T, Error> {
        super::parse(&self.until_answered(write, env, patience).await?)
    }

    /// The same where the answer is for nobody to read, such as a page.
    ///
    /// # Errors
    /// The last [`Error`].
    pub async fn deliver_until_answered(
        &self,
        write: &Write,
        env: &Env,
        patience: Patience,
    ) -> Result<(), Error> {
        self.until_answered(write, env, patience).await.map(drop)
    }

    async fn until_answered(&self, write: &Write, env: &Env, patience: Patience) -> Result<Bytes, Error> {
        let begun = env.now();
        let mut attempt = 0;
        loop {
            let error = match self.deliver(write).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            if !patience.covers(&error, env.now().since(begun)) {
                return Err(error);
            }
            let pause = env.jitter(PAUSE, attempt, LONGEST_PAUSE);
            let pause = error.retry_after().map_or(pause, |wanted| wanted.min(LONGEST_PAUSE).max(pause));
            tracing::debug!(path = write.path, error = %error, "sending again");
            env.clock.sleep(pause).await;
            attempt += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use runtime::Problem;

    use super::*;

    #[test]
    fn patience_covers_what_passes_and_ends() {
        let refused = |status| Error::Refused(Box::new(Problem::new(status, "x", "X", "x")));
        let (soon, late) = (Duration::ZERO, Duration::from_secs(3_600));
        assert!(Patience::PERSON.covers(&refused(503), soon));
        assert!(!Patience::PERSON.covers(&refused(503), late));
        assert!(!Patience::PERSON.covers(&refused(422), soon));
        assert!(!Patience::PERSON.covers(&Error::Unreachable(String::new()), soon));
        assert!(Patience::BULK.covers(&Error::Unreachable(String::new()), soon));
    }
}
