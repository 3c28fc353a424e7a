//! Secrets: bytes that do not print, do not stay in memory, and are long enough.

use std::fmt;
use std::io::Read;

use zeroize::Zeroizing;

use crate::compare::constant_time_eq;
use crate::random::{RandomError, Randomness, draw};

/// A secret that only the servers of one application know; keys are derived from it.
///
/// It has at least [`Secret::MIN_LEN`] bytes, `Debug` does not show it, and its memory is zeroed
/// when it is dropped. Where it comes from is for the program to say:
///
/// ```no_run
/// use pauper_auth::Secret;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let of_a_file = Secret::read(std::fs::File::open("/etc/ledger/secret")?)?;
/// let of_the_environment = Secret::from_text(std::env::var("LEDGER_SECRET")?)?;
/// # Ok(())
/// # }
/// ```
///
/// `openssl rand -hex 32` makes a good one. Its length is checked; that nobody can guess it is not.
#[derive(Clone)]
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// The fewest bytes that a secret can have.
    pub const MIN_LEN: usize = 32;

    /// The most that [`read`](Self::read) takes.
    const MAX_LEN: usize = 4096;

    /// A secret of these very bytes.
    ///
    /// # Errors
    /// With fewer than [`MIN_LEN`](Self::MIN_LEN) bytes, or when all of them are the same.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Result<Self, SecretError> {
        let bytes = Zeroizing::new(bytes.into());
        if bytes.len() < Self::MIN_LEN {
            return Err(SecretError(Fault::Short(bytes.len())));
        }
        if bytes.iter().all(|byte| *byte == bytes[0]) {
            return Err(SecretError(Fault::Uniform));
        }
        Ok(Self(bytes))
    }

    /// A secret of a line of text, as a variable of the environment has it. White space around it
    /// is no part of it.
    ///
    /// # Errors
    /// As [`new`](Self::new), for what is left.
    pub fn from_text(text: impl Into<String>) -> Result<Self, SecretError> {
        let text = Zeroizing::new(text.into());
        Self::new(text.trim().as_bytes())
    }

    /// A secret of the text that a reader gives, of a file for instance. White space around it is
    /// no part of it.
    ///
    /// # Errors
    /// When it cannot be read; as [`from_text`](Self::from_text); when it is no UTF-8 or has more
    /// than 4096 bytes.
    pub fn read(reader: impl Read) -> Result<Self, SecretError> {
        // Reserved once, so that no copy is left behind when a buffer grows.
        let mut bytes = Zeroizing::new(Vec::with_capacity(2 * Self::MAX_LEN));
        reader
            .take(Self::MAX_LEN as u64 + 1)
            .read_to_end(&mut bytes)
            .map_err(|error| SecretError(Fault::Io(error.kind())))?;
        if bytes.len() > Self::MAX_LEN {
            return Err(SecretError(Fault::Long));
        }
        let text = std::str::from_utf8(&bytes).map_err(|_| SecretError(Fault::NoText))?;
        Self::new(text.trim().as_bytes())
    }

    /// A secret of 32 random bytes, for programs whose sessions may end with them.
    ///
    /// # Errors
    /// When there are no random bytes.
    pub fn random(random: &dyn Randomness) -> Result<Self, RandomError> {
        let bytes = Zeroizing::new(draw::<32>(random)?);
        Ok(Self(Zeroizing::new(bytes.to_vec())))
    }

    /// The bytes. Do not print them.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

/// In constant time.
impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        constant_time_eq(self.expose(), other.expose())
    }
}

impl Eq for Secret {}

/// Does not show it.
impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// Why something cannot be a [`Secret`]; nothing of it is in the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SecretError(Fault);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    Short(usize),
    Uniform,
    Long,
    NoText,
    Io(std::io::ErrorKind),
}

impl fmt::Display for SecretError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Fault::Short(len) => {
                let least = Secret::MIN_LEN;
                write!(f, "a secret needs at least {least} bytes and this one has {len}")
            }
            Fault::Uniform => f.write_str("a secret of one byte repeated is none"),
            Fault::Long => write!(f, "a secret has at most {} bytes", Secret::MAX_LEN),
            Fault::NoText => f.write_str("the secret is not UTF-8"),
            Fault::Io(kind) => write!(f, "the secret cannot be read: {kind}"),
        }
    }
}

impl std::error::Error for SecretError {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::tests::Broken;

    const GOOD: &str = "0123456789abcdef0123456789abcdef";

    #[test]
    fn short_and_dull_secrets_are_refused() {
        for bad in ["", "hunter2", &GOOD[1..], &"a".repeat(64)] {
            let error = Secret::new(bad.as_bytes()).unwrap_err();
            assert!(bad.is_empty() || !error.to_string().contains(bad), "{error}");
        }
        assert_eq!(
            Secret::new(*b"hunter2").unwrap_err().to_string(),
            "a secret needs at least 32 bytes and this one has 7"
        );
        assert!(Secret::from_text(format!("  {}\n", &GOOD[1..])).is_err());
        assert!(Secret::read(&b"\xff".repeat(40)[..]).is_err());
        assert!(Secret::read("ab".repeat(2049).as_bytes()).is_err());
        assert!(Secret::random(&Broken).is_err());
    }

    #[test]
    fn white_space_around_a_text_is_no_part_of_it() {
        let secret = Secret::new(GOOD.as_bytes()).unwrap();
        assert_eq!(Secret::from_text(format!("{GOOD}\n")).unwrap(), secret);
        assert_eq!(Secret::read(format!(" {GOOD}\r\n").as_bytes()).unwrap(), secret);
        assert_ne!(Secret::new(format!("{GOOD}\n")).unwrap(), secret);
    }

    #[test]
    fn a_secret_does_not_print() {
        let secret = Secret::new(GOOD.as_bytes()).unwrap();
        assert_eq!(format!("{secret:?} {secret:#?}"), "Secret(..) Secret(..)");
        assert_eq!(secret.expose(), GOOD.as_bytes());
    }
}
