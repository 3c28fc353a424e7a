//! A connection on a socket: one turn of it.

use std::io::{self, ErrorKind, Read};
use std::mem;
use std::net::Shutdown;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use mio::event::Event;
use mio::net::TcpStream;
use pauper_message::{ConnectionState, Shard};

use super::clock::LoopClock;
use super::errand::{FileEnd, FileWork, StreamWork, Work};
use super::extra::Extra;
use super::post::{Mail, Post};
#[cfg(target_os = "linux")]
use super::socket::Continued;
use super::socket::{Encrypting, Socket};
use crate::exchange::{Buffers, Exchange, Flush, Now, Step, TakenOver, Want};

/// How many requests of one connection are answered before others have a turn.
const REQUESTS: usize = 32;
/// How many bytes of one connection are read, and written, before others have a turn.
const BYTES: u64 = 256 * 1024;

/// A socket with its exchange, and what is known of the socket's readiness, which the system
/// tells only once.
pub(super) struct Connection {
    /// None while a file is being sent.
    pub(super) socket: Option<TcpStream>,
    pub(super) exchange: Exchange,
    pub(super) readable: bool,
    writable: bool,
    /// The system told that it is writable while the socket was away, perhaps after it was found
    /// not to be.
    writable_meanwhile: bool,
    /// The client ended its side; the end itself may not be read yet.
    pub(super) read_closed: bool,
    /// Neither side can send any more.
    hung_up: bool,
    write_shut: bool,
    /// Whether it stands in the list of those that have more to do.
    pub(super) queued: bool,
    /// It is to be closed, as soon as its socket is back if that is to come back.
    doomed: bool,
    /// Somebody elsewhere was told how to wake it; whether that happened since it last looked.
    pub(super) waked: Option<Arc<AtomicBool>>,
    /// What only some connections have.
    pub(super) extra: Extra,
    /// As it was last counted.
    pub(super) counted: ConnectionState,
}

/// What a turn came to.
pub(super) enum Turn {
    /// Something has to be done that may block; the turn goes on after it.
    Work(Work),
    /// It waits for its socket, or for this time.
    Waits(Option<Duration>),
    /// It needs a waker, and then goes on.
    Waker,
    /// A function takes its socket.
    TakeOver(TakenOver, Socket),
    /// There is more to do, after others had their turn.
    Again,
    /// It is over.
    Closed,
}

/// What is left of a turn.
pub(super) struct Budget {
    requests: usize,
    to_read: u64,
}

impl Budget {
    pub(super) fn whole() -> Self {
        Self { requests: REQUESTS, to_read: BYTES }
    }
}

impl Connection {
    pub(super) fn new(socket: TcpStream, mut exchange: Exchange, extra: Extra) -> Self {
        // The system would send a file as it is, and not encrypted.
        if super::errand::SENDS_FILES && !extra.is_encrypted() {
            exchange.sends_files();
        }
        // A client usually sends before it is accepted, so a first read is tried at once.
        Self {
            socket: Some(socket),
            exchange,
            readable: true,
            writable: true,
            writable_meanwhile: false,
            read_closed: false,
            hung_up: false,
            write_shut: false,
            queued: false,
            doomed: false,
            waked: None,
            extra,
            counted: ConnectionState::Idle,
        }
    }

    /// The system told of the socket's readiness.
    pub(super) fn notice(&mut self, event: &Event) {
        self.readable |= event.is_readable() || event.is_read_closed() || event.is_error();
        if event.is_writable() || event.is_write_closed() || event.is_error() {
            self.writable = true;
            self.writable_meanwhile = self.socket.is_none();
        }
        self.read_closed |= event.is_read_closed();
        self.hung_up |= event.is_read_closed() && event.is_write_closed();
    }

    /// Reads, works and writes until the socket blocks or the turn is used up.
    pub(super) fn turn(
        &mut self,
        budget: &mut Budget,
        clock: &LoopClock,
        buffers: &mut Buffers,
        stopping: bool,
        counts: &Shard,
    ) -> Turn {
        let now = clock.now();
        self.exchange.lend(buffers);
        let turn = match self.work(budget, clock, counts) {
            Ok(Turn::Waits(_)) if stopping && self.is_idle() => Turn::Closed,
            Ok(turn) => turn,
            // A socket that fails was left by its client.
            Err(_) => Turn::Closed,
        };
        match turn {
            Turn::Closed => {
                self.close(now);
                self.exchange.rest(buffers);
            }
            Turn::Waits(_) => self.exchange.rest(buffers),
            Turn::Again | Turn::Work(_) | Turn::Waker | Turn::TakeOver(..) => {}
        }
        turn
    }

    fn work(&mut self, budget: &mut Budget, clock: &LoopClock, counts: &Shard) -> io::Result<Turn> {
        let now = clock.now();
        if self.doomed {
            return Ok(Turn::Closed);
        }
        if self.extra.prepares()
            && let Some(turn) = self.prepare(now, counts)?
        {
            return Ok(turn);
        }
        let mut waits_for_input = self.readable && self.exchange.waits_for_input();
        loop {
            let want = if mem::take(&mut waits_for_input) {
                Want::Read
            } else if budget.requests == 0 {
                Want::Turn
            } else {
                match self.exchange.poll(now) {
                    Step::Work(job) => {
                        budget.requests -= 1;
                        return Ok(Turn::Work(Work::Job(job)));
                    }
                    Step::Wait(want) => want,
                }
            };
            if self.exchange.has_output() {
                match self.flush(now, counts)? {
                    Flush::Done => {}
                    Flush::Blocked => return Ok(self.waits()),
                    Flush::More => return Ok(Turn::Again),
                }
            }
            match want {
                Want::Turn => return Ok(Turn::Again),
                Want::Close => return self.end(now),
                Want::Write => continue,
                // Nobody is left who could take the answer.
                Want::Answer if self.hung_up && self.socket.is_some() => return Ok(Turn::Closed),
                Want::Answer => return Ok(self.waits()),
                Want::Waker => return Ok(Turn::Waker),
                Want::Stream => {
                    let Some(socket) = self.take_socket() else { return Ok(self.waits()) };
                    let placeholder = self.exchange.placeholder(now);
                    let exchange = mem::replace(&mut self.exchange, placeholder);
                    let work = StreamWork::new(socket, exchange, clock);
                    return Ok(Turn::Work(Work::Stream(Box::new(work))));
                }
                Want::TakeOver => {
                    let taken = self.exchange.take_over(now);
                    return Ok(match (taken, self.take_socket()) {
                        (Some(taken), Some(socket)) => Turn::TakeOver(taken, socket),
                        _ => Turn::Closed,
                    });
                }
                Want::File => {
                    if !self.writable {
                        return Ok(self.waits());
                    }
                    if budget.requests == 0 {
                        return Ok(Turn::Again);
                    }
                    let (Some(part), Some(socket)) =
                        (self.exchange.take_file(), self.socket.take())
                    else {
                        return Ok(self.waits());
                    };
                    budget.requests -= 1;
                    return Ok(Turn::Work(Work::File(Box::new(FileWork::new(socket, part)))));
                }
                Want::Linger if !self.write_shut => {
                    if let Some(socket) = &mut self.socket {
                        if let Some(session) = self.extra.session()
                            && !session.end(socket)?
                        {
                            return Ok(self.waits());
                        }
                        socket.shutdown(Shutdown::Write)?;
                    }
                    self.write_shut = true;
                }
                Want::Read | Want::Linger => {}
            }
            if !self.readable && !self.extra.has_plaintext() {
                return Ok(self.waits());
            }
            if budget.to_read == 0 {
                return Ok(Turn::Again);
            }
            budget.to_read = budget.to_read.saturating_sub(self.read(now, counts)? as u64);
        }
    }

    /// Writes what is there.
    pub(super) fn flush(&mut self, now: &Now, counts: &Shard) -> io::Result<Flush> {
        if !self.writable {
            return Ok(Flush::Blocked);
        }
        let Some(socket) = &mut self.socket else { return Ok(Flush::Blocked) };
        let before = self.exchange.written();
        let flush = match self.extra.session() {
            #[cfg(target_os = "linux")]
            None if self.exchange.sends_file() => {
                self.exchange.write_to(&mut Continued(socket), BYTES, now)?
            }
            None => self.exchange.write_to(socket, BYTES, now)?,
            Some(session) => {
                let mut writer = Encrypting { stream: socket, session };
                self.exchange.write_to(&mut writer, BYTES, now)?
            }
        };
        counts.bytes_out(self.exchange.written() - before);
        if flush == Flush::Blocked {
            self.writable = false;
        }
        Ok(flush)
    }

    /// One read. A short one means that there is no more for now, unless the client ended its
    /// side, of which the system will not tell again.
    fn read(&mut self, now: &Now, counts: &Shard) -> io::Result<usize> {
        let Some(socket) = &mut self.socket else {
            self.readable = false;
            return Ok(0);
        };
        let room = self.exchange.read_buf();
        let size = room.len();
        if let Some(session) = self.extra.session() {
            let read = session.read(socket, room, &mut self.readable, self.read_closed);
            return match read {
                Ok(0) => {
                    self.exchange.eof();
                    Ok(0)
                }
                Ok(n) => {
                    self.exchange.received(n, now);
                    counts.bytes_in(n as u64);
                    Ok(n)
                }
                Err(error) => match error.kind() {
                    ErrorKind::WouldBlock | ErrorKind::Interrupted => Ok(0),
                    _ => Err(error),
                },
            };
        }
        match socket.read(room) {
            Ok(0) => {
                self.readable = false;
                self.exchange.eof();
                Ok(0)
            }
            Ok(n) => {
                self.readable = n == size || self.read_closed;
                self.exchange.received(n, now);
                counts.bytes_in(n as u64);
                Ok(n)
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => Ok(0),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                self.readable = false;
                Ok(0)
            }
            Err(error) => Err(error),
        }
    }

    /// What was done is done.
    pub(super) fn finish(&mut self, work: Work, now: &Now, stopping: bool) {
        match work {
            Work::Job(job) => self.exchange.done(job, now),
            Work::File(mut file) => {
                let (sent, left) = (file.sent, file.take_left());
                let FileWork { socket, end, .. } = *file;
                self.socket = Some(socket);
                let result = match end {
                    FileEnd::Turn => Ok(()),
                    FileEnd::Blocked => {
                        self.writable = mem::take(&mut self.writable_meanwhile);
                        Ok(())
                    }
                    FileEnd::Socket => {
                        self.doomed = true;
                        Ok(())
                    }
                    FileEnd::File(error) => Err(error),
                };
                self.exchange.file_sent(sent, left, result, now);
            }
            Work::Stream(stream) => match stream.into_connection() {
                Some((socket, mut exchange)) => {
                    if stopping {
                        exchange.stop();
                    }
                    let Socket { stream, session } = socket;
                    self.socket = Some(stream);
                    self.extra.put_session(session);
                    self.exchange = exchange;
                    // Whatever the system told meanwhile, somebody else has read since.
                    self.readable = true;
                    self.writable = true;
                }
                // The handler kept it, or threw it away.
                None => self.doomed = true,
            },
            Work::Handshake(session) => self.extra.put_session(Some(session)),
            Work::Chores(_) => {}
        }
    }

    /// Tells its exchange how to be woken from elsewhere.
    pub(super) fn give_waker(&mut self, post: &Arc<Post>, token: usize) {
        let waked = Arc::new(AtomicBool::new(false));
        self.waked = Some(Arc::clone(&waked));
        let post = Arc::clone(post);
        self.exchange.set_waker(Arc::new(move || {
            // One letter is enough until it is read.
            if !waked.swap(true, Ordering::SeqCst) {
                let _ = post.send(Mail::Wake(token));
            }
        }));
    }

    /// What it is doing, for those who count.
    pub(super) fn state(&self) -> ConnectionState {
        self.exchange.connection_state()
    }

    /// Ends it, whatever it was doing. What the client has of an answer must not pass for whole, so
    /// one that is cut ends with a reset.
    pub(super) fn close(&mut self, now: &Now) {
        if let Some(socket) = &self.socket
            && (self.exchange.is_broken() || self.exchange.has_output())
        {
            let _ = socket2::SockRef::from(socket).set_linger(Some(Duration::ZERO));
        } else if let Some(socket) = &mut self.socket
            && let Some(session) = self.extra.session()
            && !session.is_handshaking()
        {
            let _ = session.end(socket);
        }
        self.exchange.close(now);
    }

    /// The socket, to be away for a while or for ever.
    fn take_socket(&mut self) -> Option<Socket> {
        let stream = self.socket.take()?;
        Some(Socket { stream, session: self.extra.take_session() })
    }

    /// Whether the client waits for nothing.
    fn is_idle(&self) -> bool {
        self.exchange.is_idle() && !self.extra.is_at_it()
    }

    pub(super) fn waits(&self) -> Turn {
        Turn::Waits(self.exchange.deadline())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ten thousand idle connections are to cost little more than their sockets.
    #[test]
    fn a_connection_at_rest_is_small() {
        assert!(size_of::<Connection>() <= 496, "{}", size_of::<Connection>());
    }
}
