//! A connection on a socket: one turn of it.

use std::io::{self, ErrorKind, Read};
use std::net::Shutdown;
use std::time::Duration;

use mio::event::Event;
use mio::net::TcpStream;
use pauper_message::Service;

use super::clock::SystemClock;
use crate::exchange::{Buffers, Clock, Exchange, Flush, Now, Want, run_inline};

/// How many requests of one connection are answered before others have a turn.
const REQUESTS: usize = 32;
/// How many bytes of one connection are read, and written, before others have a turn.
const BYTES: u64 = 256 * 1024;

/// A socket with its exchange, and what is known of the socket's readiness, which the system
/// tells only once.
pub(super) struct Connection {
    pub(super) socket: TcpStream,
    pub(super) exchange: Exchange,
    pub(super) readable: bool,
    writable: bool,
    /// The client ended its side; the end itself may not be read yet.
    read_closed: bool,
    write_shut: bool,
    /// Whether it stands in the list of those that have more to do.
    pub(super) queued: bool,
}

/// What a turn came to.
pub(super) enum Turn {
    /// It waits for its socket, or for this time.
    Waits(Option<Duration>),
    /// There is more to do, after others had their turn.
    Again,
    /// It is over.
    Closed,
}

impl Connection {
    pub(super) fn new(socket: TcpStream, exchange: Exchange) -> Self {
        // A client usually sends before it is accepted, so a first read is tried at once.
        Self {
            socket,
            exchange,
            readable: true,
            writable: true,
            read_closed: false,
            write_shut: false,
            queued: false,
        }
    }

    /// The system told of the socket's readiness.
    pub(super) fn notice(&mut self, event: &Event) {
        self.readable |= event.is_readable() || event.is_read_closed() || event.is_error();
        self.writable |= event.is_writable() || event.is_write_closed() || event.is_error();
        self.read_closed |= event.is_read_closed();
    }

    /// Reads, calls and writes until the socket blocks or the turn is used up.
    pub(super) fn turn(
        &mut self,
        service: &dyn Service,
        clock: &mut SystemClock,
        buffers: &mut Buffers,
        stopping: bool,
    ) -> Turn {
        self.exchange.lend(buffers);
        let turn = match self.work(service, clock) {
            Ok(Turn::Waits(_)) if stopping && self.exchange.is_idle() => Turn::Closed,
            Ok(turn) => turn,
            // A socket that fails was left by its client.
            Err(_) => Turn::Closed,
        };
        match turn {
            Turn::Closed => {
                self.close(clock.now());
                self.exchange.rest(buffers);
            }
            Turn::Waits(_) => self.exchange.rest(buffers),
            Turn::Again => {}
        }
        turn
    }

    fn work(&mut self, service: &dyn Service, clock: &mut SystemClock) -> io::Result<Turn> {
        let mut requests = REQUESTS;
        let mut to_read = BYTES;
        loop {
            let want = run_inline(&mut self.exchange, service, clock, &mut requests);
            if self.exchange.has_output() && self.writable {
                match self.exchange.write_to(&mut self.socket, BYTES, clock.now())? {
                    Flush::Done => {}
                    Flush::Blocked => self.writable = false,
                    Flush::More => return Ok(Turn::Again),
                }
            }
            match want {
                Want::Turn => return Ok(Turn::Again),
                Want::Close => return Ok(Turn::Closed),
                // What is not written now waits for the socket, and nothing is read meanwhile.
                _ if self.exchange.has_output() => return Ok(self.waits()),
                Want::Write => continue,
                Want::Answer => return Ok(self.waits()),
                Want::Linger if !self.write_shut => {
                    self.socket.shutdown(Shutdown::Write)?;
                    self.write_shut = true;
                }
                Want::Read | Want::Linger => {}
            }
            if !self.readable {
                return Ok(self.waits());
            }
            if to_read == 0 {
                return Ok(Turn::Again);
            }
            to_read = to_read.saturating_sub(self.read(clock)? as u64);
        }
    }

    /// One read. A short one means that there is no more for now, unless the client ended its
    /// side, of which the system will not tell again.
    fn read(&mut self, clock: &mut SystemClock) -> io::Result<usize> {
        let room = self.exchange.read_buf();
        let size = room.len();
        match self.socket.read(room) {
            Ok(0) => {
                self.readable = false;
                self.exchange.eof();
                Ok(0)
            }
            Ok(n) => {
                self.readable = n == size || self.read_closed;
                self.exchange.received(n, clock.now());
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

    /// Ends it, whatever it was doing. What the client has of an answer must not pass for whole, so
    /// one that is cut ends with a reset.
    pub(super) fn close(&mut self, now: &Now) {
        if self.exchange.is_broken() || self.exchange.has_output() {
            let _ = socket2::SockRef::from(&self.socket).set_linger(Some(Duration::ZERO));
        }
        self.exchange.close(now);
    }

    fn waits(&self) -> Turn {
        Turn::Waits(self.exchange.deadline())
    }
}
