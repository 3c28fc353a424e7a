//! Passwords hashed so that guessing is slow.

use std::collections::HashMap;
use std::fmt;
use std::time::SystemTime;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Argon2, Params};

use crate::passwords::Verifier;
use crate::random::{Randomness, draw};
use crate::store_error::StoreError;

/// Users with Argon2 hashes of their passwords (RFC 9106), for Basic and for login forms. Digest
/// cannot use them: it needs a hash of its own.
///
/// Each check takes tens of milliseconds and 19 MiB on purpose, for a user that there is not, too.
/// With Basic that is each request; a [`LoginLimiter`](crate::LoginLimiter) or a session keeps that
/// from being a burden.
#[derive(Default)]
pub struct Argon2Passwords {
    users: HashMap<Box<str>, String>,
}

impl Argon2Passwords {
    /// Without users.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The hash of a password with the parameters that OWASP recommends, as a PHC string:
    /// `$argon2id$v=19$m=19456,t=2,p=1$…`.
    ///
    /// # Errors
    /// When there are no random bytes, or the password is longer than 4 GiB.
    pub fn hash(password: &str, random: &dyn Randomness) -> Result<String, HashError> {
        let salt = draw::<16>(random).map_err(|_| HashError)?;
        let hash = Argon2::default()
            .hash_password_with_salt(password.as_bytes(), &salt)
            .map_err(|_| HashError)?;
        Ok(hash.to_string())
    }

    /// With a user and the PHC string of an Argon2 hash.
    ///
    /// # Errors
    /// When it is none.
    pub fn with_user(mut self, user: &str, hash: &str) -> Result<Self, HashError> {
        let parsed = PasswordHash::new(hash).map_err(|_| HashError)?;
        if !parsed.algorithm.as_str().starts_with("argon2") || parsed.hash.is_none() {
            return Err(HashError);
        }
        Params::try_from(&parsed).map_err(|_| HashError)?;
        self.users.insert(user.into(), hash.to_owned());
        Ok(self)
    }
}

/// The hash of nothing that anybody has.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

impl Verifier for Argon2Passwords {
    fn verify(
        &self,
        _: &str,
        user: &str,
        password: &str,
        _: SystemTime,
    ) -> Result<bool, StoreError> {
        let found = self.users.get(user);
        // A user that there is not costs what another one does.
        let hash = found.or_else(|| self.users.values().next()).map_or(NOBODY, |hash| hash);
        let parsed = PasswordHash::new(hash).map_err(|_| StoreError::new("no Argon2 hash"))?;
        let right = Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok();
        Ok(right & found.is_some())
    }
}

/// Tells how many users there are.
impl fmt::Debug for Argon2Passwords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Argon2Passwords({} users)", self.users.len())
    }
}

/// A text that is no Argon2 hash, or a hash that could not be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HashError;

impl fmt::Display for HashError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no Argon2 hash in PHC form, or none could be made")
    }
}

impl std::error::Error for HashError {}
