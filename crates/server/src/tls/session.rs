//! One encrypted connection: bytes of the network on one side, bytes of HTTP on the other.

use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::mem;
use std::sync::Arc;

use pauper_message::TlsInfo;
use rustls::{ProtocolVersion, ServerConfig, ServerConnection};

/// How many bytes are encrypted before the socket has to take them.
const AT_ONCE: usize = 64 * 1024;
/// What a client that does not encrypt is told, since it would make nothing of an alert.
const PLAIN: &[u8] = b"HTTP/1.1 400 Bad Request\r\n\
    Content-Type: text/plain; charset=utf-8\r\n\
    Content-Length: 54\r\n\
    Connection: close\r\n\r\n\
    this port speaks HTTPS: the client did not encrypt it\n";

/// The encryption of a connection. It has no socket; whoever calls it does.
pub(crate) struct Session {
    tls: ServerConnection,
    /// There may be plaintext that was not read.
    has_plaintext: bool,
    /// How many bytes were encrypted whose records are not written.
    in_flight: usize,
    /// The first byte of the client, until the handshake is done.
    first: Option<u8>,
    failure: Option<Box<str>>,
    /// Bytes were fed and not looked at.
    fed: bool,
    ended: bool,
    /// What is to be written in place of an alert.
    plain: &'static [u8],
}

impl Session {
    pub(crate) fn new(config: Arc<ServerConfig>) -> Result<Self, rustls::Error> {
        let mut tls = ServerConnection::new(config)?;
        tls.set_buffer_limit(Some(AT_ONCE));
        Ok(Self {
            tls,
            has_plaintext: false,
            in_flight: 0,
            first: None,
            failure: None,
            fed: false,
            ended: false,
            plain: &[],
        })
    }

    pub(crate) fn has_plaintext(&self) -> bool {
        self.has_plaintext
    }

    pub(crate) fn is_handshaking(&self) -> bool {
        self.tls.is_handshaking()
    }

    // --- the handshake ------------------------------------------------------------------------

    /// Takes bytes that were read together with what stood before them.
    pub(crate) fn feed(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        self.first = self.first.or(bytes.first().copied());
        self.fed = !bytes.is_empty();
        while !bytes.is_empty() {
            self.tls.read_tls(&mut bytes)?;
        }
        Ok(())
    }

    /// Whether bytes were fed since the last call.
    pub(crate) fn take_fed(&mut self) -> bool {
        mem::take(&mut self.fed)
    }

    /// Reads once from the socket, which gives 0 at its end. `readable` then says whether there may
    /// be more, by whether the read was a short one; that proves nothing after the end of the
    /// other side (`closed`).
    pub(crate) fn fill(
        &mut self,
        socket: &mut impl Read,
        readable: &mut bool,
        closed: bool,
    ) -> io::Result<usize> {
        let mut watched = Watched { socket, first: &mut self.first, short: false };
        let read = self.tls.read_tls(&mut watched);
        let short = watched.short;
        match &read {
            Ok(0) => *readable = false,
            Ok(_) => *readable = !short || closed,
            Err(error) if error.kind() == ErrorKind::WouldBlock => *readable = false,
            Err(_) => {}
        }
        read
    }

    /// Goes on with the handshake by what was read. This computes for up to milliseconds.
    pub(crate) fn step(&mut self) {
        if let Err(error) = self.tls.process_new_packets() {
            let spoke_plainly = self.first.is_some_and(|byte| byte.is_ascii_uppercase());
            if spoke_plainly && self.tls.is_handshaking() {
                self.plain = PLAIN;
            }
            self.failure = Some(error.to_string().into());
        }
        // What the client sent right behind its last message is inside already.
        self.has_plaintext = !self.tls.is_handshaking();
    }

    /// Why it cannot go on.
    pub(crate) fn failure(&self) -> Option<&str> {
        self.failure.as_deref()
    }

    /// What the handshake told.
    pub(crate) fn info(&self) -> Arc<TlsInfo> {
        let mut info = TlsInfo::new(match self.tls.protocol_version() {
            Some(ProtocolVersion::TLSv1_2) => "TLSv1.2",
            Some(ProtocolVersion::TLSv1_3) => "TLSv1.3",
            _ => "",
        });
        info.server_name = self.tls.server_name().map(|name| name.to_ascii_lowercase().into());
        let certificates = self.tls.peer_certificates().unwrap_or_default();
        info.client_certificates = certificates.iter().map(|one| one.to_vec()).collect();
        Arc::new(info)
    }

    // --- afterwards ---------------------------------------------------------------------------

    /// Reads what the client sent; see [`fill`](Self::fill) for the last two.
    ///
    /// # Errors
    /// `WouldBlock` if there is nothing; those of the socket; `InvalidData` if the client breaks
    /// the protocol.
    pub(crate) fn read(
        &mut self,
        socket: &mut (impl Read + Write),
        out: &mut [u8],
        readable: &mut bool,
        closed: bool,
    ) -> io::Result<usize> {
        loop {
            match self.tls.reader().read(out) {
                Ok(n) => {
                    self.has_plaintext = n > 0;
                    return Ok(n);
                }
                // It ended without saying so. Whether something is missing the length of a body
                // says, and a body without a length is none of a request.
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => {
                    self.has_plaintext = false;
                    return Ok(0);
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => self.has_plaintext = false,
                Err(error) => return Err(error),
            }
            if !*readable {
                return Err(ErrorKind::WouldBlock.into());
            }
            self.fill(socket, readable, closed)?;
            let processed = self.tls.process_new_packets();
            if self.tls.wants_write() {
                // An alert, or an answer to new keys. The socket usually takes it, and else it goes
                // before what is written next.
                let _ = self.flush(socket);
            }
            processed.map_err(|error| io::Error::new(ErrorKind::InvalidData, error))?;
        }
    }

    /// Encrypts and writes. As with a socket, what was taken is written when this returns: until
    /// then it is to be called again with the same bytes.
    ///
    /// # Errors
    /// `WouldBlock` if the socket does not take all of it, and the errors of the socket.
    pub(crate) fn write(
        &mut self,
        socket: &mut impl Write,
        slices: &[IoSlice<'_>],
    ) -> io::Result<usize> {
        if self.in_flight == 0 {
            self.in_flight = self.tls.writer().write_vectored(slices)?;
        }
        if !self.flush(socket)? {
            return Err(ErrorKind::WouldBlock.into());
        }
        Ok(mem::take(&mut self.in_flight))
    }

    /// Encrypts bytes, to be written by [`flush`](Self::flush): some of them if there are many.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.tls.writer().write(bytes)
    }

    /// Writes records until there are no more; false if the socket takes no more at the moment.
    pub(crate) fn flush(&mut self, socket: &mut impl Write) -> io::Result<bool> {
        if !self.plain.is_empty() {
            let n = socket.write(mem::take(&mut self.plain))?;
            return Ok(n > 0);
        }
        while self.tls.wants_write() {
            match self.tls.write_tls(socket) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }

    /// Tells the client that nothing more comes, so that it can tell the end from a cut; false if
    /// the socket does not take that at the moment.
    pub(crate) fn end(&mut self, socket: &mut impl Write) -> io::Result<bool> {
        if !mem::replace(&mut self.ended, true) {
            self.tls.send_close_notify();
        }
        self.flush(socket)
    }
}

/// A socket of which is noted whether it gave as much as there was room for.
struct Watched<'a, S> {
    socket: &'a mut S,
    first: &'a mut Option<u8>,
    short: bool,
}

impl<S: Read> Read for Watched<'_, S> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let n = self.socket.read(out)?;
        self.short = n < out.len();
        *self.first = self.first.or(out[..n].first().copied());
        Ok(n)
    }
}
