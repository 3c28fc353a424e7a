//! Where sessions are that do not live in their cookies.

mod memory;
#[cfg(feature = "redis")]
mod redis;

use std::time::SystemTime;

use crate::store_error::StoreError;

pub use memory::MemoryStore;
#[cfg(feature = "redis")]
pub use redis::RedisStore;

/// Keeps the data of sessions on the server's side; see
/// [`StoredSession`](crate::session::StoredSession).
///
/// Keys are 32 lower-case hex digits, never a client's own words. Data are bytes to be given back as
/// they are; they do not tell how to make a cookie. Whatever is over may be forgotten, and need not
/// be: its times are inside, too.
///
/// Of two updates at once the later wins. An update of what was removed must not bring it back.
pub trait SessionStore: Send + Sync {
    /// The data of a key, if it is there and its time is not over.
    ///
    /// # Errors
    /// When the store does not answer.
    fn load(&self, key: &str, now: SystemTime) -> Result<Option<Vec<u8>>, StoreError>;

    /// Keeps the data of a key that was never used before, until `expires`.
    ///
    /// # Errors
    /// When the store does not answer, or has no room.
    fn create(
        &self,
        key: &str,
        data: &[u8],
        now: SystemTime,
        expires: SystemTime,
    ) -> Result<(), StoreError>;

    /// Replaces the data of a key, and tells whether it was there. If it was not, nothing is
    /// kept. Looking and replacing are one step: nothing comes between.
    ///
    /// # Errors
    /// When the store does not answer, or has no room.
    fn update(
        &self,
        key: &str,
        data: &[u8],
        now: SystemTime,
        expires: SystemTime,
    ) -> Result<bool, StoreError>;

    /// Forgets a key.
    ///
    /// # Errors
    /// When the store does not answer.
    fn remove(&self, key: &str) -> Result<(), StoreError>;
}

impl<S: SessionStore + ?Sized> SessionStore for std::sync::Arc<S> {
    fn load(&self, key: &str, now: SystemTime) -> Result<Option<Vec<u8>>, StoreError> {
        (**self).load(key, now)
    }

    fn create(
        &self,
        key: &str,
        data: &[u8],
        now: SystemTime,
        expires: SystemTime,
    ) -> Result<(), StoreError> {
        (**self).create(key, data, now, expires)
    }

    fn update(
        &self,
        key: &str,
        data: &[u8],
        now: SystemTime,
        expires: SystemTime,
    ) -> Result<bool, StoreError> {
        (**self).update(key, data, now, expires)
    }

    fn remove(&self, key: &str) -> Result<(), StoreError> {
        (**self).remove(key)
    }
}
