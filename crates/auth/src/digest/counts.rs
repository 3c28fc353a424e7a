//! Which counts of a nonce were used, so that nothing is accepted twice.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use super::nonce::NonceId;
use crate::once::OnceStore;
use crate::store_error::StoreError;

/// Remembers which counts of which nonces were used. Asked only when all else of the credentials
/// is right, so that nobody without a password gets anything in.
pub trait NonceCounts: Send + Sync {
    /// A nonce was given to a client. Nothing, if not written.
    fn issued(&self, id: &NonceId) {
        let _ = id;
    }

    /// Whether this is the first use of a count of a nonce that is good for `lifetime` after it was
    /// issued. `false` makes the client try again with another nonce, so it may also be said when
    /// in doubt. Of several callers at once exactly one is told `true`.
    ///
    /// # Errors
    /// When the store does not answer. Then the request is refused.
    fn first_use(
        &self,
        id: &NonceId,
        count: u32,
        now: SystemTime,
        lifetime: Duration,
    ) -> Result<bool, StoreError>;
}

impl<C: NonceCounts + ?Sized> NonceCounts for std::sync::Arc<C> {
    fn issued(&self, id: &NonceId) {
        (**self).issued(id);
    }

    fn first_use(
        &self,
        id: &NonceId,
        count: u32,
        now: SystemTime,
        lifetime: Duration,
    ) -> Result<bool, StoreError> {
        (**self).first_use(id, count, now, lifetime)
    }
}

/// Counts within one process, up to a bound: the highest count of each nonce, and which of the 64
/// up to it were used, since requests that a client sends at once may arrive in any order.
///
/// What it has forgotten it does not accept: when it is full, the nonce that was issued first makes
/// room, and no nonce from before that one is good any more. The same holds for nonces from before
/// the process began, whose counts nobody knows. Clients of those are told `stale=true` and try
/// again by themselves.
///
/// Several processes, each with a table of its own, would accept one replay each; they need a
/// store in common, [`OnceCounts`].
#[derive(Debug)]
pub struct MemoryNonceCounts {
    table: Mutex<Table>,
    most: usize,
}

#[derive(Debug, Default)]
struct Table {
    used: BTreeMap<NonceId, Window>,
    /// Nothing up to this is accepted unless it stands in `used`. None before the first nonce.
    floor: Option<NonceId>,
}

#[derive(Clone, Copy, Debug)]
struct Window {
    highest: u32,
    /// Bit n: the count `highest - n` was used.
    used: u64,
}

impl Window {
    fn first_use(&mut self, count: u32) -> bool {
        if count > self.highest {
            self.used = self.used.checked_shl(count - self.highest).unwrap_or(0) | 1;
            self.highest = count;
            return true;
        }
        let Some(bit) = 1_u64.checked_shl(self.highest - count) else { return false };
        let first = self.used & bit == 0;
        self.used |= bit;
        first
    }
}

impl MemoryNonceCounts {
    /// How many nonces are remembered if not said otherwise. They take about 4 MiB.
    pub const DEFAULT_MOST: usize = 65_536;

    /// For at most `most` nonces at a time, at least one; each takes about 60 bytes.
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self { table: Mutex::default(), most: most.max(1) }
    }

    /// How many nonces are remembered now.
    #[must_use]
    pub fn len(&self) -> usize {
        self.table.lock().unwrap_or_else(PoisonError::into_inner).used.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// As large as [`DEFAULT_MOST`](MemoryNonceCounts::DEFAULT_MOST) says.
impl Default for MemoryNonceCounts {
    fn default() -> Self {
        Self::new(Self::DEFAULT_MOST)
    }
}

impl Table {
    fn pop_first(&mut self) {
        if let Some((id, _)) = self.used.pop_first() {
            self.floor = self.floor.max(Some(id));
        }
    }
}

impl NonceCounts for MemoryNonceCounts {
    fn issued(&self, id: &NonceId) {
        let mut table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        if table.floor.is_none() {
            // The nonces of this process are those from here on.
            let millis = super::nonce::millis(id.issued());
            table.floor = Some(NonceId::new(millis.saturating_sub(1), [0xff; 12]));
        }
    }

    fn first_use(
        &self,
        id: &NonceId,
        count: u32,
        now: SystemTime,
        lifetime: Duration,
    ) -> Result<bool, StoreError> {
        // The table is whole between its operations, even after a panic in one.
        let mut table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some((first, _)) = table.used.first_key_value()
            && first.issued().checked_add(lifetime).is_some_and(|end| end <= now)
        {
            table.pop_first();
        }
        if let Some(window) = table.used.get_mut(id) {
            return Ok(window.first_use(count));
        }
        // A process that has issued none knows the history of none.
        if table.floor.is_none_or(|floor| *id <= floor) {
            return Ok(false);
        }
        while table.used.len() >= self.most {
            table.pop_first();
        }
        if table.floor.is_some_and(|floor| *id <= floor) {
            return Ok(false);
        }
        table.used.insert(*id, Window { highest: count, used: 1 });
        Ok(true)
    }
}

/// Counts in a [`OnceStore`], of Redis for instance, so that several servers refuse each other's
/// replays. Each use takes one key until its nonce is over.
#[derive(Clone, Debug)]
pub struct OnceCounts<S>(pub S);

impl<S: OnceStore> NonceCounts for OnceCounts<S> {
    fn first_use(
        &self,
        id: &NonceId,
        count: u32,
        now: SystemTime,
        lifetime: Duration,
    ) -> Result<bool, StoreError> {
        let end = id.issued().checked_add(lifetime).unwrap_or(now);
        // A second more than needed, since stores round.
        let keep = end.duration_since(now).unwrap_or_default() + Duration::from_secs(1);
        self.0.first_use(&format!("digest:{id}:{count:08x}"), now, keep)
    }
}

/// No memory: credentials can be used again as long as their nonce is good, by whoever reads them.
/// For several processes without a store in common, where that is known and accepted.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoReplayProtection;

impl NonceCounts for NoReplayProtection {
    fn first_use(
        &self,
        _: &NonceId,
        _: u32,
        _: SystemTime,
        _: Duration,
    ) -> Result<bool, StoreError> {
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::super::nonce::from_millis;
    use super::*;
    use crate::once::MemoryOnceStore;

    const LIFE: Duration = Duration::from_secs(60);

    fn id(millis: u64, random: u8) -> NonceId {
        NonceId::new(millis, [random; 12])
    }

    fn try_use(counts: &dyn NonceCounts, id: &NonceId, count: u32) -> bool {
        counts.first_use(id, count, id.issued(), LIFE).unwrap()
    }

    #[test]
    fn counts_within_a_window_of_64_come_in_any_order() {
        let counts = MemoryNonceCounts::default();
        let nonce = id(1000, 1);
        counts.issued(&nonce);
        for (count, first) in [
            (1, true),
            (1, false),
            (3, true),
            (2, true),
            (2, false),
            (66, true),
            (3, false),
            (2, false),
            (4, true),
            (66, false),
            (u32::MAX, true),
            (67, false),
            (u32::MAX - 63, true),
            (u32::MAX - 63, false),
            (u32::MAX - 64, false),
        ] {
            assert_eq!(try_use(&counts, &nonce, count), first, "{count}");
        }
    }

    /// Against a set of all that was ever used.
    #[test]
    fn the_window_never_accepts_twice() {
        let counts = MemoryNonceCounts::default();
        let nonce = id(1000, 1);
        counts.issued(&nonce);
        let (mut seen, mut state) = (std::collections::HashSet::new(), 1_u64);
        let (mut accepted, mut base) = (0, 1);
        for _ in 0..20_000 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let count = base + (state >> 33) as u32 % 100;
            base += (state >> 60 == 0) as u32;
            if try_use(&counts, &nonce, count) {
                assert!(seen.insert(count), "{count}");
                accepted += 1;
            }
        }
        assert!(accepted > 100, "{accepted}");
    }

    #[test]
    fn what_was_forgotten_is_not_accepted() {
        let counts = MemoryNonceCounts::new(2);
        let nonces = [id(1000, 1), id(1001, 1), id(1002, 1)];
        counts.issued(&nonces[0]);
        for nonce in &nonces {
            assert!(try_use(&counts, nonce, 1));
        }
        assert_eq!(counts.len(), 2);
        assert!(!try_use(&counts, &nonces[0], 2), "it made room");
        assert!(!try_use(&counts, &id(999, 1), 1), "from before the process");
        assert!(!try_use(&counts, &id(1000, 0), 1), "older than the one that made room");
        assert!(try_use(&counts, &nonces[2], 2) && !try_use(&counts, &nonces[2], 2));
    }

    #[test]
    fn the_clock_steps_back_and_nothing_comes_alive() {
        let counts = MemoryNonceCounts::default();
        let (old, new) = (id(1000, 1), id(100_000, 1));
        counts.issued(&old);
        assert!(try_use(&counts, &old, 1));
        assert!(try_use(&counts, &new, 1));
        assert_eq!(counts.len(), 1, "the old one is over");
        assert!(!counts.first_use(&old, 1, from_millis(1000), LIFE).unwrap());
        assert!(!counts.first_use(&old, 2, from_millis(1000), LIFE).unwrap());
    }

    #[test]
    fn a_process_that_issued_none_accepts_none() {
        assert!(!try_use(&MemoryNonceCounts::default(), &id(1000, 1), 1));
    }

    #[test]
    fn several_servers_share_a_store() {
        let store = std::sync::Arc::new(MemoryOnceStore::new(100));
        let (one, other) = (OnceCounts(store.clone()), OnceCounts(store));
        let nonce = id(1000, 1);
        assert!(try_use(&one, &nonce, 1) && !try_use(&other, &nonce, 1));
        assert!(try_use(&other, &nonce, 2) && !try_use(&one, &nonce, 2));
        assert!(try_use(&one, &id(1000, 2), 1));
    }
}
