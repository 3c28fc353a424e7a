//! What a loop cannot do itself, because it may block.

use std::io;
use std::time::Duration;

use mio::net::TcpStream;
use pauper_message::{Dispatch, FilePart, Service, StatusCode};

use super::clock::LoopClock;
use super::session::Session;
use super::socket::Socket;
use crate::exchange::{Chores, Exchange, Job, Now, Pump, Waits};
use crate::log_macros::log_error;

/// Something that may block, of one connection or of all. Whoever does it brings it back to the
/// loop; see [`EventLoop::finish`](super::EventLoop::finish).
pub(crate) struct Errand {
    pub(super) token: usize,
    pub(crate) work: Work,
    /// How it came to be done, and how long that took, if it was a call of the service and that is
    /// not counted yet.
    pub(crate) handled: Option<(Dispatch, Duration)>,
}

impl Errand {
    pub(super) fn new(token: usize, work: Work) -> Self {
        Self { token, work, handled: None }
    }

    /// The connection that it belongs to.
    pub(crate) fn token(&self) -> usize {
        self.token
    }
}

pub(crate) enum Work {
    Job(Box<Job>),
    File(Box<FileWork>),
    Stream(Box<StreamWork>),
    /// The next step of an encrypted connection's beginning.
    Handshake(Box<Session>),
    Chores(Chores),
}

/// A file on its way into a socket, which is away from its connection meanwhile.
pub(crate) struct FileWork {
    pub(super) socket: TcpStream,
    part: Option<FilePart>,
    pub(super) sent: u64,
    pub(super) end: FileEnd,
}

/// Why a file is not being sent any more.
pub(super) enum FileEnd {
    /// The turn is used up, or all is sent.
    Turn,
    /// The socket takes no more at the moment.
    Blocked,
    /// The socket failed.
    Socket,
    /// The file failed.
    File(io::Error),
}

/// How much of a file goes out before others have a turn.
const FILE_TURN: u64 = 1024 * 1024;

impl FileWork {
    pub(super) fn new(socket: TcpStream, part: FilePart) -> Self {
        Self { socket, part: Some(part), sent: 0, end: FileEnd::Turn }
    }

    /// Sends until the socket takes no more, or the turn is used up. It may wait for the disk.
    pub(crate) fn run(&mut self) {
        let Some(part) = &mut self.part else { return };
        self.end = FileEnd::Turn;
        while part.len > 0 && self.sent < FILE_TURN {
            let most = part.len.min(FILE_TURN - self.sent);
            match send(&self.socket, part, most) {
                Ok(0) => {
                    let text = "the file became shorter while it was sent";
                    self.end = FileEnd::File(io::Error::new(io::ErrorKind::UnexpectedEof, text));
                    break;
                }
                Ok(n) => {
                    self.sent += n;
                    part.offset += n;
                    part.len -= n;
                }
                Err(error) => match error.kind() {
                    io::ErrorKind::Interrupted => {}
                    io::ErrorKind::WouldBlock => {
                        self.end = FileEnd::Blocked;
                        return;
                    }
                    io::ErrorKind::BrokenPipe
                    | io::ErrorKind::ConnectionReset
                    | io::ErrorKind::NotConnected
                    | io::ErrorKind::TimedOut => {
                        self.end = FileEnd::Socket;
                        break;
                    }
                    _ => {
                        self.end = FileEnd::File(error);
                        break;
                    }
                },
            }
        }
        if part.len == 0 || !matches!(self.end, FileEnd::Turn) {
            // Closing the last handle of a deleted file may take its time.
            self.part = None;
        }
    }

    pub(super) fn take_left(&mut self) -> Option<FilePart> {
        self.part.take()
    }
}

/// A whole connection on its way to a handler that reads its body itself.
pub(crate) struct StreamWork {
    connection: Option<(StreamSocket, Exchange)>,
    /// The status of the answer, if there is one.
    pub(super) status: Option<StatusCode>,
}

impl StreamWork {
    pub(super) fn new(socket: Socket, exchange: Exchange, clock: &LoopClock) -> Self {
        let socket = StreamSocket { socket, clock: clock.clone() };
        Self { connection: Some((socket, exchange)), status: None }
    }

    /// Calls the handler, which waits for its client.
    pub(crate) fn run(&mut self, service: &dyn Service) {
        let Some((mut socket, mut exchange)) = self.connection.take() else { return };
        let now = socket.now();
        let Some(mut job) = exchange.take_stream_job(&now) else { return };
        let peer = exchange.peer();
        let Some(pump) = job.call_streaming(service, Pump::new(exchange, socket)) else {
            log_error!("{peer}: closed without an answer, because the handler kept its body");
            let _ = peer;
            return;
        };
        let Pump { mut exchange, mut socket, .. } = *pump;
        self.status = job.status();
        exchange.streamed(job, &socket.now());
        self.connection = Some((socket, exchange));
    }

    /// Answers that there is too much to do.
    pub(crate) fn refuse(&mut self) {
        if let Some((socket, exchange)) = &mut self.connection {
            let now = socket.now();
            if let Some(mut job) = exchange.take_stream_job(&now) {
                job.refuse();
                self.status = job.status();
                exchange.done(job, &now);
            }
        }
    }

    pub(super) fn into_connection(self) -> Option<(Socket, Exchange)> {
        self.connection.map(|(socket, exchange)| (socket.socket, exchange))
    }
}

/// A socket that a handler waits for.
struct StreamSocket {
    socket: Socket,
    clock: LoopClock,
}

impl io::Read for StreamSocket {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.socket.read(out)
    }
}

impl io::Write for StreamSocket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.socket.write(bytes)
    }

    fn write_vectored(&mut self, slices: &[io::IoSlice<'_>]) -> io::Result<usize> {
        self.socket.write_vectored(slices)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Waits for StreamSocket {
    fn now(&mut self) -> Now {
        *self.clock.read()
    }

    fn wait(&mut self, writable: bool, most: Duration) -> io::Result<bool> {
        wait_for(&self.socket.stream, true, writable, Some(most))
    }
}

/// Waits for a socket that is not waited for by a loop; false if that took too long.
#[cfg(unix)]
pub(super) fn wait_for(
    socket: &impl std::os::fd::AsFd,
    readable: bool,
    writable: bool,
    most: Option<Duration>,
) -> io::Result<bool> {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    let mut events = PollFlags::empty();
    events.set(PollFlags::IN, readable);
    events.set(PollFlags::OUT, writable);
    let most = most.and_then(|most| Timespec::try_from(most).ok());
    match poll(&mut [PollFd::new(socket, events)], most.as_ref()) {
        Ok(ready) => Ok(ready > 0),
        // Whoever is interrupted looks again.
        Err(rustix::io::Errno::INTR) => Ok(true),
        Err(error) => Err(error.into()),
    }
}

#[cfg(not(unix))]
pub(super) fn wait_for<S>(_: &S, _: bool, _: bool, _: Option<Duration>) -> io::Result<bool> {
    // A short nap, and whoever waits looks again.
    std::thread::sleep(Duration::from_millis(1));
    Ok(true)
}

/// Whether this system sends files by itself.
pub(super) const SENDS_FILES: bool = cfg!(any(target_os = "linux", target_os = "android"));

#[cfg(any(target_os = "linux", target_os = "android"))]
fn send(socket: &TcpStream, part: &FilePart, most: u64) -> io::Result<u64> {
    let mut offset = part.offset;
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let sent = rustix::fs::sendfile(socket, &part.file, Some(&mut offset), most)?;
    Ok(sent as u64)
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn send(_: &TcpStream, _: &FilePart, _: u64) -> io::Result<u64> {
    Err(io::ErrorKind::Unsupported.into())
}
