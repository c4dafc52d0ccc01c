//! What a carrier sells: a number, and a label to print.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The longest label that is kept, in bytes. As hexadecimal text it fits a document; labels of real carriers are 10
/// to 100 KB.
pub const MAX_PDF_BYTES: usize = 112 * 1024;

/// The carrier's number for a parcel: 1 to 64 visible ASCII characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TrackingNumber(String);

/// The text cannot be a tracking number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a tracking number must be 1 to 64 visible ASCII characters")]
pub struct MalformedNumber;

impl TrackingNumber {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for TrackingNumber {
    type Error = MalformedNumber;

    fn try_from(text: String) -> Result<Self, MalformedNumber> {
        let is_number = (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
        if is_number { Ok(Self(text)) } else { Err(MalformedNumber) }
    }
}

impl From<TrackingNumber> for String {
    fn from(number: TrackingNumber) -> Self {
        number.0
    }
}

impl fmt::Display for TrackingNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A label, without the bytes to print.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Label {
    /// The carrier's number for the parcel.
    pub number: TrackingNumber,
    /// Where the customer can follow it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// SHA-256 of the bytes to print, in hexadecimal digits: the name under which they are kept.
    pub sha256: String,
}

/// A label to print. Not printed by `Debug`: it shows an address.
#[derive(Clone, PartialEq, Eq)]
pub struct Pdf {
    bytes: Vec<u8>,
    sha256: String,
}

/// What came is not a label that can be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotALabel {
    /// Not a PDF by its first and last line (ISO 32000-1, 7.5.2 and 7.5.5).
    #[error("the label is not a PDF")]
    NotPdf,
    /// Longer than [`MAX_PDF_BYTES`].
    #[error("the label has {0} bytes, more than are kept")]
    TooLong(usize),
}

impl Pdf {
    /// Takes `bytes` if they look like a label.
    ///
    /// # Errors
    /// [`NotALabel`]: the carrier has to be asked again.
    pub fn new(bytes: Vec<u8>) -> Result<Self, NotALabel> {
        if bytes.len() > MAX_PDF_BYTES {
            return Err(NotALabel::TooLong(bytes.len()));
        }
        if !bytes.starts_with(b"%PDF-") || !bytes.trim_ascii_end().ends_with(b"%%EOF") {
            return Err(NotALabel::NotPdf);
        }
        let sha256 = hex(&Sha256::digest(&bytes));
        Ok(Self { bytes, sha256 })
    }

    /// What to send to a printer.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// SHA-256 of [`Pdf::bytes`], in hexadecimal digits.
    #[must_use]
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// As text that JSON can carry.
    #[must_use]
    pub fn to_hex(&self) -> String {
        hex(&self.bytes)
    }

    /// From [`Pdf::to_hex`]; `None` when the text is not that of a label.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        Self::new(unhex(text)?).ok()
    }
}

impl fmt::Debug for Pdf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pdf({} bytes, {})", self.bytes.len(), self.sha256)
    }
}

/// Lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |value: u8| char::from(DIGITS[usize::from(value & 15)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(*byte)]).collect()
}

/// The bytes of hexadecimal digits; `None` when they are not that.
pub(crate) fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|value| u8::try_from(value).ok());
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let byte = |[high, low]: &[u8; 2]| Some(digit(*high)? << 4 | digit(*low)?);
    if rest.is_empty() { pairs.iter().map(byte).collect() } else { None }
}
