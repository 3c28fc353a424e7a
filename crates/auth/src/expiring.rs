//! A map whose entries go away with time, and which has a bound.

use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;
use std::time::SystemTime;

/// A map of at most so many entries, each with a time at which it is over.
///
/// When it is full, the entry that would be over first makes room. Every operation costs the
/// logarithm of the number of entries, and keys are hashed with the keyed hash of the standard
/// library, since clients choose some of them.
#[derive(Debug)]
pub(crate) struct Expiring<K, V> {
    entries: HashMap<K, (SystemTime, V)>,
    /// The same keys in the order of their ends.
    ends: BTreeSet<(SystemTime, K)>,
    most: usize,
}

impl<K: Hash + Eq + Ord + Clone, V> Expiring<K, V> {
    /// An empty map for at most `most` entries, at least one.
    pub(crate) fn new(most: usize) -> Self {
        Self { entries: HashMap::new(), ends: BTreeSet::new(), most: most.max(1) }
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// The value of a key, unless its time is over.
    pub(crate) fn get(&self, key: &K, now: SystemTime) -> Option<&V> {
        self.entries.get(key).filter(|(end, _)| *end > now).map(|(_, value)| value)
    }

    /// The time at which the entry of a key is over, unless it is.
    pub(crate) fn end(&self, key: &K, now: SystemTime) -> Option<SystemTime> {
        self.entries.get(key).map(|(end, _)| *end).filter(|end| *end > now)
    }

    /// Puts a value in, in place of the one that the key had.
    pub(crate) fn insert(&mut self, key: K, value: V, end: SystemTime, now: SystemTime) {
        self.remove(&key);
        self.sweep(now);
        while self.entries.len() >= self.most && self.pop_first().is_some() {}
        self.ends.insert((end, key.clone()));
        self.entries.insert(key, (end, value));
    }

    /// Takes a value out.
    pub(crate) fn remove(&mut self, key: &K) -> Option<V> {
        let (end, value) = self.entries.remove(key)?;
        self.ends.remove(&(end, key.clone()));
        Some(value)
    }

    /// Takes the entry out that would be over first.
    pub(crate) fn pop_first(&mut self) -> Option<V> {
        let (_, first) = self.ends.pop_first()?;
        self.entries.remove(&first).map(|(_, value)| value)
    }

    /// Drops what is over.
    pub(crate) fn sweep(&mut self, now: SystemTime) -> usize {
        let before = self.entries.len();
        while self.pop_expired(now).is_some() {}
        before - self.entries.len()
    }

    /// Takes an entry out that is over.
    pub(crate) fn pop_expired(&mut self, now: SystemTime) -> Option<V> {
        let (end, _) = self.ends.first()?;
        if *end <= now { self.pop_first() } else { None }
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
    fn entries_go_with_time() {
        let mut map = Expiring::new(10);
        map.insert("a", 1, at(5), at(0));
        map.insert("b", 2, at(9), at(0));
        assert_eq!((map.get(&"a", at(4)), map.get(&"a", at(5))), (Some(&1), None));
        map.insert("c", 3, at(20), at(5));
        assert_eq!((map.len(), map.ends.len()), (2, 2));
        assert_eq!(map.remove(&"b"), Some(2));
        assert_eq!(map.sweep(at(100)), 1);
        assert_eq!((map.len(), map.ends.len()), (0, 0));
    }

    #[test]
    fn the_one_that_would_be_over_first_makes_room() {
        let mut map = Expiring::new(2);
        for (key, end) in [("a", 7), ("b", 5), ("c", 6)] {
            map.insert(key, (), at(end), at(0));
        }
        assert!(map.get(&"b", at(0)).is_none());
        // The same key takes no second place.
        map.insert("a", (), at(8), at(0));
        assert!(map.get(&"c", at(0)).is_some());
        assert_eq!((map.len(), map.ends.len()), (2, 2));
    }
}
