//! Messages of the `log` facade, and what the daemon says itself: the error log.

use std::fmt::{self, Write as _};
use std::io;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::SystemTime;

use log::{Level, LevelFilter, Log, Metadata, Record};

use crate::civil::Moment;
use crate::escape::OneLine;
use crate::sink::Sink;

/// The error log of this process.
static LOG: OnceLock<ErrorLog> = OnceLock::new();

/// Where messages go, and how they look.
struct ErrorLog {
    state: Mutex<State>,
}

struct State {
    sink: Sink,
    /// Empty for the usual one.
    format: String,
    /// Whether the last message could not be written.
    failing: bool,
}

/// Sends messages of this level and of more important ones to a sink. A logger that the program
/// chose before stays for the messages of the facade.
pub(crate) fn install(level: LevelFilter, sink: Sink, format: &str) {
    let state = State { sink, format: format.to_owned(), failing: false };
    match LOG.get() {
        None => {
            let log = LOG.get_or_init(|| ErrorLog { state: Mutex::new(state) });
            if log::set_logger(log).is_ok() {
                log::set_max_level(level);
            }
        }
        Some(log) => {
            *log.state() = state;
            log::set_max_level(level);
        }
    }
}

/// Another descriptor of its file, if it is one.
pub(crate) fn file() -> Option<std::fs::File> {
    LOG.get()?.state().sink.file()?.try_clone().ok()
}

/// Opens its file again.
pub(crate) fn reopen() {
    let Some(log) = LOG.get() else { return };
    let result = log.state().sink.reopen();
    if let Err(error) = result {
        log::error!("the error log cannot be opened again: {error}");
    }
}

/// One line of the daemon's own: plain on a terminal, as a message where there is a log.
pub(crate) fn say(message: impl fmt::Display) {
    let plain = match LOG.get() {
        None => true,
        Some(log) => matches!(log.state().sink, Sink::Stderr),
    };
    if plain {
        use io::Write as _;
        let line = format!("{message}\n");
        // Unlike `eprintln!` it goes on where nobody reads that any more.
        let _ = io::stderr().lock().write_all(line.as_bytes());
    } else if let Some(log) = LOG.get() {
        let args = format!("{message}");
        log.log(
            &Record::builder()
                .level(Level::Info)
                .target("poorhttp")
                .module_path_static(Some("poorhttp"))
                .args(format_args!("{args}"))
                .build(),
        );
    }
}

impl ErrorLog {
    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Log for ErrorLog {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        // The facade has compared the level already.
        true
    }

    fn log(&self, record: &Record<'_>) {
        let mut state = self.state();
        let line = match (&state.sink, state.format.as_str()) {
            // They have times and levels of their own.
            (Sink::Syslog { .. } | Sink::Journal { .. }, "") => {
                format!("{}: {}\n", OneLine(record.target()), OneLine(&record.args().to_string()))
            }
            (_, "") => format!("{}\n", line(SystemTime::now(), record)),
            (_, format) => format!("{}\n", formatted(format, SystemTime::now(), record)),
        };
        match state.sink.write(record.level(), &line) {
            Ok(()) => state.failing = false,
            // Where standard error is gone as well there is nobody left to tell.
            Err(error) if !state.failing => {
                use io::Write as _;
                state.failing = true;
                let said = format!("the error log is losing lines: {error}\n{line}");
                let _ = io::stderr().lock().write_all(said.as_bytes());
            }
            Err(_) => {}
        }
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

/// A line in the notation of Python's logging: `%(asctime)s %(levelname)s: %(message)s`. Times are
/// in UTC; widths count; what is unknown stays as it stands.
fn formatted(format: &str, now: SystemTime, record: &Record<'_>) -> String {
    let mut line = String::new();
    let mut rest = format;
    while let Some(start) = rest.find("%(") {
        line.push_str(&rest[..start]);
        rest = &rest[start..];
        let Some((name, after)) = rest[2..].split_once(')') else { break };
        let digits = after.find(|c: char| !(c.is_ascii_digit() || c == '-')).unwrap_or(after.len());
        let (width, kind) = after.split_at(digits);
        let value = placeholder(name, now, record);
        let (Some(value), true) = (value, kind.starts_with(['s', 'd'])) else {
            line.push_str("%(");
            rest = &rest[2..];
            continue;
        };
        let value = OneLine(&value).to_string();
        let wide = width.trim_start_matches('-').parse().unwrap_or(0).min(64);
        let _ = if width.starts_with('-') {
            write!(line, "{value:<wide$}")
        } else {
            write!(line, "{value:>wide$}")
        };
        rest = &kind[1..];
    }
    line.push_str(rest);
    line
}

fn placeholder(name: &str, now: SystemTime, record: &Record<'_>) -> Option<String> {
    let path = record.file().unwrap_or("-");
    Some(match name {
        "asctime" => {
            let since = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
            let time = Moment::from(now).to_string().replace('T', " ").replace('Z', "");
            format!("{time},{:03}", since.subsec_millis())
        }
        "levelname" => match record.level() {
            Level::Warn => "WARNING".to_owned(),
            Level::Trace => "DEBUG".to_owned(),
            level => level.to_string(),
        },
        "name" => record.target().to_owned(),
        "message" => record.args().to_string(),
        "funcName" | "module" => record.module_path().unwrap_or("-").to_owned(),
        "pathname" => path.to_owned(),
        "filename" => path.rsplit('/').next().unwrap_or(path).to_owned(),
        "lineno" => record.line().map_or_else(|| "0".to_owned(), |line| line.to_string()),
        "process" => std::process::id().to_string(),
        "thread" => format!("{:?}", std::thread::current().id()),
        "threadName" => std::thread::current().name().unwrap_or("-").to_owned(),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
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

    fn check_format(format: &str, expected: &str) {
        let now = UNIX_EPOCH + Duration::from_millis(1_795_201_200_042);
        let record = Record::builder()
            .level(Level::Warn)
            .target("a")
            .args(format_args!("b\nc"))
            .file(Some("src/d.rs"))
            .line(Some(7))
            .module_path(Some("e::f"))
            .build();
        assert_eq!(formatted(format, now, &record), expected, "{format}");
    }

    #[test]
    fn lines_in_the_notation_of_python() {
        check_format(
            "%(asctime)s %(levelname)s: %(name)s: %(message)s {%(funcName)s() %(filename)s:%(lineno)d}",
            "2026-11-20 19:00:00,042 WARNING: a: b\\x0Ac {e::f() d.rs:7}",
        );
        check_format("%(levelname)-9s|%(lineno)3d", "WARNING  |  7");
        check_format("%(nonsense)s %(name", "%(nonsense)s %(name");
    }
}
