//! Connections that a function takes over, with a thread of their own.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use pauper_message::{Peer, UpgradedSocket, guard};

use super::session::Session;
use super::socket::Socket;
use crate::exchange::{Permit, Shared, TakenOver};
use crate::log_macros::{Clean, log_error};

/// Gives a socket to the function that is to have it.
pub(super) fn take_over(taken: TakenOver, socket: Socket, peer: Peer, shared: &Arc<Shared>) {
    let TakenOver { run, early, permit } = taken;
    let Socket { stream, session } = socket;
    let socket = TcpStream::from(std::os::fd::OwnedFd::from(stream));
    // An encrypted one is waited for without holding its encryption, which reader and writer share.
    if let Err(error) = socket.set_nonblocking(session.is_some()) {
        log_error!("{peer}: an upgraded connection cannot be used: {error}");
        let _ = error;
        return;
    }
    let farewell = shared.enroll(&socket);
    let session = session.map(|session| Arc::new(Shielded::new(*session)));
    let socket = Owned { socket, session, early, read: 0, peer };
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
struct Owned {
    socket: TcpStream,
    session: Option<Arc<Shielded>>,
    /// What the client sent before it was given away, and how much of that was read.
    early: Vec<u8>,
    read: usize,
    peer: Peer,
}

impl Read for Owned {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let mut early = &self.early[self.read..];
        if early.is_empty() {
            return match &self.session {
                None => self.socket.read(out),
                Some(session) => session.read(&self.socket, out),
            };
        }
        let n = early.read(out)?;
        self.read += n;
        Ok(n)
    }
}

impl Write for Owned {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &self.session {
            None => self.socket.write(bytes),
            Some(session) => session.write(&self.socket, bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.socket.flush()
    }
}

impl UpgradedSocket for Owned {
    fn set_read_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        self.socket.set_read_timeout(timeout)
    }

    fn set_write_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        self.socket.set_write_timeout(timeout)
    }

    fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        if let (Some(session), Shutdown::Write | Shutdown::Both) = (&self.session, how) {
            session.end(&self.socket);
        }
        self.socket.shutdown(how)
    }

    fn try_clone(&self) -> io::Result<Box<dyn UpgradedSocket>> {
        let (socket, session) = (self.socket.try_clone()?, self.session.clone());
        // What came early belongs to one reader.
        Ok(Box::new(Self { socket, session, early: Vec::new(), read: 0, peer: self.peer }))
    }

    fn peer(&self) -> Peer {
        self.peer
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        if let Some(session) = self.session.take().and_then(Arc::into_inner) {
            session.end(&self.socket);
        }
    }
}

/// The encryption of a socket that several threads use. Nobody waits while holding it.
struct Shielded(Mutex<Session>);

impl Shielded {
    fn new(session: Session) -> Self {
        Self(Mutex::new(session))
    }

    fn lock(&self) -> MutexGuard<'_, Session> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read(&self, mut socket: &TcpStream, out: &mut [u8]) -> io::Result<usize> {
        let begun = Instant::now();
        loop {
            match self.lock().read(&mut socket, out, &mut true, false) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                read => return read,
            }
            wait(socket, false, begun, socket.read_timeout()?)?;
        }
    }

    fn write(&self, mut socket: &TcpStream, bytes: &[u8]) -> io::Result<usize> {
        let begun = Instant::now();
        let mut pushed = 0;
        loop {
            let mut session = self.lock();
            let done = session.flush(&mut socket)?;
            if pushed > 0 && done {
                return Ok(pushed);
            }
            if pushed == 0 && done {
                pushed = session.push(bytes)?;
                if pushed > 0 || bytes.is_empty() {
                    continue;
                }
            }
            drop(session);
            wait(socket, true, begun, socket.write_timeout()?)?;
        }
    }

    /// Tells the client that nothing more comes, if its system takes that right now.
    fn end(&self, mut socket: &TcpStream) {
        let _ = self.lock().end(&mut socket);
    }
}

/// Waits for a socket, for what is left of the time.
fn wait(
    socket: &TcpStream,
    writable: bool,
    begun: Instant,
    most: Option<Duration>,
) -> io::Result<()> {
    let left = match most {
        None => None,
        Some(most) => match most.checked_sub(begun.elapsed()) {
            Some(left) => Some(left),
            None => return Err(ErrorKind::WouldBlock.into()),
        },
    };
    super::errand::wait_for(socket, !writable, writable, left).map(|_| ())
}
