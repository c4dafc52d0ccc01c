//! Names in the simulated carrier's world. Merchants choose keys; parcels get numbers.

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
    /// The number of a simulated parcel: `SIM`, 14 digits, `GB`.
    Number("parcel number", "SIM, 14 digits and GB", |text| {
        text.strip_prefix("SIM").and_then(|rest| rest.strip_suffix("GB")).is_some_and(|digits| {
            digits.len() == 14 && digits.bytes().all(|b| b.is_ascii_digit())
        })
    });
}

impl Number {
    /// The number of the parcel that a request under `key` books. Derived, so that a simulated run names the same
    /// things in whatever order requests arrive.
    pub(super) fn booked_by(key: &Key) -> Self {
        let id = MessageId::named(&["simulated-carrier", "parcel", key.as_str()]);
        Self(format!("SIM{:014}GB", id.0.as_u64_pair().0 % 100_000_000_000_000))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_derived_from_the_key_alone() {
        let number = |text: &str| Number::booked_by(&Key::try_from(text.to_owned()).unwrap());
        assert_eq!(number("a"), number("a"));
        assert_ne!(number("a"), number("b"));
        assert_eq!(Number::try_from(number("a").to_string()), Ok(number("a")));
        assert!(Number::try_from("SIM1GB".to_owned()).is_err());
    }
}
