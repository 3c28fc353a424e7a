//! Sessions in the memory of one process.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use crate::expiring::Expiring;
use crate::store_error::StoreError;

use super::SessionStore;

/// Sessions in the memory of one process, up to a bound, gone when it ends.
///
/// When it is full, the session that would be over first makes room. Prefork children do not see
/// each other's; they need a [`SealedSession`](crate::session::SealedSession) or a store that they
/// share.
pub struct MemoryStore {
    kept: Mutex<Kept>,
    most_bytes: usize,
}

struct Kept {
    sessions: Expiring<Box<str>, Box<[u8]>>,
    bytes: usize,
}

/// What an entry costs beside its data, by and large.
const OVERHEAD: usize = 256;

impl MemoryStore {
    /// For at most 64 MiB.
    #[must_use]
    pub fn new() -> Self {
        Self::with_limit(64 << 20)
    }

    /// For at most so many bytes, of which each session takes about 256 beside its data.
    #[must_use]
    pub fn with_limit(bytes: usize) -> Self {
        let kept = Kept { sessions: Expiring::new(usize::MAX), bytes: 0 };
        Self { kept: Mutex::new(kept), most_bytes: bytes }
    }

    /// How many sessions there are, some of which may be over.
    pub fn len(&self) -> usize {
        self.lock().sessions.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        // Nothing in here panics between two changes that belong together.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

fn cost(data: &[u8]) -> usize {
    data.len().saturating_add(OVERHEAD)
}

impl Kept {
    fn remove(&mut self, key: &str) {
        if let Some(data) = self.sessions.remove(&key.into()) {
            self.bytes -= cost(&data);
        }
    }

    fn put(
        &mut self,
        key: &str,
        data: &[u8],
        now: SystemTime,
        expires: SystemTime,
        most: usize,
    ) -> Result<(), StoreError> {
        let cost = cost(data);
        if cost > most {
            return Err(StoreError::full());
        }
        self.remove(key);
        while let Some(over) = self.sessions.pop_expired(now) {
            self.bytes -= self::cost(&over);
        }
        while self.bytes > most - cost {
            let Some(first) = self.sessions.pop_first() else { break };
            self.bytes -= self::cost(&first);
        }
        self.bytes += cost;
        self.sessions.insert(key.into(), data.into(), expires, now);
        Ok(())
    }
}

impl SessionStore for MemoryStore {
    fn load(&self, key: &str, now: SystemTime) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.lock().sessions.get(&key.into(), now).map(|data| data.to_vec()))
    }

    fn create(
        &self,
        key: &str,
        data: &[u8],
        now: SystemTime,
        expires: SystemTime,
    ) -> Result<(), StoreError> {
        self.lock().put(key, data, now, expires, self.most_bytes)
    }

    fn update(
        &self,
        key: &str,
        data: &[u8],
        now: SystemTime,
        expires: SystemTime,
    ) -> Result<bool, StoreError> {
        let mut kept = self.lock();
        if kept.sessions.get(&key.into(), now).is_none() {
            return Ok(false);
        }
        kept.put(key, data, now, expires, self.most_bytes).map(|()| true)
    }

    fn remove(&self, key: &str) -> Result<(), StoreError> {
        self.lock().remove(key);
        Ok(())
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MemoryStore({} sessions)", self.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[test]
    fn memory_is_bounded_and_comes_back() {
        let store = MemoryStore::with_limit(10 * (OVERHEAD + 100));
        for count in 0..1000 {
            store.create(&count.to_string(), &[0; 100], at(0), at(1000 + count)).unwrap();
            assert!(store.lock().bytes <= store.most_bytes);
        }
        assert_eq!(store.len(), 10);
        assert!(store.load("989", at(0)).unwrap().is_none());
        assert!(store.load("990", at(0)).unwrap().is_some());
        // A larger one takes the room of several.
        store.update("999", &[1; 800], at(0), at(3000)).unwrap();
        assert_eq!((store.len(), store.load("999", at(0)).unwrap()), (8, Some(vec![1; 800])));
        assert!(store.create("x", &[0; 4000], at(0), at(1)).is_err());
        // What is over goes with the next one that comes.
        store.create("y", b"", at(9000), at(9001)).unwrap();
        assert_eq!((store.len(), store.lock().bytes), (1, OVERHEAD));
        store.remove("y").unwrap();
        assert_eq!((store.is_empty(), store.lock().bytes), (true, 0));
    }
}
