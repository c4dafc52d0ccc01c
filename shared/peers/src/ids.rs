//! Names in a peer's world. Callers choose keys; the rest is the peer's.

use contracts::MessageId;

/// Why a text is not a name of the kind asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{kind} must be {must}")]
pub struct MalformedId {
    /// What it should have named.
    pub kind: &'static str,
    /// What such a name is like.
    pub must: &'static str,
}

/// Names as checked texts: `Name("what it names", "what it is like", |text| whether it is)`. Inside the module that
/// calls this, a name is also made by `Name(text)`.
#[macro_export]
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
            type Error = $crate::MalformedId;

            fn try_from(text: String) -> Result<Self, $crate::MalformedId> {
                let check: fn(&str) -> bool = $check;
                if check(&text) {
                    return Ok(Self(text));
                }
                Err($crate::MalformedId { kind: $kind, must: $must })
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
}

/// What the keys of a peer's own begin with: of what happens once, whoever asks for it and how often.
const OWN: &str = "sim_";

impl Key {
    /// The key of the peer's own for the one `effect` that `name` can have.
    #[must_use]
    pub fn own(effect: &str, name: &str) -> Self {
        Self(format!("{OWN}{effect}_{name}"))
    }

    /// Whether only the peer itself uses it.
    #[must_use]
    pub fn is_own(&self) -> bool {
        self.0.starts_with(OWN)
    }
}

/// Whether `text` is `prefix` and 32 lower-case hexadecimal digits.
#[must_use]
pub fn is_derived(text: &str, prefix: &str) -> bool {
    text.strip_prefix(prefix).is_some_and(|hex| {
        hex.len() == 32 && hex.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
    })
}

/// What comes of `key`, by the name of the peer and of the kind. Derived, so that a simulated run names the same things
/// in whatever order requests arrive.
#[must_use]
pub fn derived(peer: &str, kind: &str, key: &Key) -> MessageId {
    MessageId::named(&[peer, kind, key.as_str()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_visible_and_bounded() {
        for bad in ["", "a b", "ä", &"k".repeat(256)] {
            assert!(Key::try_from(bad.to_owned()).is_err(), "{bad:?}");
        }
        assert!(Key::try_from("k".repeat(255)).is_ok());
    }

    #[test]
    fn a_key_of_the_peers_own_is_a_key_and_told_apart() {
        let own = Key::own("expiry", "sim_auth_1");
        assert_eq!(Key::try_from(own.to_string()), Ok(own.clone()));
        assert!(own.is_own() && !Key::try_from("expiry".to_owned()).unwrap().is_own());
    }

    #[test]
    fn what_is_derived_depends_on_the_key_alone_and_can_be_told() {
        let id = |text: &str| derived("peer", "thing", &Key::try_from(text.to_owned()).unwrap());
        assert_eq!(id("a"), id("a"));
        assert_ne!(id("a"), id("b"));
        let name = format!("sim_thing_{}", id("a").0.simple());
        assert!(
            is_derived(&name, "sim_thing_")
                && !is_derived(&name, "sim_")
                && !is_derived("sim_thing_A", "sim_thing_")
        );
    }
}
