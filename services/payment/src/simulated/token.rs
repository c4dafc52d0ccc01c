//! Payment tokens of the simulated provider. What a token is called decides what happens to it.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::faults::Mishap;
use super::ledger::{AUTHORIZATION_LIFETIME, Fate, Verdict};
use super::wire::Firmness;

/// A stand-in for a card: `tok_` and 1 to 60 of a-z, 0-9 and `_`. No card number has this shape.
///
/// | token | what happens |
/// |---|---|
/// | `tok_declined`, `tok_stolen` | declined, hard: never try again |
/// | `tok_insufficient_funds` | declined, soft |
/// | `tok_3ds`, `tok_3ds_fails` | the customer must authenticate; the second never passes |
/// | `tok_capture_declined` | held; the capture is declined, hard |
/// | `tok_expires` | held for 20 s; the payment's next authorization holds as usual |
/// | `tok_expires_declined` | held for 20 s; the payment's next authorization is declined |
/// | `tok_disputed` | contested 10 s after the capture, decided 20 s later: won by the merchant |
/// | `tok_disputed_lost` | likewise: lost to the customer |
/// | `tok_timeout_before`, `tok_timeout_after` | the first request is not answered; the second form executed it |
/// | `tok_reset_before`, `tok_reset_after` | likewise, with the connection reset |
/// | `tok_5xx_before`, `tok_5xx_after` | likewise, with status 500 |
/// | `tok_unreadable` | executed; the first answer is cut in the middle |
/// | `tok_busy`, `tok_throttled` | not executed; the first answer is 409 in progress, or 429 |
/// | `tok_slow` | executed; the first answer is late |
/// | any other | approved, unless the dice say otherwise |
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Token(String);

/// How long a hold by `tok_expires` lasts: long enough to capture it by hand, and short enough to wait for its end.
const SHORT_LIFETIME: Duration = Duration::from_secs(20);

/// The text is not a token. Says nothing of the text: it may be a card number that somebody sent by mistake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("token must be tok_ and 1 to 60 of a-z, 0-9 and _; the simulated provider takes no card data")]
pub struct MalformedToken;

impl Token {
    /// The outcome that the token fixes; `None` leaves it to the dice.
    #[must_use]
    pub fn verdict(&self) -> Option<Verdict> {
        let declined = |code: &str, firmness| Some(Verdict::Decline { code: code.to_owned(), firmness });
        match self.0.as_str() {
            "tok_declined" => declined("do_not_honor", Firmness::Hard),
            "tok_stolen" => declined("stolen_card", Firmness::Hard),
            "tok_insufficient_funds" => declined("insufficient_funds", Firmness::Soft),
            "tok_3ds" => Some(Verdict::Challenge { passes: true }),
            "tok_3ds_fails" => Some(Verdict::Challenge { passes: false }),
            _ if self.fate().is_some() || self.is_short_lived() => Some(Verdict::Approve),
            _ => None,
        }
    }

    /// What becomes of the capture; `None` leaves it to the dice.
    pub(super) fn fate(&self) -> Option<Fate> {
        match self.0.as_str() {
            "tok_capture_declined" => Some(Fate::CaptureDeclined),
            "tok_disputed" => Some(Fate::Disputed),
            "tok_disputed_lost" => Some(Fate::DisputedLost),
            _ => None,
        }
    }

    /// Whether the first hold of a payment runs out soon.
    pub(super) fn is_short_lived(&self) -> bool {
        matches!(self.0.as_str(), "tok_expires" | "tok_expires_declined")
    }

    /// Whether a payment that was held before is declined.
    pub(super) fn holds_once(&self) -> bool {
        self.0 == "tok_expires_declined"
    }

    /// How long a hold lasts.
    pub(super) fn lifetime(&self, is_repeated: bool) -> Duration {
        if self.is_short_lived() && !is_repeated { SHORT_LIFETIME } else { AUTHORIZATION_LIFETIME }
    }

    /// What goes wrong with the first request that carries the token.
    #[must_use]
    pub fn mishap(&self) -> Option<Mishap> {
        Mishap::ALL.iter().copied().find(|mishap| self.0.strip_prefix("tok_") == Some(mishap.as_str()))
    }
}

impl TryFrom<String> for Token {
    type Error = MalformedToken;

    fn try_from(text: String) -> Result<Self, MalformedToken> {
        let is_token = text.strip_prefix("tok_").is_some_and(|name| {
            (1..=60).contains(&name.len())
                && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
        });
        if is_token { Ok(Self(text)) } else { Err(MalformedToken) }
    }
}

impl From<Token> for String {
    fn from(token: Token) -> Self {
        token.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_number_is_no_token_and_is_not_repeated() {
        for bad in ["4242424242424242", "tok_", "tok_A", "tok-ok", &format!("tok_{}", "a".repeat(61))] {
            let error = Token::try_from(bad.to_owned()).unwrap_err().to_string();
            assert!(!error.contains("4242"), "{error}");
        }
    }

    #[test]
    fn every_mishap_has_its_token() {
        for mishap in Mishap::ALL {
            let token = Token::try_from(format!("tok_{}", mishap.as_str())).unwrap();
            assert_eq!(token.mishap(), Some(*mishap));
            assert_eq!(token.verdict(), None);
        }
        assert_eq!(Token::try_from("tok_ok".to_owned()).unwrap().mishap(), None);
    }
}
