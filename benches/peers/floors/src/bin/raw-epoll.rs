//! The floor of event loops: one thread, edge-triggered epoll, fixed bytes, sendfile.
//!
//! Two system calls per request: one read, one write; a short read means empty.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::ops::ControlFlow;
use std::os::fd::AsRawFd;

use peer_floors::{AFTER, Answer, Owed, file_head, milliseconds, requests};
use rustix::buffer::spare_capacity;
use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};
use rustix::fs::sendfile;

const LISTENER: u64 = u64::MAX;

/// A connection; its buffers are empty in the usual case.
struct Connection {
    stream: TcpStream,
    input: Vec<u8>,
    output: Vec<u8>,
    file: Option<(File, u64, u64)>,
    /// The upload that is coming.
    owed: Option<Owed>,
    close: bool,
}

impl Connection {
    /// Reads what is there, answers it. Whether the connection lives on.
    fn turn(&mut self, buffer: &mut [u8]) -> io::Result<bool> {
        if !self.flush()? {
            return Ok(true);
        }
        loop {
            let read = match self.stream.read(buffer) {
                Ok(0) => return Ok(false),
                Ok(read) => read,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(true),
                Err(error) => return Err(error),
            };
            if let Some(owed) = &mut self.owed {
                owed.bytes = owed.bytes.checked_sub(read).ok_or(ErrorKind::InvalidData)?;
                self.pay();
            } else if self.input.is_empty() {
                let rest = self.answer(&buffer[..read])?;
                self.input.extend_from_slice(&buffer[rest..read]);
            } else {
                let mut input = std::mem::take(&mut self.input);
                input.extend_from_slice(&buffer[..read]);
                let rest = self.answer(&input)?;
                self.input.extend_from_slice(&input[rest..]);
            }
            let flushed = self.flush()?;
            if flushed && self.close {
                return Ok(false);
            }
            if !flushed || read < buffer.len() {
                return Ok(true);
            }
        }
    }

    /// Answers the upload when it is whole.
    fn pay(&mut self) {
        if let Some(owed) = self.owed.take_if(|owed| owed.bytes == 0) {
            self.output.extend_from_slice(owed.answer.as_bytes());
        }
    }

    fn answer(&mut self, input: &[u8]) -> io::Result<usize> {
        let mut failed = None;
        let (output, file) = (&mut self.output, &mut self.file);
        let done = requests(input, |answer| {
            match answer {
                Answer::Fixed(bytes) => output.extend_from_slice(bytes.as_bytes()),
                Answer::After(digits) => {
                    setting::block(milliseconds(digits));
                    output.extend_from_slice(AFTER.as_bytes());
                }
                Answer::File => match open() {
                    Ok((opened, length)) => {
                        output.extend_from_slice(file_head(length).as_bytes());
                        *file = Some((opened, 0, length));
                    }
                    Err(error) => {
                        failed = Some(error);
                        return ControlFlow::Break(());
                    }
                },
            }
            ControlFlow::Continue(())
        });
        match (done, failed) {
            (Some(taken), _) => {
                self.close |= taken.close;
                self.owed = taken.owed;
                self.pay();
                Ok(taken.bytes)
            }
            (None, error) => Err(error.unwrap_or_else(|| ErrorKind::Other.into())),
        }
    }

    /// Writes what is waiting. Whether nothing is left.
    fn flush(&mut self) -> io::Result<bool> {
        while !self.output.is_empty() {
            match self.stream.write(&self.output) {
                Ok(written) if written == self.output.len() => self.output.clear(),
                Ok(written) => drop(self.output.drain(..written)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
                Err(error) => return Err(error),
            }
        }
        while let Some((file, offset, length)) = &mut self.file {
            let left = usize::try_from(*length - *offset).unwrap_or(usize::MAX);
            match sendfile(&self.stream, &*file, Some(offset), left) {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(_) if *offset == *length => self.file = None,
                Ok(_) => {}
                Err(error) if error == rustix::io::Errno::AGAIN => return Ok(false),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(true)
    }
}

fn open() -> io::Result<(File, u64)> {
    let file = File::open(setting::file())?;
    let length = file.metadata()?.len();
    Ok((file, length))
}

fn main() -> io::Result<()> {
    let listener = TcpListener::bind(setting::address())?;
    listener.set_nonblocking(true)?;
    let epoll = epoll::create(CreateFlags::CLOEXEC)?;
    epoll::add(&epoll, &listener, EventData::new_u64(LISTENER), EventFlags::IN)?;
    // A descriptor is a small number that only one open connection has.
    let mut connections: Vec<Option<Connection>> = Vec::new();
    let mut buffer = vec![0; 64 << 10];
    let mut events = Vec::with_capacity(256);
    loop {
        match epoll::wait(&epoll, spare_capacity(&mut events), None) {
            Err(rustix::io::Errno::INTR) => continue,
            other => other?,
        };
        for event in events.drain(..) {
            let token = event.data.u64();
            if token == LISTENER {
                while let Ok((stream, _)) = listener.accept() {
                    stream.set_nonblocking(true)?;
                    stream.set_nodelay(true)?;
                    let index = usize::try_from(stream.as_raw_fd()).expect("not negative");
                    let flags =
                        EventFlags::IN | EventFlags::OUT | EventFlags::RDHUP | EventFlags::ET;
                    epoll::add(&epoll, &stream, EventData::new_u64(index as u64), flags)?;
                    if connections.len() <= index {
                        connections.resize_with(index + 1, || None);
                    }
                    connections[index] = Some(Connection {
                        stream,
                        input: Vec::new(),
                        output: Vec::new(),
                        file: None,
                        owed: None,
                        close: false,
                    });
                }
                continue;
            }
            let index = usize::try_from(token).expect("a descriptor");
            let Some(slot) = connections.get_mut(index) else { continue };
            let Some(connection) = slot else { continue };
            // Only the news that it can be written to, and nothing to write: no read.
            let flags = event.flags;
            let readable = flags.intersects(!EventFlags::OUT);
            let idle = connection.output.is_empty() && connection.file.is_none();
            if !readable && idle {
                continue;
            }
            if !connection.turn(&mut buffer).unwrap_or(false) {
                *slot = None;
            }
        }
    }
}
