//! The access log: one line for each answer.

use std::fmt::Write as _;
use std::io::Write;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, SystemTime};

use pauper::server::exchange::AccessRecord;

use crate::civil::Moment;
use crate::escape::Field;

/// How many lines wait for a slow reader before further ones are lost.
const WAITING: usize = 4096;
/// Lines that are there at once are written together, up to about this many bytes.
const TOGETHER: usize = 64 * 1024;
/// How long the end of the program waits for lines to be written.
const LAST_WAIT: Duration = Duration::from_secs(1);

/// Where the lines go: to a thread that writes them, so that neither a reader that does not read
/// nor a full disk ever stops the server. Lines that cannot be written are lost; that is said once
/// when it begins, and how many they were when it ends.
pub(crate) struct AccessLog {
    /// None once it was ended.
    lines: Mutex<Option<SyncSender<String>>>,
    lost: Arc<AtomicU64>,
    written: Mutex<Receiver<()>>,
    say: fn(&str),
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

impl AccessLog {
    /// Starts the thread. `say` takes what the operator should know.
    pub(crate) fn start(writer: impl Write + Send + 'static, say: fn(&str)) -> Self {
        let (sender, receiver) = sync_channel(WAITING);
        let (done, written) = sync_channel(1);
        let lost = Arc::new(AtomicU64::new(0));
        let theirs = Arc::clone(&lost);
        thread::spawn(move || {
            write_all(&receiver, writer, &theirs, say);
            let _ = done.send(());
        });
        Self { lines: Mutex::new(Some(sender)), lost, written: Mutex::new(written), say }
    }

    /// Hands over the line of an answer. Never waits for the writer.
    pub(crate) fn record(&self, record: &AccessRecord<'_>) {
        self.hand_over(&Entry {
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
        });
    }

    fn hand_over(&self, entry: &Entry<'_>) {
        let mut line = String::with_capacity(160);
        entry.append_to(&mut line);
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(sender) = &*lines else { return };
        if let Err(TrySendError::Full(_)) = sender.try_send(line)
            && self.lost.fetch_add(1, Ordering::Relaxed) == 0
        {
            (self.say)("the access log is losing lines: nobody reads them fast enough");
        }
    }

    /// Waits a moment until all lines are written.
    pub(crate) fn finish(&self) {
        drop(self.lines.lock().unwrap_or_else(PoisonError::into_inner).take());
        let written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = written.recv_timeout(LAST_WAIT);
    }
}

/// The thread: writes lines until there is nobody left who sends any.
fn write_all(
    lines: &Receiver<String>,
    mut writer: impl Write,
    lost: &AtomicU64,
    say: impl Fn(&str),
) {
    let mut failing = false;
    while let Ok(mut batch) = lines.recv() {
        // Whole lines in one write, so that they stay whole where several programs share a file.
        while batch.len() < TOGETHER
            && let Ok(line) = lines.try_recv()
        {
            batch.push_str(&line);
        }
        let result = writer.write_all(batch.as_bytes()).and_then(|()| writer.flush());
        if let Err(error) = &result
            && !failing
        {
            say(&format!("the access log on standard output is losing lines: {error}"));
        }
        failing = result.is_err();
        let lost = lost.swap(0, Ordering::Relaxed);
        if lost > 0 {
            say(&format!("the access log lost {lost} lines"));
        }
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
    use std::io;
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
        let mut line = String::new();
        entry.append_to(&mut line);
        assert_eq!(line, expected);
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

    /// Fails for the first so many writes.
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
        let (sender, receiver) = sync_channel(9);
        // Each long enough for a write of its own.
        for name in ["1", "2", "3"] {
            sender.send(name.repeat(TOGETHER)).unwrap();
        }
        drop(sender);
        let said = std::cell::RefCell::new(Vec::new());
        let mut writer = Fails(2, Vec::new());
        let say = |text: &str| said.borrow_mut().push(text.to_owned());
        write_all(&receiver, &mut writer, &AtomicU64::new(0), say);
        assert_eq!(said.borrow().len(), 1, "{said:?}");
        assert_eq!(writer.1, "3".repeat(TOGETHER).as_bytes());
    }

    #[test]
    fn lines_that_wait_are_written_together_and_lost_ones_counted() {
        let (sender, receiver) = sync_channel(9);
        for line in ["a\n", "b\n", "c\n"] {
            sender.send(line.to_owned()).unwrap();
        }
        drop(sender);
        let said = std::cell::RefCell::new(Vec::new());
        let mut writer = Fails(0, Vec::new());
        let lost = AtomicU64::new(7);
        write_all(&receiver, &mut writer, &lost, |text: &str| {
            said.borrow_mut().push(text.to_owned());
        });
        assert_eq!(writer.1, b"a\nb\nc\n");
        assert_eq!(said.into_inner(), ["the access log lost 7 lines"]);
    }
}
