//! What is stored of one password.

use std::fmt;
use std::str::FromStr;

use crate::digest::{Hash, HexDigest, hexdigest};
use crate::passwords::PasswordError;

/// What is stored of a password: a hash of `user:realm:password`, and which one.
///
/// As text it is the hex digits: 32 for MD5 and 64 for SHA-256. SHA-512-256 has as many, so that it
/// has its name in front: `SHA-512-256$…`.
///
/// For its realm it is as good as the password; `Debug` does not show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoredDigest {
    hash: Hash,
    hex: HexDigest,
}

const PREFIX: &str = "SHA-512-256$";

impl StoredDigest {
    /// That of a password.
    #[must_use]
    pub fn of_password(hash: Hash, realm: &str, user: &str, password: &str) -> Self {
        Self { hash, hex: hexdigest(user, realm, password, hash) }
    }

    /// The hash function.
    #[must_use]
    pub fn hash(&self) -> Hash {
        self.hash
    }

    /// The digits.
    #[must_use]
    pub fn hex(&self) -> &HexDigest {
        &self.hex
    }
}

impl FromStr for StoredDigest {
    type Err = PasswordError;

    fn from_str(text: &str) -> Result<Self, PasswordError> {
        let (hash, digits) = match text.strip_prefix(PREFIX) {
            Some(digits) => (Hash::Sha512_256, digits),
            None if text.len() == Hash::Md5.hex_len() => (Hash::Md5, text),
            None => (Hash::Sha256, text),
        };
        let hex = HexDigest::parse(digits).filter(|it| it.as_bytes().len() == hash.hex_len());
        Ok(Self { hash, hex: hex.ok_or(PasswordError::Digest)? })
    }
}

/// The text that is stored. It is a secret.
impl fmt::Display for StoredDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.hash == Hash::Sha512_256 {
            f.write_str(PREFIX)?;
        }
        f.write_str(self.hex.as_str())
    }
}
