//! Every id is a checked string of its own type, made by one macro.

/// Why a text is not an id of the kind asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind} must be 1 to {max} characters of A-Z a-z 0-9 . _ : / + -{hint}, got {got:?}")]
pub struct InvalidId {
    kind: &'static str,
    max: usize,
    hint: &'static str,
    got: String,
}

/// Whether `text` may be an id: bounded, visible, safe in a URL path segment and in a store key once encoded.
fn is_id(text: &str, max: usize, blanks: bool) -> bool {
    !text.is_empty()
        && text.len() <= max
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._:/+-".contains(&b) || (blanks && b == b' '))
        && !text.starts_with(' ')
        && !text.ends_with(' ')
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident($kind:literal, max $max:literal, blanks $blanks:literal);)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The longest text this id may be, in bytes.
            pub const MAX_BYTES: usize = $max;

            /// Checks and takes `text`.
            ///
            /// # Errors
            /// [`InvalidId`] when it is empty, too long, or has a character that ids may not have.
            pub fn new(text: impl Into<String>) -> Result<Self, InvalidId> {
                let text = text.into();
                if is_id(&text, $max, $blanks) {
                    return Ok(Self(text));
                }
                let hint = if $blanks { " and inner blanks" } else { "" };
                Err(InvalidId { kind: $kind, max: $max, hint, got: text.chars().take(80).collect() })
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl std::str::FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                Self::new(text)
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;

            fn try_from(text: String) -> Result<Self, InvalidId> {
                Self::new(text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }
    )*};
}

ids! {
    /// An order. Another application's order numbers are taken as they are.
    OrderId("order_id", max 64, blanks false);
    /// Who buys. `guest-<invoice>` where the shop does not know.
    CustomerId("customer_id", max 64, blanks false);
    /// What is sold, as the shop names it.
    Sku("sku", max 64, blanks true);
    /// Where stock lies.
    LocationId("location", max 32, blanks false);
    /// A payment: one per order in this version, named after it.
    PaymentId("payment_id", max 72, blanks false);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_bounded_and_visible() {
        assert!(OrderId::new("536365-1").is_ok());
        assert!(Sku::new("gift 0001").is_ok());
        for bad in ["", " a", "a\n", "ä", &"x".repeat(65)] {
            assert!(Sku::new(bad).is_err(), "{bad:?}");
        }
        assert!(OrderId::new("a b").is_err());
    }

    #[test]
    fn a_bad_id_says_what_it_must_be() {
        let error = OrderId::new("a b").unwrap_err().to_string();
        assert_eq!(error, r#"order_id must be 1 to 64 characters of A-Z a-z 0-9 . _ : / + -, got "a b""#);
    }
}
