//! A socket with its encryption, if it has such, on its way to somewhere else.

use std::io::{self, IoSlice, Read, Write};

use mio::net::TcpStream;

use super::session::Session;

/// What a connection is read from and written to.
pub(super) struct Socket {
    pub(super) stream: TcpStream,
    pub(super) session: Option<Box<Session>>,
}

impl Socket {
    /// What the system tells the readiness of.
    pub(super) fn source(&mut self) -> &mut TcpStream {
        &mut self.stream
    }
}

impl Read for Socket {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match &mut self.session {
            None => self.stream.read(out),
            Some(session) => session.read(&mut self.stream, out, &mut true, false),
        }
    }
}

impl Write for Socket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.session {
            None => self.stream.write(bytes),
            Some(session) => session.write(&mut self.stream, &[IoSlice::new(bytes)]),
        }
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        match &mut self.session {
            None => self.stream.write_vectored(slices),
            Some(session) => session.write(&mut self.stream, slices),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes through a session that stays where it is.
pub(super) struct Encrypting<'a> {
    pub(super) stream: &'a mut TcpStream,
    pub(super) session: &'a mut Session,
}

impl Write for Encrypting<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.session.write(self.stream, &[IoSlice::new(bytes)])
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        self.session.write(self.stream, slices)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A socket whose next bytes belong to those that are written now, as the head of a file does to
/// the file: the system puts both into one packet.
#[cfg(target_os = "linux")]
pub(super) struct Continued<'s>(pub(super) &'s TcpStream);

#[cfg(target_os = "linux")]
impl Write for Continued<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        use rustix::net::SendFlags;
        Ok(rustix::net::send(self.0, bytes, SendFlags::MORE | SendFlags::NOSIGNAL)?)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
