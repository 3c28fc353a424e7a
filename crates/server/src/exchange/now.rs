//! The time, as a driver tells it.

use std::io::Write as _;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use pauper_wire::DateLine;

/// The present, told by whoever drives an exchange; nothing in this module reads a clock.
///
/// It holds both times that a server needs, a monotonic one for its time limits and the wall
/// clock's for headers and logs, and the prepared text of the Date header, which is made anew
/// once a second.
#[derive(Clone, Copy, Debug)]
pub struct Now {
    elapsed: Duration,
    time: SystemTime,
    second: u64,
    date: DateLine,
}

impl Now {
    /// A moment: `elapsed` since any fixed beginning, and the wall clock's time.
    ///
    /// Times before 1970 and after 9999 are moved to the end of that range in the Date header.
    #[must_use]
    pub fn new(elapsed: Duration, time: SystemTime) -> Self {
        let second = second_of(time);
        Self { elapsed, time, second, date: date_of(second) }
    }

    /// Moves on. `elapsed` never goes back; the wall clock's `time` may.
    pub fn advance(&mut self, elapsed: Duration, time: SystemTime) {
        self.elapsed = elapsed;
        self.time = time;
        let second = second_of(time);
        if second != self.second {
            self.second = second;
            self.date = date_of(second);
        }
    }

    /// Moves on by so little that the wall clock need not be asked.
    pub(crate) fn go_on(&mut self, elapsed: Duration) {
        self.elapsed = elapsed;
    }

    /// The time since the beginning that the driver chose.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.elapsed
    }

    /// The wall clock's time.
    #[must_use]
    pub fn time(&self) -> SystemTime {
        self.time
    }

    /// The value of the Date header (RFC 9110, section 5.6.7).
    #[must_use]
    pub fn date(&self) -> &[u8; 29] {
        self.date.value()
    }

    /// The line of it.
    pub(super) fn date_line(&self) -> &DateLine {
        &self.date
    }
}

/// The last second that a date with a year of four digits can name.
const LAST_SECOND: u64 = 253_402_300_799;

fn second_of(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()).min(LAST_SECOND)
}

fn date_of(second: u64) -> DateLine {
    let mut date = [b' '; 29];
    let time = UNIX_EPOCH + Duration::from_secs(second);
    // The form has exactly 29 bytes for every year of four digits.
    write!(&mut date[..], "{}", httpdate::HttpDate::from(time)).expect("a date has 29 bytes");
    DateLine::new(&date)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(time: SystemTime, expected: &str) {
        let now = Now::new(Duration::ZERO, time);
        assert_eq!(std::str::from_utf8(now.date()).unwrap(), expected);
    }

    #[test]
    fn every_time_has_a_date() {
        let at = |second| UNIX_EPOCH + Duration::from_secs(second);
        check(at(784_111_777), "Sun, 06 Nov 1994 08:49:37 GMT");
        check(UNIX_EPOCH - Duration::from_secs(9), "Thu, 01 Jan 1970 00:00:00 GMT");
        check(at(LAST_SECOND + 9), "Fri, 31 Dec 9999 23:59:59 GMT");
    }

    #[test]
    fn the_date_follows_the_clock_forth_and_back() {
        let mut now = Now::new(Duration::ZERO, UNIX_EPOCH);
        now.advance(Duration::ZERO, UNIX_EPOCH + Duration::from_secs(61));
        assert_eq!(now.date(), b"Thu, 01 Jan 1970 00:01:01 GMT");
        now.advance(Duration::ZERO, UNIX_EPOCH);
        assert_eq!(now.date(), b"Thu, 01 Jan 1970 00:00:00 GMT");
    }
}
