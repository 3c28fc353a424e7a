//! Accepting connections, and not doing so.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::time::Duration;

use mio::event::Source;
use mio::net::TcpStream;
use mio::{Interest, Registry, Token};

use crate::listen::{Listener as Listening, ListeningSocket, Terms};

/// How many connections of one listener are accepted before others have a turn.
const PER_TURN: usize = 64;
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LAST_PAUSE: Duration = Duration::from_secs(1);

/// A listener whose readiness is remembered, since it is told only once.
pub(super) struct Listener {
    socket: Socket,
    pub(super) ready: bool,
}

enum Socket {
    Tcp(mio::net::TcpListener),
    #[cfg(unix)]
    Unix(mio::net::UnixListener),
}

impl Socket {
    /// The next connection, with its peer's address if that has one.
    fn accept(&self) -> io::Result<(TcpStream, Option<SocketAddr>)> {
        match self {
            Self::Tcp(socket) => socket.accept().map(|(socket, remote)| (socket, Some(remote))),
            #[cfg(unix)]
            Self::Unix(socket) => {
                let (socket, _) = socket.accept()?;
                // Once connected, sockets of all families are used by the same calls; only an
                // address of a Unix socket must not be asked for.
                let socket = std::net::TcpStream::from(std::os::fd::OwnedFd::from(socket));
                Ok((TcpStream::from_std(socket), None))
            }
        }
    }
}

/// What has to be known of a listener as long as it has connections.
pub(super) struct Place {
    /// The address, unless it is that of all interfaces.
    pub(super) local: Option<SocketAddr>,
    pub(super) is_tcp: bool,
    pub(super) terms: Terms,
}

impl Listener {
    pub(super) fn new(listener: Listening) -> io::Result<(Self, Place)> {
        let local = listener.local_addr().filter(|local| !local.ip().is_unspecified());
        let (socket, terms) = listener.into_parts();
        let is_tcp = matches!(socket, ListeningSocket::Tcp(_));
        let socket = match socket {
            ListeningSocket::Tcp(socket) => {
                socket.set_nonblocking(true)?;
                Socket::Tcp(mio::net::TcpListener::from_std(socket))
            }
            #[cfg(unix)]
            ListeningSocket::Unix(socket) => {
                socket.set_nonblocking(true)?;
                Socket::Unix(mio::net::UnixListener::from_std(socket))
            }
        };
        Ok((Self { socket, ready: true }, Place { local, is_tcp, terms }))
    }

    pub(super) fn register(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        self.source().register(registry, token, Interest::READABLE)
    }

    /// No event tells of it any more. Closing it would do, if no other process had it, too.
    pub(super) fn deregister(&mut self, registry: &Registry) {
        let _ = self.source().deregister(registry);
    }

    fn source(&mut self) -> &mut dyn Source {
        match &mut self.socket {
            Socket::Tcp(socket) => socket,
            #[cfg(unix)]
            Socket::Unix(socket) => socket,
        }
    }

    /// Accepts up to `most` connections and as many as are a turn's share.
    ///
    /// # Errors
    /// When accepting has to pause, because the process or the system ran out of something.
    /// Connections that died while they waited are none of that.
    pub(super) fn accept(
        &mut self,
        most: usize,
        mut take: impl FnMut(TcpStream, Option<SocketAddr>),
    ) -> io::Result<()> {
        for _ in 0..most.min(PER_TURN) {
            match self.socket.accept() {
                Ok((socket, remote)) => take(socket, remote),
                Err(error) => match error.kind() {
                    ErrorKind::WouldBlock => {
                        self.ready = false;
                        return Ok(());
                    }
                    kind if is_of_one_connection(kind) => {}
                    _ => return Err(error),
                },
            }
        }
        Ok(())
    }
}

/// Whether an error of `accept` is about the connection that would have been accepted.
fn is_of_one_connection(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::Interrupted
            | ErrorKind::ConnectionAborted
            | ErrorKind::ConnectionReset
            | ErrorKind::ConnectionRefused
            | ErrorKind::TimedOut
            | ErrorKind::HostUnreachable
            | ErrorKind::NetworkUnreachable
            | ErrorKind::NetworkDown
    )
}

/// Waits longer and longer while accepting fails.
#[derive(Default)]
pub(super) struct Backoff {
    pause: Duration,
    until: Option<Duration>,
}

impl Backoff {
    /// Accepting failed; gives how long it pauses.
    pub(super) fn failed(&mut self, now: Duration) -> Duration {
        self.pause = (self.pause * 2).clamp(FIRST_PAUSE, LAST_PAUSE);
        self.until = Some(now + self.pause);
        self.pause
    }

    pub(super) fn worked(&mut self) {
        *self = Self::default();
    }

    /// Until when accepting pauses, if it does.
    pub(super) fn paused_until(&mut self, now: Duration) -> Option<Duration> {
        self.until = self.until.filter(|until| *until > now);
        self.until
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_second_and_end() {
        let mut backoff = Backoff::default();
        let start = Duration::from_secs(9);
        assert_eq!(backoff.paused_until(start), None);
        let pauses: Vec<u128> = (0..7).map(|_| backoff.failed(start).as_millis()).collect();
        assert_eq!(pauses, [50, 100, 200, 400, 800, 1000, 1000]);
        assert_eq!(backoff.paused_until(start), Some(start + LAST_PAUSE));
        assert_eq!(backoff.paused_until(start + LAST_PAUSE), None);
        backoff.worked();
        assert_eq!(backoff.failed(start), FIRST_PAUSE);
    }

    #[test]
    fn a_dead_connection_stops_nobody() {
        assert!(is_of_one_connection(ErrorKind::ConnectionAborted));
        // EMFILE has no kind of its own.
        let no_files = io::Error::from_raw_os_error(24);
        assert!(!is_of_one_connection(no_files.kind()));
    }
}
