//! Connections that a function takes over, with a thread of their own.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use pauper_message::{Peer, UpgradedSocket, guard};

use crate::exchange::{Permit, Shared, TakenOver};
use crate::log_macros::{Clean, log_error};

/// Gives a socket to the function that is to have it.
pub(super) fn take_over(
    taken: TakenOver,
    socket: mio::net::TcpStream,
    peer: Peer,
    shared: &Arc<Shared>,
) {
    let TakenOver { run, early, permit } = taken;
    let socket = TcpStream::from(std::os::fd::OwnedFd::from(socket));
    if let Err(error) = socket.set_nonblocking(false) {
        log_error!("{peer}: an upgraded connection cannot be used: {error}");
        let _ = error;
        return;
    }
    let farewell = shared.enroll(&socket);
    let socket = Socket { socket, early, read: 0, peer };
    let main = move || {
        let _permit: Option<Permit> = permit;
        let _farewell = farewell;
        let ran = guard(|| {
            run(Box::new(socket));
            Ok(())
        });
        if let Err(error) = ran {
            log_error!("{peer}: an upgraded connection failed: {}", Clean(error.log_text()));
        }
    };
    if let Err(error) = thread::Builder::new().name("pauper-upgraded".to_owned()).spawn(main) {
        log_error!("{peer}: no thread for an upgraded connection: {error}");
        let _ = error;
    }
}

/// The socket as its new owner sees it.
struct Socket {
    socket: TcpStream,
    /// What the client sent before it was given away, and how much of that was read.
    early: Vec<u8>,
    read: usize,
    peer: Peer,
}

impl Read for Socket {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let mut early = &self.early[self.read..];
        if early.is_empty() {
            return self.socket.read(out);
        }
        let n = early.read(out)?;
        self.read += n;
        Ok(n)
    }
}

impl Write for Socket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.socket.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.socket.flush()
    }
}

impl UpgradedSocket for Socket {
    fn set_read_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        self.socket.set_read_timeout(timeout)
    }

    fn set_write_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        self.socket.set_write_timeout(timeout)
    }

    fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.socket.shutdown(how)
    }

    fn try_clone(&self) -> io::Result<Box<dyn UpgradedSocket>> {
        // What came early belongs to one reader.
        let socket = self.socket.try_clone()?;
        Ok(Box::new(Self { socket, early: Vec::new(), read: 0, peer: self.peer }))
    }

    fn peer(&self) -> Peer {
        self.peer
    }
}
