//! Sizes and times for people and machines.

use std::time::SystemTime;

/// A size in B, KiB, MiB and so on, with one decimal below ten.
pub(crate) fn size(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    // In tenths of the unit, rounded half up; nothing overflows above 16 EiB of tenths.
    let mut unit = 0;
    let tenths = |unit: usize| {
        let one = 1_u128 << (10 * (unit + 1));
        (u128::from(bytes) * 10 + one / 2) / one
    };
    while unit + 1 < UNITS.len() && tenths(unit) >= 10_240 {
        unit += 1;
    }
    match tenths(unit) {
        small @ 0..100 => format!("{}.{} {}", small / 10, small % 10, UNITS[unit]),
        large => format!("{} {}", (large + 5) / 10, UNITS[unit]),
    }
}

/// A number with its digits in groups of three.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A time in UTC.
pub(crate) struct Utc {
    /// `2024-05-01`.
    pub(crate) date: String,
    /// `12:30:05`.
    pub(crate) time: String,
}

impl Utc {
    /// The time in whole seconds, rounded down.
    pub(crate) fn of(time: SystemTime) -> Self {
        let seconds = match time.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(after) => i128::from(after.as_secs()),
            Err(before) => {
                let before = before.duration();
                -i128::from(before.as_secs()) - i128::from(before.subsec_nanos() > 0)
            }
        };
        let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
        let (year, month, day) = civil(days);
        Self {
            date: format!("{year:04}-{month:02}-{day:02}"),
            time: format!("{:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60),
        }
    }
}

/// Year, month and day of the day so many days after 1970-01-01.
///
/// Years begin in March here, so that the leap day is the last of its year, and come in eras of
/// 400 years, which are all equally long.
fn civil(days: i128) -> (i128, i128, i128) {
    const ERA: i128 = 146_097;
    let days = days + 719_468;
    let (era, day) = (days.div_euclid(ERA), days.rem_euclid(ERA));
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, carry) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    (era * 400 + year + carry, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn sizes() {
        for (bytes, expected) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1.0 KiB"),
            (1536, "1.5 KiB"),
            (10_188, "9.9 KiB"),
            (10_189, "10 KiB"),
            (1_048_524, "1024 KiB"),
            (1_048_525, "1.0 MiB"),
            (1 << 20, "1.0 MiB"),
            (5 << 30, "5.0 GiB"),
            (u64::MAX, "16 EiB"),
        ] {
            assert_eq!(size(bytes), expected, "{bytes}");
        }
    }

    #[test]
    fn groups_of_digits() {
        for (number, expected) in
            [(0, "0"), (999, "999"), (1000, "1,000"), (1 << 30, "1,073,741,824")]
        {
            assert_eq!(grouped(number), expected);
        }
    }

    #[test]
    fn times() {
        let check = |seconds: i64, expected: &str| {
            let length = Duration::from_secs(seconds.unsigned_abs());
            let epoch = SystemTime::UNIX_EPOCH;
            let time = if seconds < 0 { epoch - length } else { epoch + length };
            let utc = Utc::of(time);
            assert_eq!(format!("{}T{}Z", utc.date, utc.time), expected);
        };
        check(0, "1970-01-01T00:00:00Z");
        check(-1, "1969-12-31T23:59:59Z");
        check(784_111_777, "1994-11-06T08:49:37Z");
        check(951_782_400, "2000-02-29T00:00:00Z");
        check(1_709_251_199, "2024-02-29T23:59:59Z");
        check(4_107_542_400, "2100-03-01T00:00:00Z");
        check(1 << 33, "2242-03-16T12:56:32Z");
        check(253_402_300_800, "10000-01-01T00:00:00Z");
    }
}
