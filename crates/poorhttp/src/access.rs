//! The access log: one line for each answer.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::thread;
use std::time::Duration;

use log::Level;
use pauper::server::exchange::AccessRecord;

use crate::access_format::{Entry, Format};
use crate::sink::Sink;

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
    format: RwLock<Format>,
    /// None once it was ended.
    lines: Mutex<Option<SyncSender<Message>>>,
    lost: Arc<AtomicU64>,
    written: Mutex<Receiver<()>>,
    say: fn(&str),
}

/// What the thread is told.
enum Message {
    Line(String),
    /// Open the file again.
    Reopen,
    /// Write to this from here on.
    Replace(Sink),
}

/// What the thread writes to.
trait Target {
    fn write(&mut self, lines: &str) -> io::Result<()>;
    fn reopen(&mut self) -> io::Result<()>;
    fn replace(&mut self, sink: Sink);
}

impl Target for Sink {
    fn write(&mut self, lines: &str) -> io::Result<()> {
        Self::write(self, Level::Info, lines)
    }

    fn reopen(&mut self) -> io::Result<()> {
        Self::reopen(self)
    }

    fn replace(&mut self, sink: Sink) {
        *self = sink;
    }
}

impl AccessLog {
    /// Starts the thread. `say` takes what the operator should know.
    pub(crate) fn start(sink: Sink, format: Format, say: fn(&str)) -> Self {
        let (sender, receiver) = sync_channel(WAITING);
        let (done, written) = sync_channel(1);
        let lost = Arc::new(AtomicU64::new(0));
        let theirs = Arc::clone(&lost);
        thread::spawn(move || {
            write_all(&receiver, sink, &theirs, say);
            let _ = done.send(());
        });
        Self {
            format: RwLock::new(format),
            lines: Mutex::new(Some(sender)),
            lost,
            written: Mutex::new(written),
            say,
        }
    }

    /// Hands over the line of an answer. Never waits for the writer.
    pub(crate) fn record(&self, record: &AccessRecord<'_>) {
        let entry = Entry {
            local: record.peer.local,
            remote: record.peer.remote,
            received: record.received,
            total: record.total,
            id: record.id,
            method: record.method,
            target: record.target,
            version: match record.version {
                pauper::message::http::Version::HTTP_10 => "HTTP/1.0",
                _ => "HTTP/1.1",
            },
            referer: record.referer,
            user_agent: record.user_agent,
            status: record.status.map(|status| status.as_u16()),
            bytes: record.body_out,
            bytes_in: record.bytes_in,
            bytes_out: record.bytes_out,
            complete: record.complete,
        };
        let mut line = String::with_capacity(160);
        self.format.read().unwrap_or_else(PoisonError::into_inner).append(&entry, &mut line);
        line.push('\n');
        self.hand_over(Message::Line(line));
    }

    fn hand_over(&self, message: Message) {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(sender) = &*lines else { return };
        if let Err(TrySendError::Full(_)) = sender.try_send(message)
            && self.lost.fetch_add(1, Ordering::Relaxed) == 0
        {
            (self.say)("the access log is losing lines: nobody reads them fast enough");
        }
    }

    /// Opens its file again, after the lines before are written.
    pub(crate) fn reopen(&self) {
        self.hand_over(Message::Reopen);
    }

    /// Goes on elsewhere and otherwise.
    pub(crate) fn replace(&self, sink: Sink, format: Format) {
        *self.format.write().unwrap_or_else(PoisonError::into_inner) = format;
        self.hand_over(Message::Replace(sink));
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
    messages: &Receiver<Message>,
    mut target: impl Target,
    lost: &AtomicU64,
    say: impl Fn(&str),
) {
    let mut failing = false;
    let mut next = None;
    while let Some(message) = next.take().or_else(|| messages.recv().ok()) {
        let mut batch = match message {
            Message::Line(line) => line,
            Message::Reopen => {
                if let Err(error) = target.reopen() {
                    say(&format!("the access log cannot be opened again: {error}"));
                }
                continue;
            }
            Message::Replace(sink) => {
                target.replace(sink);
                failing = false;
                continue;
            }
        };
        // Whole lines in one write, so that they stay whole where several programs share a file.
        while batch.len() < TOGETHER {
            match messages.try_recv() {
                Ok(Message::Line(line)) => batch.push_str(&line),
                Ok(other) => {
                    next = Some(other);
                    break;
                }
                Err(_) => break,
            }
        }
        let result = target.write(&batch);
        if let Err(error) = &result
            && !failing
        {
            say(&format!("the access log is losing lines: {error}"));
        }
        failing = result.is_err();
        let lost = lost.swap(0, Ordering::Relaxed);
        if lost > 0 {
            say(&format!("the access log lost {lost} lines"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Fails for the first so many writes.
    struct Fails(usize, Vec<u8>);

    impl Target for &mut Fails {
        fn write(&mut self, lines: &str) -> io::Result<()> {
            if self.0 > 0 {
                self.0 -= 1;
                return Err(io::ErrorKind::BrokenPipe.into());
            }
            self.1.extend_from_slice(lines.as_bytes());
            Ok(())
        }

        fn reopen(&mut self) -> io::Result<()> {
            self.1.extend_from_slice(b"(reopened)");
            Ok(())
        }

        fn replace(&mut self, _: Sink) {
            self.1.clear();
        }
    }

    #[test]
    fn a_writer_that_fails_is_told_of_once_and_tried_again() {
        let (sender, receiver) = sync_channel(9);
        // Each long enough for a write of its own.
        for name in ["1", "2", "3"] {
            sender.send(Message::Line(name.repeat(TOGETHER))).unwrap();
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
            sender.send(Message::Line(line.to_owned())).unwrap();
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

    #[test]
    fn a_file_is_opened_again_between_the_lines_before_and_after() {
        let (sender, receiver) = sync_channel(9);
        sender.send(Message::Line("a\n".to_owned())).unwrap();
        sender.send(Message::Reopen).unwrap();
        sender.send(Message::Line("b\n".to_owned())).unwrap();
        drop(sender);
        let mut writer = Fails(0, Vec::new());
        write_all(&receiver, &mut writer, &AtomicU64::new(0), |_: &str| {});
        assert_eq!(writer.1, b"a\n(reopened)b\n");
    }
}
