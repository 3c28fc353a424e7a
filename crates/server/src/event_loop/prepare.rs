//! What happens on some connections before the first byte of HTTP: the header of a proxy, and a
//! handshake.

use std::io::{self, ErrorKind, Read};

use pauper_message::{Peer, Shard};
use pauper_wire::proxy_protocol::{self, Origin};

use super::canonical;
use super::connection::{Connection, Turn};
use super::errand::Work;
use crate::exchange::{Now, Step, Want};
use crate::log_macros::log_info;

/// How much is read at once of what should be a header of some hundred bytes.
const HEADER: usize = 2048;

impl Connection {
    /// Goes on with what comes before HTTP, and gives nothing when that is done. The time for all
    /// of it is that of the first head.
    pub(super) fn prepare(&mut self, now: &Now, counts: &Shard) -> io::Result<Option<Turn>> {
        if matches!(self.exchange.poll(now), Step::Wait(Want::Close)) {
            log_info!("{}: took too long to begin (head_time)", self.exchange.peer());
            return Ok(Some(Turn::Closed));
        }
        if self.extra.header().is_some() {
            let turn = self.read_proxy_header(now, counts)?;
            if turn.is_some() {
                return Ok(turn);
            }
        }
        if self.extra.prepares() { self.shake_hands(counts) } else { Ok(None) }
    }

    fn read_proxy_header(&mut self, now: &Now, counts: &Shard) -> io::Result<Option<Turn>> {
        let mut chunk = [0; HEADER];
        loop {
            let waits = self.waits();
            let (Some(socket), Some(bytes)) = (&mut self.socket, self.extra.header()) else {
                return Ok(Some(waits));
            };
            if !self.readable {
                return Ok(Some(waits));
            }
            match socket.read(&mut chunk) {
                Ok(0) => return Ok(Some(Turn::Closed)),
                Ok(n) => {
                    self.readable = n == chunk.len() || self.read_closed;
                    counts.bytes_in(n as u64);
                    bytes.extend_from_slice(&chunk[..n]);
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    self.readable = false;
                    return Ok(Some(waits));
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            }
            let mut peer = self.exchange.peer();
            let len = match proxy_protocol::parse(bytes) {
                Ok(None) => {
                    self.extra.begun();
                    continue;
                }
                Ok(Some(header)) => {
                    match header.origin() {
                        Origin::Tcp { source, destination } => {
                            peer = Peer::new(Some(canonical(source)), Some(canonical(destination)));
                        }
                        Origin::Unix => peer = Peer::default(),
                        // The proxy speaks for itself.
                        Origin::Unknown => {}
                    }
                    header.len()
                }
                Err(error) => {
                    log_info!("{peer}: closed: {error}");
                    let _ = error;
                    return Ok(Some(Turn::Closed));
                }
            };
            if !self.extra.visit(self.exchange.shared(), &peer) {
                return Ok(Some(Turn::Closed));
            }
            self.exchange.set_peer(peer);
            let bytes = self.extra.header_done();
            self.deliver(&bytes[len..], now)?;
            return Ok(None);
        }
    }

    /// What came behind the header is what comes first for those behind it.
    fn deliver(&mut self, mut bytes: &[u8], now: &Now) -> io::Result<()> {
        if let Some(session) = self.extra.session() {
            return session.feed(bytes);
        }
        while !bytes.is_empty() {
            let room = self.exchange.read_buf();
            let n = room.len().min(bytes.len());
            room[..n].copy_from_slice(&bytes[..n]);
            self.exchange.received(n, now);
            bytes = &bytes[n..];
        }
        Ok(())
    }

    fn shake_hands(&mut self, counts: &Shard) -> io::Result<Option<Turn>> {
        let waits = self.waits();
        let (Some(socket), Some(session)) = (&mut self.socket, self.extra.session()) else {
            // It is away, and comes back.
            return Ok(Some(waits));
        };
        let flushed = session.flush(socket)?;
        if let Some(failure) = session.failure() {
            log_info!("{}: no handshake: {failure}", self.exchange.peer());
            let _ = failure;
            return Ok(Some(Turn::Closed));
        }
        if !session.is_handshaking() {
            // Tickets for the next time may be left to be written, which nobody waits for.
            let info = session.info();
            self.exchange.set_tls(info);
            self.extra.handshake_done();
            return Ok(None);
        }
        if !flushed {
            return Ok(Some(waits));
        }
        if session.take_fed() {
            // It came behind the header of a proxy.
        } else if !self.readable {
            return Ok(Some(waits));
        } else {
            match session.fill(socket, &mut self.readable, self.read_closed) {
                Ok(0) => return Ok(Some(Turn::Closed)),
                Ok(n) => counts.bytes_in(n as u64),
                Err(error) => {
                    return match error.kind() {
                        ErrorKind::WouldBlock => Ok(Some(waits)),
                        ErrorKind::Interrupted => Ok(Some(Turn::Again)),
                        _ => Err(error),
                    };
                }
            }
        }
        self.extra.begun();
        Ok(self.extra.take_session().map(|session| Turn::Work(Work::Handshake(session))))
    }

    /// Closes it, when the client was told that this is the end of it.
    pub(super) fn end(&mut self, now: &Now) -> io::Result<Turn> {
        if let (Some(socket), Some(session)) = (&mut self.socket, self.extra.session())
            && !session.is_handshaking()
            && !self.exchange.is_broken()
            && !session.end(socket)?
        {
            let time = self.exchange.shared().config.write_stall();
            let until = self.extra.until(now.elapsed(), time);
            if now.elapsed() < until {
                return Ok(Turn::Waits(Some(until)));
            }
        }
        Ok(Turn::Closed)
    }
}
