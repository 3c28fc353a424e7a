//! The access log: one line for each answer.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use pauper::server::exchange::AccessRecord;

use crate::civil::Moment;
use crate::escape::Field;

/// Where the lines go. It never stops the server: an error of the writer (a full disk, a reader
/// that went away) is said once, and lines that could not be written are lost.
pub(crate) struct AccessLog<W> {
    inner: Mutex<Inner<W>>,
}

struct Inner<W> {
    writer: W,
    /// The buffer of the line, kept for the next one.
    line: String,
    /// Whether the last line failed, so that it is said once and not for every answer.
    failing: bool,
}

/// One line, before it is written.
struct Entry<'a> {
    local: Option<SocketAddr>,
    remote: Option<SocketAddr>,
    received: SystemTime,
    method: &'a str,
    target: &'a str,
    version: &'a str,
    status: Option<u16>,
    /// Of the body.
    bytes: u64,
}

impl<W: Write> AccessLog<W> {
    pub(crate) fn new(writer: W) -> Self {
        Self { inner: Mutex::new(Inner { writer, line: String::new(), failing: false }) }
    }

    /// Writes the line of an answer; gives the error that is to be said, if there is one.
    pub(crate) fn record(&self, record: &AccessRecord<'_>) -> Result<(), io::Error> {
        self.write(&Entry {
            local: record.peer.local,
            remote: record.peer.remote,
            received: record.received,
            method: record.method,
            target: record.target,
            version: match record.version {
                pauper::message::http::Version::HTTP_10 => "HTTP/1.0",
                _ => "HTTP/1.1",
            },
            status: record.status.map(|status| status.as_u16()),
            bytes: record.body_out,
        })
    }

    fn write(&self, entry: &Entry<'_>) -> Result<(), io::Error> {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let Inner { writer, line, failing } = &mut *inner;
        line.clear();
        entry.append_to(line);
        // One write for the line, so that it stays whole where several programs share a file.
        let result = writer.write_all(line.as_bytes()).and_then(|()| writer.flush());
        let said = std::mem::replace(failing, result.is_err());
        if said { Ok(()) } else { result }
    }
}

impl Entry<'_> {
    fn append_to(&self, line: &mut String) {
        // Writing to a String cannot fail.
        let _ = match self.local {
            Some(local) => write!(line, "{local} "),
            None => write!(line, "- "),
        };
        let _ = match self.remote {
            Some(remote) => write!(line, "{} ", remote.ip()),
            None => write!(line, "- "),
        };
        let _ = write!(
            line,
            "- [{}] \"{} {} {}\" ",
            Moment::from(self.received).common(),
            Field(self.method),
            Field(self.target),
            self.version
        );
        let _ = match self.status {
            Some(status) => write!(line, "{status} "),
            None => write!(line, "- "),
        };
        let _ = match self.bytes {
            0 => writeln!(line, "-"),
            bytes => writeln!(line, "{bytes}"),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, UNIX_EPOCH};

    fn entry(target: &str) -> Entry<'_> {
        Entry {
            local: Some(([127, 0, 0, 1], 8080).into()),
            remote: Some(([127, 0, 0, 1], 40_000).into()),
            received: UNIX_EPOCH + Duration::from_secs(1_795_201_200),
            method: "GET",
            target,
            version: "HTTP/1.1",
            status: Some(200),
            bytes: 514,
        }
    }

    fn check(entry: &Entry<'_>, expected: &str) {
        let log = AccessLog::new(Vec::new());
        log.write(entry).unwrap();
        let written = log.inner.into_inner().unwrap().writer;
        assert_eq!(String::from_utf8(written).unwrap(), expected);
    }

    #[test]
    fn lines() {
        check(
            &entry("/"),
            "127.0.0.1:8080 127.0.0.1 - [20/Nov/2026:19:00:00 +0000] \"GET / HTTP/1.1\" 200 514\n",
        );
        check(
            &Entry {
                local: Some("[::1]:80".parse().unwrap()),
                remote: Some("[::2]:9".parse().unwrap()),
                version: "HTTP/1.0",
                bytes: 0,
                ..entry("/")
            },
            "[::1]:80 ::2 - [20/Nov/2026:19:00:00 +0000] \"GET / HTTP/1.0\" 200 -\n",
        );
        check(
            &Entry { local: None, remote: None, status: None, bytes: 0, ..entry("-") },
            "- - - [20/Nov/2026:19:00:00 +0000] \"GET - HTTP/1.1\" - -\n",
        );
        check(
            &entry("/\"\\\r\n\u{1b}ä"),
            "127.0.0.1:8080 127.0.0.1 - [20/Nov/2026:19:00:00 +0000] \
             \"GET /\\x22\\x5C\\x0D\\x0A\\x1B\\xC3\\xA4 HTTP/1.1\" 200 514\n",
        );
    }

    /// Fails for the first so many lines.
    struct Fails(usize, Vec<u8>);

    impl Write for Fails {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if self.0 > 0 {
                self.0 -= 1;
                return Err(io::ErrorKind::BrokenPipe.into());
            }
            self.1.write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_writer_that_fails_is_told_of_once_and_tried_again() {
        let log = AccessLog::new(Fails(2, Vec::new()));
        assert!(log.write(&entry("/1")).is_err());
        assert!(log.write(&entry("/2")).is_ok(), "it was said");
        assert!(log.write(&entry("/3")).is_ok());
        let mut inner = log.inner.into_inner().unwrap();
        let written = String::from_utf8(std::mem::take(&mut inner.writer.1)).unwrap();
        assert_eq!((written.lines().count(), written.contains("/3")), (1, true), "{written}");
    }
}
