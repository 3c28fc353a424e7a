//! What blocks: a moving average of how long it took, for each kind of work of each endpoint.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// Kinds of work with numbers beyond this share their averages with others.
const KINDS: usize = 4096;
/// From here on an endpoint is sent to the threads...
const SLOW: u32 = 200_000;
/// ... until it is below this again.
const FAST: u32 = 100_000;
/// Looking at heads is one kind for all endpoints, so it takes more to send that away.
const SLOW_HEADS: u32 = 400_000;
const HEADS: u32 = 0;
/// The newest call counts a quarter.
const SHIFT: u32 = 2;
/// Longer calls count as this long. So one call alone makes no endpoint slow, since a thread may lose
/// its processor in the middle of it; two do; and an endpoint that blocked is not slow for ever.
const LONGEST: u32 = 600_000;
/// The lowest bit of an average tells which way the endpoint goes at present.
const SENT_AWAY: u32 = 1;

/// The part of a number that is a share in percent; the rest counts calls.
const PERCENT: u32 = 0xff;
const ONE_CALL: u32 = 0x100;
/// A multiple of this much is one call of eight.
const ASKED: u32 = 8 * ONE_CALL;

/// What is known of the work of a service. Times are in nanoseconds.
pub(crate) struct Predictor {
    averages: Box<[AtomicU32]>,
    /// The same for the share of its time that a handler computed, in percent.
    computing: Box<[AtomicU32]>,
}

impl Predictor {
    pub(crate) fn new() -> Self {
        let zeros = || (0..KINDS).map(|_| AtomicU32::new(0)).collect();
        Self { averages: zeros(), computing: zeros() }
    }

    /// Whether work of this kind is expected to block.
    pub(crate) fn is_slow(&self, kind: u32) -> bool {
        self.average(kind).load(Ordering::Relaxed) & SENT_AWAY != 0
    }

    /// Work of this kind took so long.
    pub(crate) fn ran(&self, kind: u32, time: Duration) {
        let average = self.average(kind);
        let old = average.load(Ordering::Relaxed);
        let time = u32::try_from(time.as_nanos()).unwrap_or(LONGEST).min(LONGEST);
        let mut new = old - (old >> SHIFT) + (time >> SHIFT);
        let slow = if kind == HEADS { SLOW_HEADS } else { SLOW };
        let sent_away = if old & SENT_AWAY != 0 { new >= FAST } else { new >= slow };
        new = new & !SENT_AWAY | u32::from(sent_away);
        // Another thread may do the same meanwhile; then one of the two calls does not count.
        if new != old {
            average.store(new, Ordering::Relaxed);
        }
    }

    /// Whether it is time again to see how much work of this kind computes.
    pub(crate) fn asks(&self, kind: u32) -> bool {
        let known = self.computing(kind);
        known.fetch_add(ONE_CALL, Ordering::Relaxed).rem_euclid(ASKED) < ONE_CALL
    }

    /// Work of this kind took so long on a thread, and computed for so much of it.
    pub(crate) fn computed(&self, kind: u32, wall: Duration, cpu: Duration) {
        let wall = wall.as_nanos().max(1);
        let percent = (cpu.as_nanos() * 100 / wall).min(100) as u32;
        let average = self.computing(kind);
        let old = average.load(Ordering::Relaxed);
        let new = ((old & PERCENT) * 3 + percent + 2) / 4;
        average.store(old & !PERCENT | new, Ordering::Relaxed);
    }

    /// Whether work of this kind computes rather than waits.
    pub(crate) fn computes(&self, kind: u32) -> bool {
        self.computing(kind).load(Ordering::Relaxed) & PERCENT >= 50
    }

    fn computing(&self, kind: u32) -> &AtomicU32 {
        &self.computing[kind as usize % KINDS]
    }

    fn average(&self, kind: u32) -> &AtomicU32 {
        &self.averages[kind as usize % KINDS]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ran(predictor: &Predictor, times: &[u64]) -> bool {
        for micros in times {
            predictor.ran(7, Duration::from_micros(*micros));
        }
        predictor.is_slow(7)
    }

    #[test]
    fn endpoints_that_block_are_known_after_two_calls_and_forgiven_after_some() {
        let predictor = Predictor::new();
        assert!(!ran(&predictor, &[10, 20, 10]));
        assert!(!ran(&predictor, &[300, 10, 10, 10]), "late by chance");
        assert!(!ran(&predictor, &[10_000_000]), "perhaps it lost its processor");
        assert!(ran(&predictor, &[10_000_000]), "it blocks");
        assert!(ran(&predictor, &[300, 300, 300]));
        assert!(!ran(&predictor, &[5; 12]));
        assert!(!predictor.is_slow(8), "others are not meant");
    }

    #[test]
    fn between_the_bounds_it_stays_as_it_is() {
        let predictor = Predictor::new();
        assert!(!ran(&predictor, &[150; 100]));
        assert!(ran(&predictor, &[250; 100]));
        assert!(ran(&predictor, &[150; 100]));
        assert!(!ran(&predictor, &[90; 100]));
    }

    #[test]
    fn computing_is_told_from_waiting() {
        let predictor = Predictor::new();
        for _ in 0..8 {
            predictor.computed(1, Duration::from_millis(10), Duration::from_millis(9));
            predictor.computed(2, Duration::from_millis(10), Duration::from_millis(1));
        }
        assert!(predictor.computes(1) && !predictor.computes(2));
    }
}
