//! `product.*`: pictures from `image`, views from the storefront or the facade.

#![warn(clippy::wildcard_enum_match_arm, clippy::float_arithmetic)]

use serde::{Deserialize, Serialize};

use crate::ids::{CustomerId, ImageId, SessionId, Sku};
use crate::time::Timestamp;
use crate::words::words;

/// A picture was uploaded and kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ProductImageUploaded {
    /// The picture.
    pub image_id: ImageId,
    /// Of which product.
    pub sku: Sku,
    /// What the bytes are, found by looking at them: `image/jpeg`.
    pub content_type: String,
    /// How large the file is.
    pub size_bytes: u64,
    /// SHA-256 of the file in lower-case hex.
    pub sha256: String,
    /// Where the original is kept.
    pub object_key: String,
    /// When.
    pub uploaded_at: Timestamp,
}

/// One size and format of a picture.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Variant {
    /// Media type, such as `image/webp`.
    pub content_type: String,
    /// Width in pixels.
    pub width_px: u32,
    /// Height in pixels.
    pub height_px: u32,
    /// How large the file is.
    pub size_bytes: u64,
    /// Where it is kept.
    pub object_key: String,
}

/// The sizes and formats of a picture are ready.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ProductImageOptimized {
    /// The picture.
    pub image_id: ImageId,
    /// Of which product.
    pub sku: Sku,
    /// Width of the original in pixels, upright.
    pub width_px: u32,
    /// Height of the original in pixels, upright.
    pub height_px: u32,
    /// How large the original was.
    pub original_bytes: u64,
    /// What was made.
    pub variants: Vec<Variant>,
    /// When.
    pub optimized_at: Timestamp,
}

words! {
    /// Why a picture cannot be used.
    pub enum ImageProblem {
        /// Not a picture in a format that is taken.
        UnsupportedFormat = "unsupported_format",
        /// More bytes than are taken.
        TooManyBytes = "too_many_bytes",
        /// More pixels than are taken.
        TooManyPixels = "too_many_pixels",
        /// Cut off or damaged.
        Corrupt = "corrupt",
    }
}

/// An uploaded picture cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ProductImageRejected {
    /// The picture.
    pub image_id: ImageId,
    /// Of which product.
    pub sku: Sku,
    /// Why.
    pub reason: ImageProblem,
    /// What was found, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// When.
    pub rejected_at: Timestamp,
}

/// A visitor looked at a product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ProductViewed {
    /// What.
    pub sku: Sku,
    /// Who, when signed in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer_id: Option<CustomerId>,
    /// The visit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_id: Option<SessionId>,
    /// When.
    pub viewed_at: Timestamp,
}
