//! AES-256-GCM: nonce, what was sealed, and the tag that shows whether it is still that. Nonces are random: of 96 bits, for
//! far fewer messages than the 2^32 that one key may have so (NIST SP 800-38D, section 8.3).

use aes_gcm::aead::{Aead, Generate, Payload};
use aes_gcm::{Aes256Gcm, Key, KeyInit, Nonce};

use super::Secret;
use crate::failure::{Outage, OutageKind};

const NONCE_BYTES: usize = 12;
/// What sealing adds.
pub(super) const ADDED_BYTES: usize = NONCE_BYTES + 16;

/// Seals `plain`, so that it opens only with the same `context`.
pub(super) fn seal(secret: &Secret, plain: &[u8], context: &[u8]) -> Result<Vec<u8>, Outage> {
    let nonce = Nonce::try_generate().map_err(|error| broken(&error))?;
    let payload = Payload { msg: plain, aad: context };
    let sealed = cipher(secret).encrypt(&nonce, payload).map_err(|error| broken(&error))?;
    Ok([nonce.as_slice(), &sealed].concat())
}

/// What was sealed; `None` when it was not sealed so.
pub(super) fn open(secret: &Secret, sealed: &[u8], context: &[u8]) -> Option<Vec<u8>> {
    let (nonce, sealed) = sealed.split_at_checked(NONCE_BYTES)?;
    cipher(secret).decrypt(nonce.try_into().ok()?, Payload { msg: sealed, aad: context }).ok()
}

/// A key that nobody has.
pub(super) fn fresh() -> Result<Secret, Outage> {
    let key = zeroize::Zeroizing::new(<[u8; 32]>::try_generate().map_err(|error| broken(&error))?);
    Ok(Secret(key))
}

fn cipher(secret: &Secret) -> Aes256Gcm {
    Aes256Gcm::new(&Key::<Aes256Gcm>::from(*secret.bytes()))
}

fn broken(error: &dyn std::fmt::Display) -> Outage {
    Outage::new(OutageKind::Broken, format!("nothing can be sealed: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sealed_opens_only_as_it_was_and_where_it_was() {
        let (secret, other) = (fresh().unwrap(), fresh().unwrap());
        assert!(secret != other);
        let sealed = seal(&secret, b"plain", b"here").unwrap();
        assert_eq!(sealed.len(), 5 + ADDED_BYTES);
        assert_ne!(sealed, seal(&secret, b"plain", b"here").unwrap(), "each has a nonce of its own");
        assert_eq!(open(&secret, &sealed, b"here").as_deref(), Some(b"plain".as_slice()));
        assert_eq!(open(&other, &sealed, b"here"), None);
        assert_eq!(open(&secret, &sealed, b"elsewhere"), None);
        for at in 0..sealed.len() {
            let mut damaged = sealed.clone();
            damaged[at] ^= 1;
            assert_eq!(open(&secret, &damaged, b"here"), None, "byte {at}");
            assert_eq!(open(&secret, &sealed[..at], b"here"), None, "cut at {at}");
        }
    }
}
