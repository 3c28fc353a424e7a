//! What may be used once: replays noticed.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use crate::expiring::Expiring;
use crate::store_error::StoreError;

/// Remembers for a while what was used, so that it is not used twice: one-time tokens, and nonces
/// with their counts.
///
/// Where several processes share the answer (prefork children, machines behind a balancer), they
/// need one memory, of Redis for instance.
pub trait OnceStore: Send + Sync {
    /// Whether this is the first use of `key`, which is remembered for at least `keep` from `now`
    /// on. Of several callers at once exactly one is told `true`.
    ///
    /// # Errors
    /// When the store does not answer. Then nobody knows, and the use is to be refused.
    fn first_use(&self, key: &str, now: SystemTime, keep: Duration) -> Result<bool, StoreError>;
}

impl<S: OnceStore + ?Sized> OnceStore for std::sync::Arc<S> {
    fn first_use(&self, key: &str, now: SystemTime, keep: Duration) -> Result<bool, StoreError> {
        (**self).first_use(key, now, keep)
    }
}

/// Remembers within one process, up to a bound.
#[derive(Debug)]
pub struct MemoryOnceStore {
    seen: Mutex<Expiring<Box<str>, ()>>,
    most: usize,
}

impl MemoryOnceStore {
    /// For at most `most` keys at a time. When it is full of what still counts, it refuses new
    /// ones: forgetting one would let it be used again.
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self { seen: Mutex::new(Expiring::new(most)), most: most.max(1) }
    }
}

impl OnceStore for MemoryOnceStore {
    fn first_use(&self, key: &str, now: SystemTime, keep: Duration) -> Result<bool, StoreError> {
        // The map is whole between its operations, even after a panic in one.
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.sweep(now);
        if seen.get(&key.into(), now).is_some() {
            return Ok(false);
        }
        if seen.len() >= self.most {
            return Err(StoreError::full());
        }
        let end = now.checked_add(keep).ok_or_else(StoreError::full)?;
        seen.insert(key.into(), (), end, now);
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn a_key_is_used_once_until_it_is_forgotten() {
        let store = MemoryOnceStore::new(2);
        let now = SystemTime::UNIX_EPOCH;
        assert_eq!(store.first_use("a", now, MINUTE), Ok(true));
        assert_eq!(store.first_use("a", now, MINUTE), Ok(false));
        assert_eq!(store.first_use("b", now, MINUTE), Ok(true));
        assert!(store.first_use("c", now, MINUTE).is_err(), "full");
        assert_eq!(store.first_use("a", now + MINUTE, MINUTE), Ok(true));
        assert!(store.first_use("z", now + MINUTE, Duration::MAX).is_err());
    }

    #[test]
    fn of_many_at_once_one_is_the_first() {
        let store = MemoryOnceStore::new(100);
        let first = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for key in 0..50 {
                        let key = key.to_string();
                        if store.first_use(&key, SystemTime::UNIX_EPOCH, MINUTE).unwrap() {
                            first.fetch_add(1, Ordering::Relaxed);
                        }
                    }
                });
            }
        });
        assert_eq!(first.into_inner(), 50);
    }
}
