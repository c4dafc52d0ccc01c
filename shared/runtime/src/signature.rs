//! Signatures of webhooks: HMAC-SHA256 (RFC 2104) over the body, as `hmac-sha256-hex=<64 digits>`.

use std::fmt;

use sha2::{Digest, Sha256};

use crate::edge::hex;

/// The header that signs a webhook: the one that `EasyPost` signs its own with.
pub const HEADER: &str = "x-hmac-signature";

/// What a signature begins with.
const PREFIX: &str = "hmac-sha256-hex=";

/// The block of SHA-256, in bytes.
const BLOCK: usize = 64;

/// What webhooks are signed with: printed nowhere.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes `text` as it is.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text, for the key of a signature.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether `text` is the secret, in a time that tells neither where they differ nor how long it is.
    #[must_use]
    pub fn is(&self, text: &str) -> bool {
        are_same(&Sha256::digest(self.0.as_bytes()), &Sha256::digest(text.as_bytes()))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// The signature of `body`.
#[must_use]
pub fn sign(secret: &Secret, body: &[u8]) -> String {
    format!("{PREFIX}{}", hex(&hmac(secret.expose().as_bytes(), body)))
}

/// Whether `signature` is that of `body` under one of `secrets`: several while one is replaced by another.
#[must_use]
pub fn is_signed(secrets: &[Secret], body: &[u8], signature: &str) -> bool {
    secrets.iter().any(|secret| are_same(sign(secret, body).as_bytes(), signature.as_bytes()))
}

/// In a time that does not depend on where they differ.
fn are_same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |differ, (a, b)| differ | (a ^ b)) == 0
}

fn hmac(key: &[u8], text: &[u8]) -> [u8; 32] {
    let mut block = [0; BLOCK];
    if key.len() > BLOCK {
        block[..32].copy_from_slice(&Sha256::digest(key));
    } else {
        block[..key.len()].copy_from_slice(key);
    }
    let padded = |pad: u8| block.map(|byte| byte ^ pad);
    let inner = Sha256::new().chain_update(padded(0x36)).chain_update(text).finalize();
    Sha256::new().chain_update(padded(0x5c)).chain_update(inner).finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_itself_and_nothing_else() {
        let secret = Secret::new("0123456789abcdef");
        assert!(secret.is("0123456789abcdef"));
        for other in ["", "0123456789abcde", "0123456789abcdef0", "0123456789abcdeF"] {
            assert!(!secret.is(other), "{other}");
        }
    }

    #[test]
    fn hmac_is_that_of_rfc_4231() {
        let cases: [(&[u8], &[u8], &str); 3] = [
            (&[0x0b; 20], b"Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
            (
                b"Jefe",
                b"what do ya want for nothing?",
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            ),
            (
                &[0xaa; 131],
                b"Test Using Larger Than Block-Size Key - Hash Key First",
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
            ),
        ];
        for (key, text, expected) in cases {
            assert_eq!(hex(&hmac(key, text)), expected);
        }
    }

    #[test]
    fn a_secret_is_not_printed() {
        assert_eq!(format!("{:?}", Secret::new("between us")), "Secret(..)");
    }

    #[test]
    fn only_the_body_that_was_signed_under_a_secret_of_ours_is_signed() {
        let (old, new) = (Secret::new("old"), Secret::new("new"));
        let signature = sign(&old, b"body");
        assert!(is_signed(&[new.clone(), old], b"body", &signature));
        for (secrets, body, signature) in [
            (vec![new.clone()], &b"body"[..], signature.as_str()),
            (vec![new.clone()], b"other", signature.as_str()),
            (vec![new], b"body", ""),
            (vec![], b"body", signature.as_str()),
        ] {
            assert!(!is_signed(&secrets, body, signature));
        }
    }
}
