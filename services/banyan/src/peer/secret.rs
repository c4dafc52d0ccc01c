//! What webhooks are signed with: made anew at every start, and handed to a peer through its standard input.

use std::fs::File;
use std::io::Read;

use anyhow::{Context, Result};
use runtime::signature::Secret;

/// Bytes of a secret: those of the hash that signs (RFC 2104, section 3).
const BYTES: usize = 32;

/// A secret from the system's own dice, as hexadecimal digits, so that it is one line.
///
/// # Errors
/// The system gives no random bytes.
pub fn fresh() -> Result<Secret> {
    let mut bytes = [0; BYTES];
    File::open("/dev/urandom")
        .and_then(|mut dice| dice.read_exact(&mut bytes))
        .context("the system gives no random bytes for a secret")?;
    Ok(Secret::new(bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_secrets_are_the_same_and_each_is_one_line() {
        let (one, other) = (fresh().unwrap(), fresh().unwrap());
        assert_ne!(one, other);
        assert!(one.expose().len() == 2 * BYTES && one.expose().bytes().all(|b| b.is_ascii_hexdigit()));
        assert_eq!(format!("{one:?}"), "Secret(..)");
    }
}
