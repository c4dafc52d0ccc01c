//! Names in the simulated provider's world. Merchants choose keys; everything else begins with `sim_`.

use contracts::MessageId;

/// What every name that the simulated provider gives begins with, so that no log line passes for a real one.
pub(super) const OWN_PREFIX: &str = "sim_";

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
    /// A simulated authorization.
    AuthorizationId("authorization", "sim_auth_ and 32 hexadecimal digits", |text| is_own(text, "sim_auth_"));
    /// A simulated capture.
    CaptureId("capture", "sim_capture_ and 32 hexadecimal digits", |text| is_own(text, "sim_capture_"));
    /// A simulated dispute.
    DisputeId("dispute", "sim_dispute_ and 32 hexadecimal digits", |text| is_own(text, "sim_dispute_"));
}

fn is_own(text: &str, prefix: &str) -> bool {
    text.strip_prefix(prefix).is_some_and(|hex| {
        hex.len() == 32 && hex.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
    })
}

impl AuthorizationId {
    /// The authorization that a request under `key` opens. Derived, so that a simulated run names the same things
    /// in whatever order requests arrive.
    pub(super) fn opened_by(key: &Key) -> Self {
        Self(derived("auth", key))
    }
}

impl CaptureId {
    /// The capture that a request under `key` makes.
    pub(super) fn made_by(key: &Key) -> Self {
        Self(derived("capture", key))
    }
}

impl DisputeId {
    /// The dispute over `capture`: a capture is contested once.
    pub(super) fn over(capture: &CaptureId) -> Self {
        Self(derived("dispute", &Key::of_dispute(capture)))
    }
}

impl Key {
    /// Whether only the provider itself uses it.
    pub(super) fn is_own(&self) -> bool {
        self.0.starts_with(OWN_PREFIX)
    }

    /// Customers come to the page of an action without a key of their own; an action is completed once.
    pub(super) fn of_action(authorization: &AuthorizationId) -> Self {
        Self(format!("{OWN_PREFIX}action_{authorization}"))
    }

    /// A hold runs out once.
    pub(super) fn of_expiry(authorization: &AuthorizationId) -> Self {
        Self(format!("{OWN_PREFIX}expiry_{authorization}"))
    }

    /// A dispute begins once, by itself or because somebody asked for it.
    pub(super) fn of_dispute(capture: &CaptureId) -> Self {
        Self(format!("{OWN_PREFIX}dispute_{capture}"))
    }

    /// A dispute is decided once.
    pub(super) fn of_decision(dispute: &DisputeId) -> Self {
        Self(format!("{OWN_PREFIX}decision_{dispute}"))
    }
}

/// `sim_<kind>_<32 hex>`, the same for the same key.
pub(super) fn derived(kind: &str, key: &Key) -> String {
    let id = MessageId::named(&["simulated-provider", kind, key.as_str()]);
    format!("{OWN_PREFIX}{kind}_{}", id.0.simple())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_derived_from_the_key_alone() {
        let key = |text: &str| Key::try_from(text.to_owned()).unwrap();
        assert_eq!(AuthorizationId::opened_by(&key("a")), AuthorizationId::opened_by(&key("a")));
        assert_ne!(AuthorizationId::opened_by(&key("a")), AuthorizationId::opened_by(&key("b")));
        let name = AuthorizationId::opened_by(&key("a")).to_string();
        assert_eq!(AuthorizationId::try_from(name.clone()).unwrap().to_string(), name);
    }

    #[test]
    fn keys_are_visible_and_bounded() {
        for bad in ["", "a b", "ä", &"k".repeat(256)] {
            assert!(Key::try_from(bad.to_owned()).is_err(), "{bad:?}");
        }
        assert!(Key::try_from("k".repeat(255)).is_ok());
    }
}
