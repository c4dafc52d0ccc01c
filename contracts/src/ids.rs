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

#[cfg(feature = "schema")]
fn schema(doc: &[&str], max: usize, blanks: bool) -> schemars::Schema {
    let doc: Vec<&str> = doc.iter().map(|line| line.trim()).collect();
    let pattern = if blanks {
        "^[A-Za-z0-9._:/+-]([A-Za-z0-9._:/+ -]*[A-Za-z0-9._:/+-])?$"
    } else {
        "^[A-Za-z0-9._:/+-]+$"
    };
    schemars::json_schema!({
        "type": "string",
        "description": doc.join(" "),
        "minLength": 1,
        "maxLength": max,
        "pattern": pattern,
    })
}

macro_rules! ids {
    ($($(#[doc = $doc:literal])* $name:ident($kind:literal, max $max:literal, blanks $blanks:literal);)*) => {$(
        $(#[doc = $doc])*
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

        #[cfg(feature = "schema")]
        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schema(&[$($doc),*], $max, $blanks)
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
    /// A parcel and its journey: one per order in this version, named after it.
    ShipmentId("shipment_id", max 72, blanks false);
    /// Goods that a customer sends back.
    ReturnId("return_id", max 72, blanks false);
    /// One refund; an order may have several.
    RefundId("refund_id", max 72, blanks false);
    /// A dispute, as the payment provider numbers it.
    DisputeId("dispute_id", max 128, blanks false);
    /// Stock held for a cart, for a short while.
    HoldId("hold_id", max 72, blanks false);
    /// A cart of the storefront.
    CartId("cart_id", max 72, blanks false);
    /// A visit to the storefront; says nothing about who visits.
    SessionId("session_id", max 72, blanks false);
    /// An uploaded picture of a product.
    ImageId("image_id", max 72, blanks false);
    /// One message to one customer.
    NotificationId("notification_id", max 128, blanks false);
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
