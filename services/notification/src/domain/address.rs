//! Where a message goes. Printed nowhere.

use std::fmt;

use contracts::MessageId;
use contracts::card;
use serde::{Deserialize, Serialize};

/// The longest address that mail can carry (RFC 5321, 4.5.3.1.3: a path of 256 with its brackets).
const MAX_BYTES: usize = 254;

/// The longest part before the at sign (RFC 5321, 4.5.3.1.1).
const MAX_LOCAL_BYTES: usize = 64;

/// An e-mail address that a mail server may be asked to deliver to. Its `Debug` shows nothing.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Address(String);

/// The text is not an address. Does not repeat it: it is somebody's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an e-mail address must be like name@example.org, with at most {MAX_BYTES} bytes")]
pub struct NotAnAddress;

impl Address {
    /// Takes `text` without the blanks around it.
    ///
    /// Quoted local parts and addresses beyond ASCII are refused: shops do not collect them, and what is between the
    /// quotes could be a second header.
    ///
    /// # Errors
    /// [`NotAnAddress`].
    pub fn new(text: &str) -> Result<Self, NotAnAddress> {
        let text = text.trim();
        let (local, domain) = text.split_once('@').ok_or(NotAnAddress)?;
        let is_local = (1..=MAX_LOCAL_BYTES).contains(&local.len())
            && local.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.".contains(&b));
        let is_label =
            |label: &str| !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        let is_domain = domain.contains('.') && domain.split('.').all(is_label);
        if is_local && is_domain && text.len() <= MAX_BYTES && !card::in_text(text) {
            return Ok(Self(text.to_owned()));
        }
        Err(NotAnAddress)
    }

    /// The text, for the wire.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Enough to recognise one's own and too little to write to: `a***@example.org`.
    #[must_use]
    pub fn masked(&self) -> String {
        let (local, domain) = self.0.split_once('@').unwrap_or_default();
        format!("{}***@{domain}", local.chars().take(1).collect::<String>())
    }

    /// Names the address without being it; the same however it is capitalised.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        MessageId::named(&["address", &self.0.to_ascii_lowercase()]).0.simple().to_string()
    }
}

impl TryFrom<String> for Address {
    type Error = NotAnAddress;

    fn try_from(text: String) -> Result<Self, NotAnAddress> {
        Self::new(&text)
    }
}

impl From<Address> for String {
    fn from(address: Address) -> Self {
        address.0
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Address(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_mail_cannot_carry_is_no_address() {
        for good in ["ada@example.org", " Ada.Byron+shop@mail.example.co.uk ", "o'neil@example.ie"] {
            assert!(Address::new(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "ada",
            "@example.org",
            "ada@",
            "ada@localhost",
            "ada@example..org",
            "a b@example.org",
            "ada@example.org\r\nBcc: eve@example.org",
            "ada@eve@example.org",
            "\"ada\"@example.org",
            "4242424242424242@example.org",
            &format!("{}@example.org", "a".repeat(65)),
            &format!("a@{}.org", "b".repeat(250)),
        ] {
            assert_eq!(Address::new(bad), Err(NotAnAddress), "{bad:?}");
        }
    }

    #[test]
    fn an_address_is_shown_in_part_and_printed_not_at_all() {
        let address = Address::new("Ada@Example.org").unwrap();
        assert_eq!(address.masked(), "A***@Example.org");
        assert!(!format!("{address:?}").contains("xample"));
        assert_eq!(address.fingerprint(), Address::new("ada@example.ORG").unwrap().fingerprint());
        assert_ne!(address.fingerprint(), Address::new("bob@example.org").unwrap().fingerprint());
        assert!(!address.fingerprint().contains('@'));
    }
}
