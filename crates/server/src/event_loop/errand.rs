//! What a loop cannot do itself, because it may block.

use std::io;

use mio::net::TcpStream;
use pauper_message::FilePart;

use crate::exchange::{Chores, Job};

/// Something that may block, of one connection or of all. Whoever does it brings it back to the
/// loop; see [`EventLoop::finish`](super::EventLoop::finish).
pub(crate) struct Errand {
    pub(super) token: usize,
    pub(crate) work: Work,
}

impl Errand {
    /// The connection that it belongs to.
    pub(crate) fn token(&self) -> usize {
        self.token
    }
}

pub(crate) enum Work {
    Job(Box<Job>),
    File(Box<FileWork>),
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
