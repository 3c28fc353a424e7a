//! Messages of the `log` facade, on standard error.

use std::io::{self, Write as _};
use std::time::SystemTime;

use log::{LevelFilter, Log, Metadata, Record};

use crate::civil::Moment;
use crate::escape::OneLine;

/// Writes each message as one line: `2026-11-20T19:00:00Z WARN pauper::server: …`.
struct Logger;

/// Sends messages of this level and of more important ones to standard error. A logger that the
/// program chose before stays.
pub(crate) fn install(level: LevelFilter) {
    if log::set_logger(&Logger).is_ok() {
        log::set_max_level(level);
    }
}

impl Log for Logger {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        // The facade has compared the level already.
        true
    }

    fn log(&self, record: &Record<'_>) {
        let mut line = line(SystemTime::now(), record);
        line.push('\n');
        // Where standard error is gone there is nobody left to tell.
        let _ = io::stderr().lock().write_all(line.as_bytes());
    }

    fn flush(&self) {}
}

fn line(now: SystemTime, record: &Record<'_>) -> String {
    format!(
        "{} {} {}: {}",
        Moment::from(now),
        record.level(),
        OneLine(record.target()),
        OneLine(&record.args().to_string())
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use log::Level;
    use std::time::{Duration, UNIX_EPOCH};

    fn check(level: Level, message: &str, expected: &str) {
        let now = UNIX_EPOCH + Duration::from_secs(1_795_201_200);
        let args = format_args!("{message}");
        let record = Record::builder().level(level).target("pauper::server").args(args).build();
        assert_eq!(line(now, &record), expected);
    }

    #[test]
    fn one_line_each() {
        check(Level::Warn, "a\nb", "2026-11-20T19:00:00Z WARN pauper::server: a\\x0Ab");
        check(Level::Error, "käse", "2026-11-20T19:00:00Z ERROR pauper::server: käse");
    }
}
