//! The real time.

use std::time::{Duration, Instant, SystemTime};

use crate::exchange::Now;

/// How old the wall clock's time may be. Reading it for every request would cost more than it
/// tells.
const STALE: Duration = Duration::from_millis(1);

/// The clock of a loop. It is read when events came and when something was done that may have
/// taken its time; in between it stands still.
#[derive(Clone)]
pub(super) struct LoopClock {
    origin: Instant,
    now: Now,
    time_read: Duration,
}

impl LoopClock {
    pub(super) fn new() -> Self {
        Self {
            origin: Instant::now(),
            now: Now::new(Duration::ZERO, SystemTime::now()),
            time_read: Duration::ZERO,
        }
    }

    /// Reads the time.
    pub(super) fn read(&mut self) -> &Now {
        let elapsed = self.origin.elapsed();
        if elapsed - self.time_read < STALE {
            self.now.go_on(elapsed);
        } else {
            self.time_read = elapsed;
            self.now.advance(elapsed, SystemTime::now());
        }
        &self.now
    }

    /// The moment at which the time was last read.
    pub(super) fn stopwatch(&self) -> Stopwatch {
        Stopwatch { origin: self.origin, at: self.now.elapsed() }
    }

    /// The time as it was last read.
    pub(super) fn now(&self) -> &Now {
        &self.now
    }
}

/// A moment of a loop's clock.
#[derive(Clone, Copy)]
pub(crate) struct Stopwatch {
    origin: Instant,
    at: Duration,
}

impl Stopwatch {
    /// The time between two moments of one clock.
    pub(crate) fn since(self, earlier: Self) -> Duration {
        self.at.saturating_sub(earlier.at)
    }

    /// The time since then.
    pub(crate) fn elapsed(self) -> Duration {
        self.origin.elapsed().saturating_sub(self.at)
    }
}
