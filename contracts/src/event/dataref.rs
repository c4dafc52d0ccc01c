//! Where an event's data lies when it does not travel with the event (claim check).
//!
//! Source: CloudEvents extension `dataref`, specification 1.0.2.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The name of data that is kept apart from its event: the SHA-256 of its bytes. Equal data has one name, so keeping it
/// twice is harmless, and whoever fetches it can tell that it is whole. On the wire
/// `urn:banyan:blob:sha256:<64 lower-case hexadecimal digits>`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DataRef([u8; 32]);

/// The text is not a reference to data of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be urn:banyan:blob:sha256: and 64 lower-case hexadecimal digits")]
pub struct InvalidDataRef;

impl DataRef {
    /// What every reference begins with.
    pub const PREFIX: &'static str = "urn:banyan:blob:sha256:";

    /// The name of `data`.
    #[must_use]
    pub fn of(data: &[u8]) -> Self {
        Self(Sha256::digest(data).into())
    }

    /// The hash as 64 lower-case hexadecimal digits: a name for files and objects.
    #[must_use]
    pub fn hex(&self) -> String {
        self.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl FromStr for DataRef {
    type Err = InvalidDataRef;

    fn from_str(text: &str) -> Result<Self, InvalidDataRef> {
        let hex = text.strip_prefix(Self::PREFIX).ok_or(InvalidDataRef)?;
        let is_lower_hex = hex.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        if hex.len() != 64 || !is_lower_hex {
            return Err(InvalidDataRef);
        }
        let mut hash = [0; 32];
        for (at, byte) in hash.iter_mut().enumerate() {
            let pair = hex.get(2 * at..2 * at + 2).ok_or(InvalidDataRef)?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| InvalidDataRef)?;
        }
        Ok(Self(hash))
    }
}

impl TryFrom<String> for DataRef {
    type Error = InvalidDataRef;

    fn try_from(text: String) -> Result<Self, InvalidDataRef> {
        text.parse()
    }
}

impl From<DataRef> for String {
    fn from(name: DataRef) -> Self {
        name.to_string()
    }
}

impl fmt::Display for DataRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", Self::PREFIX, self.hex())
    }
}

impl fmt::Debug for DataRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_read_as_it_was_written_and_in_no_other_form() {
        let name = DataRef::of(b"abc");
        // FIPS 180-4, the example of one block.
        let text = "urn:banyan:blob:sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!((name.to_string().as_str(), text.parse()), (text, Ok(name)));
        for bad in [
            "",
            &text[..text.len() - 1],
            &format!("{text}0"),
            &text.to_uppercase(),
            &text.replace("ba78", "BA78"),
            &text.replace("sha256", "sha512"),
            &text.replace("ba78", "+a78"),
            "https://blobs.example/ba7816bf",
        ] {
            assert_eq!(bad.parse::<DataRef>(), Err(InvalidDataRef), "{bad}");
        }
    }
}
