//! The real time.

use std::time::{Duration, Instant, SystemTime};

use crate::exchange::{Clock, Now};

/// How old the wall clock's time may be. Reading it for every request would cost more than it
/// tells.
const STALE: Duration = Duration::from_millis(1);

/// The clock of a loop.
pub(super) struct SystemClock {
    origin: Instant,
    now: Now,
    time_read: Duration,
}

impl SystemClock {
    pub(super) fn new() -> Self {
        Self {
            origin: Instant::now(),
            now: Now::new(Duration::ZERO, SystemTime::now()),
            time_read: Duration::ZERO,
        }
    }
}

impl Clock for SystemClock {
    fn now(&mut self) -> &Now {
        let elapsed = self.origin.elapsed();
        let time = if elapsed - self.time_read < STALE {
            self.now.time()
        } else {
            self.time_read = elapsed;
            SystemTime::now()
        };
        self.now.advance(elapsed, time);
        &self.now
    }
}
