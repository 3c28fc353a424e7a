//! Moments as year, month, day and time of day in UTC.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

const SECONDS_OF_DAY: i64 = 24 * 60 * 60;
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// A moment to the second, in UTC and the Gregorian calendar.
///
/// `Display` writes it as RFC 3339 does: `2026-11-20T19:00:00Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Moment {
    year: i64,
    /// From 1.
    month: u8,
    /// From 1.
    day: u8,
    hour: u8,
    minute: u8,
    second: u8,
}

impl Moment {
    /// The moment so many seconds after the beginning of 1970.
    fn from_seconds(seconds: i64) -> Self {
        let (year, month, day) = date_of(seconds.div_euclid(SECONDS_OF_DAY));
        let second = seconds.rem_euclid(SECONDS_OF_DAY);
        // All three are below 60.
        let part = |number: i64| number as u8;
        Self {
            year,
            month,
            day,
            hour: part(second / 3600),
            minute: part(second / 60 % 60),
            second: part(second % 60),
        }
    }

    /// As access logs write it: `20/Nov/2026:19:00:00 +0000`.
    pub(crate) fn common(self) -> Common {
        Common(self)
    }
}

impl From<SystemTime> for Moment {
    fn from(time: SystemTime) -> Self {
        let whole = |seconds: u64| i64::try_from(seconds).unwrap_or(i64::MAX);
        Self::from_seconds(match time.duration_since(UNIX_EPOCH) {
            Ok(since) => whole(since.as_secs()),
            // Down to the whole second, as on the other side of the epoch.
            Err(before) => {
                let before = before.duration();
                -whole(before.as_secs()) - i64::from(before.subsec_nanos() > 0)
            }
        })
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { year, month, day, hour, minute, second } = self;
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
    }
}

/// A moment as access logs write it.
pub(crate) struct Common(Moment);

impl fmt::Display for Common {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Moment { year, month, day, hour, minute, second } = self.0;
        let month = MONTHS[usize::from(month) - 1];
        write!(f, "{day:02}/{month}/{year:04}:{hour:02}:{minute:02}:{second:02} +0000")
    }
}

/// Year, month and day of a day, counted from 1 January 1970.
///
/// Years are taken to begin in March, so that the leap day is the last of its year; the calendar
/// repeats every 400 years, which are 146,097 days.
fn date_of(days: i64) -> (i64, u8, u8) {
    const ERA: i64 = 146_097;
    // Days from 1 March of the year 0 to 1 January 1970.
    let days = days + 719_468;
    let (era, day_of_era) = (days.div_euclid(ERA), days.rem_euclid(ERA));
    // A leap day every 4 years, none every 100, but one every 400.
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / (ERA - 1)) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    // From March on the months have 31, 30, 31, 30, 31 days and so on: 153 in five of them.
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = 400 * era + year_of_era + i64::from(month <= 2);
    (year, month as u8, day as u8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn check(seconds: i64, rfc3339: &str, common: &str) {
        let moment = Moment::from_seconds(seconds);
        assert_eq!(moment.to_string(), rfc3339);
        assert_eq!(moment.common().to_string(), common);
    }

    #[test]
    fn known_moments() {
        check(0, "1970-01-01T00:00:00Z", "01/Jan/1970:00:00:00 +0000");
        check(-1, "1969-12-31T23:59:59Z", "31/Dec/1969:23:59:59 +0000");
        check(784_111_777, "1994-11-06T08:49:37Z", "06/Nov/1994:08:49:37 +0000");
        check(951_782_400, "2000-02-29T00:00:00Z", "29/Feb/2000:00:00:00 +0000");
        check(951_868_799, "2000-02-29T23:59:59Z", "29/Feb/2000:23:59:59 +0000");
        check(951_868_800, "2000-03-01T00:00:00Z", "01/Mar/2000:00:00:00 +0000");
        check(1_795_201_200, "2026-11-20T19:00:00Z", "20/Nov/2026:19:00:00 +0000");
        check(4_107_542_399, "2100-02-28T23:59:59Z", "28/Feb/2100:23:59:59 +0000");
        check(4_107_542_400, "2100-03-01T00:00:00Z", "01/Mar/2100:00:00:00 +0000");
        check(253_402_300_799, "9999-12-31T23:59:59Z", "31/Dec/9999:23:59:59 +0000");
    }

    #[test]
    fn parts_of_a_second_are_cut_off_on_both_sides_of_the_epoch() {
        let half = Duration::from_millis(500);
        assert_eq!(Moment::from(UNIX_EPOCH + half), Moment::from_seconds(0));
        assert_eq!(Moment::from(UNIX_EPOCH - half), Moment::from_seconds(-1));
        assert_eq!(Moment::from(UNIX_EPOCH - half - half), Moment::from_seconds(-1));
    }

    /// Walks day by day with the rules as they are taught, for more than two eras.
    #[test]
    fn every_day_follows_the_one_before() {
        let (mut year, mut month, mut day) = (1600_i64, 1_u8, 1_u8);
        let first = -135_140; // 1 January 1600
        for days in first..first + 900 * 366 {
            assert_eq!(date_of(days), (year, month, day), "day {days}");
            let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
            let length = match month {
                2 if leap => 29,
                2 => 28,
                4 | 6 | 9 | 11 => 30,
                _ => 31,
            };
            day += 1;
            if day > length {
                (month, day) = (month + 1, 1);
            }
            if month > 12 {
                (year, month) = (year + 1, 1);
            }
        }
    }
}
