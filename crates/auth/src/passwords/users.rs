//! What logins ask.

use std::sync::Arc;
use std::time::SystemTime;

use crate::digest::{Hash, HexDigest};
use crate::passwords::PasswordMap;
use crate::store_error::StoreError;

/// How a user is looked for.
#[derive(Clone, Copy, Debug)]
pub enum UserName<'a> {
    /// By name.
    Plain(&'a str),
    /// By the hash of name and realm, see [`userhash`](crate::digest::userhash).
    Hashed(&'a HexDigest),
}

/// A user who was found.
#[derive(Clone, Debug)]
pub struct DigestUser {
    /// The name.
    pub name: Arc<str>,
    /// What is stored of the password.
    pub digest: HexDigest,
}

/// Where Digest finds its users. `now` is for stores that look now and then whether something has
/// changed.
pub trait DigestUsers: Send + Sync {
    /// A user of a realm who has a digest of this hash function.
    ///
    /// # Errors
    /// When the store does not answer.
    fn find(
        &self,
        realm: &str,
        user: UserName<'_>,
        hash: Hash,
        now: SystemTime,
    ) -> Result<Option<DigestUser>, StoreError>;

    /// Whether anybody in the realm has a digest of this hash function, and so whether to offer it.
    ///
    /// # Errors
    /// When the store does not answer.
    fn has(&self, realm: &str, hash: Hash, now: SystemTime) -> Result<bool, StoreError>;
}

/// Tells whether a password is right.
pub trait Verifier: Send + Sync {
    /// Whether this is the password of that user. It should take as long for a user that there is
    /// not.
    ///
    /// # Errors
    /// When nobody knows.
    fn verify(
        &self,
        realm: &str,
        user: &str,
        password: &str,
        now: SystemTime,
    ) -> Result<bool, StoreError>;
}

impl DigestUsers for PasswordMap {
    fn find(
        &self,
        realm: &str,
        user: UserName<'_>,
        hash: Hash,
        _: SystemTime,
    ) -> Result<Option<DigestUser>, StoreError> {
        let found = match user {
            UserName::Plain(name) => self.look_up(realm, name, hash),
            UserName::Hashed(name) => self.look_up_hashed(realm, name, hash),
        };
        Ok(found.map(|(name, digest)| DigestUser { name, digest }))
    }

    fn has(&self, realm: &str, hash: Hash, _: SystemTime) -> Result<bool, StoreError> {
        Ok(Self::has(self, realm, hash))
    }
}

impl Verifier for PasswordMap {
    fn verify(
        &self,
        realm: &str,
        user: &str,
        password: &str,
        _: SystemTime,
    ) -> Result<bool, StoreError> {
        Ok(self.check_password(realm, user, password))
    }
}

impl<U: DigestUsers + ?Sized> DigestUsers for Arc<U> {
    fn find(
        &self,
        realm: &str,
        user: UserName<'_>,
        hash: Hash,
        now: SystemTime,
    ) -> Result<Option<DigestUser>, StoreError> {
        (**self).find(realm, user, hash, now)
    }

    fn has(&self, realm: &str, hash: Hash, now: SystemTime) -> Result<bool, StoreError> {
        (**self).has(realm, hash, now)
    }
}

impl<V: Verifier + ?Sized> Verifier for Arc<V> {
    fn verify(
        &self,
        realm: &str,
        user: &str,
        password: &str,
        now: SystemTime,
    ) -> Result<bool, StoreError> {
        (**self).verify(realm, user, password, now)
    }
}
