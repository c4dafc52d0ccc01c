//! Names in the simulated mailbox's world. Callers choose keys; everything else begins with `sim_`.

use contracts::MessageId;

/// Why a text is not a name of the kind asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{kind} must be {must}")]
pub struct MalformedId {
    kind: &'static str,
    must: &'static str,
}

macro_rules! names {
    ($($(#[$doc:meta])* $name:ident($kind:literal, $must:literal, $check:expr);)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = MalformedId;

            fn try_from(text: String) -> Result<Self, MalformedId> {
                let check: fn(&str) -> bool = $check;
                if check(&text) {
                    return Ok(Self(text));
                }
                Err(MalformedId { kind: $kind, must: $must })
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

names! {
    /// An idempotency key: one effect, whatever arrives under it and how often.
    Key("idempotency key", "1 to 255 visible ASCII characters", |text| {
        (1..=255).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic())
    });
    /// A mail that was taken.
    MailId("mail", "sim_mail_ and 32 hexadecimal digits", |text| {
        text.strip_prefix("sim_mail_").is_some_and(|hex| {
            hex.len() == 32 && hex.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
        })
    });
}

impl MailId {
    /// The mail that a request under `key` makes. Derived, so that a simulated run names the same things in whatever
    /// order requests arrive.
    pub(super) fn made_by(key: &Key) -> Self {
        Self(format!(
            "sim_mail_{}",
            MessageId::named(&["simulated-mailbox", "mail", key.as_str()]).0.simple()
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_derived_from_the_key_alone() {
        let key = |text: &str| Key::try_from(text.to_owned()).unwrap();
        assert_eq!(MailId::made_by(&key("a")), MailId::made_by(&key("a")));
        assert_ne!(MailId::made_by(&key("a")), MailId::made_by(&key("b")));
        let name = MailId::made_by(&key("a")).to_string();
        assert_eq!(MailId::try_from(name.clone()).unwrap().to_string(), name);
    }

    #[test]
    fn keys_are_visible_and_bounded() {
        for bad in ["", "a b", "ä", &"k".repeat(256)] {
            assert!(Key::try_from(bad.to_owned()).is_err(), "{bad:?}");
        }
        assert!(Key::try_from("k".repeat(255)).is_ok());
    }
}
