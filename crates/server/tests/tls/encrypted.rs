//! Servers that encrypt, and a blocking client that does.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::os::fd::{AsFd, BorrowedFd};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use pauper_message::Service;
use pauper_server::test::{Answer, read_answer};
use pauper_server::{Handle, Server, ServerConfig, Tls, TlsConfig};
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore};

use crate::plain::{Mode, PATIENCE, get};

/// A file of the tests' certificates.
pub(crate) fn pem(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/certificates").join(name)
}

pub(crate) fn tls() -> Tls {
    TlsConfig::new(pem("localhost.pem"), pem("localhost-key.pem")).load().unwrap()
}

/// A server that listens there.
pub(crate) fn listen(address: &str) -> Server {
    Server::bind(address).unwrap().tls(&tls())
}

/// A server of `service` on a free port.
pub(crate) fn serve(service: impl Service + Send + Sync + 'static) -> Handle {
    serve_with(ServerConfig::new(), service)
}

pub(crate) fn serve_with(
    config: ServerConfig,
    service: impl Service + Send + Sync + 'static,
) -> Handle {
    serve_in(Mode::Threading, config, service)
}

/// A server of `service` on a free port, in this mode.
pub(crate) fn serve_in(
    mode: Mode,
    config: ServerConfig,
    service: impl Service + Send + Sync + 'static,
) -> Handle {
    serve_by(&tls(), mode, config, service)
}

/// A server with certificates of its own.
pub(crate) fn serve_by(
    tls: &Tls,
    mode: Mode,
    config: ServerConfig,
    service: impl Service + Send + Sync + 'static,
) -> Handle {
    let server = Server::bind("127.0.0.1:0").unwrap().tls(tls).config(config);
    match mode {
        Mode::Single => server.spawn_single(service),
        Mode::Threading => server.spawn(service),
    }
    .unwrap()
}

fn roots() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(pem("authority.pem")).unwrap()).unwrap();
    roots
}

/// What a client says that has this certificate, if any.
pub(crate) fn client_config(certificate: Option<&str>) -> ClientConfig {
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots());
    match certificate {
        None => builder.with_no_client_auth(),
        Some(name) => {
            let chain = CertificateDer::from_pem_file(pem(&format!("{name}.pem"))).unwrap();
            let key = PrivateKeyDer::from_pem_file(pem(&format!("{name}-key.pem"))).unwrap();
            builder.with_client_auth_cert(vec![chain], key).unwrap()
        }
    }
}

fn usual() -> Arc<ClientConfig> {
    static CONFIG: OnceLock<Arc<ClientConfig>> = OnceLock::new();
    Arc::clone(CONFIG.get_or_init(|| Arc::new(client_config(None))))
}

/// An encrypted connection that looks like a [`TcpStream`]. A clone is the same connection.
pub(crate) struct TlsSocket {
    pub(crate) stream: TcpStream,
    client: Arc<Mutex<ClientConnection>>,
    /// Records that the server did not take in time.
    left: Vec<u8>,
    /// Records that came and were not looked at.
    came: Vec<u8>,
    peeked: Option<u8>,
}

impl TlsSocket {
    pub(crate) fn connect(address: SocketAddr, name: &str, config: Arc<ClientConfig>) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        let name = ServerName::try_from(name.to_owned()).unwrap();
        let mut client = ClientConnection::new(config, name).unwrap();
        client.set_buffer_limit(None);
        Self {
            stream,
            client: Arc::new(Mutex::new(client)),
            left: Vec::new(),
            came: Vec::new(),
            peeked: None,
        }
    }

    pub(crate) fn client(&self) -> std::sync::MutexGuard<'_, ClientConnection> {
        self.client.lock().unwrap()
    }

    /// Handshakes to its end; as errors whatever the server does not like about it, if that is told
    /// in time.
    pub(crate) fn shake_hands(&mut self) -> io::Result<()> {
        let mut client = self.client.lock().unwrap();
        while client.is_handshaking() {
            client.complete_io(&mut self.stream)?;
        }
        Ok(())
    }

    /// Writes what is encrypted. Without a lock while it waits, so that a clone can read.
    fn send_records(&mut self) -> io::Result<()> {
        let mut client = self.client.lock().unwrap();
        while client.wants_write() {
            client.write_tls(&mut self.left)?;
        }
        drop(client);
        while !self.left.is_empty() {
            let n = self.stream.write(&self.left)?;
            self.left.drain(..n);
        }
        Ok(())
    }

    pub(crate) fn shutdown(&mut self, how: Shutdown) -> io::Result<()> {
        if how != Shutdown::Read {
            self.shake_hands()?;
            self.client().send_close_notify();
            let _ = self.send_records();
        }
        match self.stream.shutdown(how) {
            // The server may have ended it by what it was just told.
            Err(error) if error.kind() == ErrorKind::NotConnected => Ok(()),
            result => result,
        }
    }

    pub(crate) fn set_read_timeout(&self, time: Option<Duration>) -> io::Result<()> {
        self.stream.set_read_timeout(time)
    }

    pub(crate) fn local_addr(&self) -> io::Result<SocketAddr> {
        self.stream.local_addr()
    }

    pub(crate) fn try_clone(&self) -> io::Result<Self> {
        let client = Arc::clone(&self.client);
        Ok(Self {
            stream: self.stream.try_clone()?,
            client,
            left: Vec::new(),
            came: Vec::new(),
            peeked: None,
        })
    }

    /// Whether there is anything to be read in time.
    pub(crate) fn peek(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.peeked.is_none() {
            let mut byte = [0];
            if self.read(&mut byte)? == 0 {
                return Ok(0);
            }
            self.peeked = Some(byte[0]);
        }
        out[0] = self.peeked.unwrap_or_default();
        Ok(1)
    }
}

impl AsFd for TlsSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }
}

impl Read for TlsSocket {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match self.shake_hands() {
            // Somebody who closed it before anything was said.
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(0),
            result => result?,
        }
        if let (Some(byte), Some(first)) = (self.peeked.take(), out.first_mut()) {
            *first = byte;
            return Ok(1);
        }
        loop {
            self.send_records()?;
            let read = self.client().reader().read(out);
            match read {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                // A plain connection would not tell an end from a cut; here the difference matters.
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => {
                    return Err(io::Error::new(ErrorKind::ConnectionReset, error));
                }
                read => return read,
            }
            if self.came.is_empty() {
                let mut records = [0; 16 * 1024];
                let n = self.stream.read(&mut records)?;
                self.came.extend_from_slice(&records[..n]);
            }
            // No more than has room: what is encrypted in them is to be read first.
            let mut client = self.client.lock().unwrap();
            let n = client.read_tls(&mut self.came.as_slice())?;
            client.process_new_packets().map_err(io::Error::other)?;
            self.came.drain(..n);
        }
    }
}

impl Write for TlsSocket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.client().is_handshaking() {
            // Whoever is not accepted yet has sent all the same, as far as that goes.
            self.stream.set_read_timeout(Some(Duration::from_secs(1)))?;
            let shaken = self.shake_hands();
            self.stream.set_read_timeout(Some(PATIENCE))?;
            match shaken {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                result => result?,
            }
        }
        let n = self.client().writer().write(bytes)?;
        self.send_records()?;
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A client on an encrypted connection, of the same shape as the plain one.
pub(crate) struct Wire {
    pub(crate) socket: TlsSocket,
    unread: Vec<u8>,
}

impl Wire {
    pub(crate) fn connect(address: SocketAddr) -> Self {
        Self::with(TlsSocket::connect(address, "localhost", usual()))
    }

    pub(crate) fn with(socket: TlsSocket) -> Self {
        Self { socket, unread: Vec::new() }
    }

    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.socket.write_all(bytes.as_ref()).unwrap();
    }

    /// The next answer, to a request of this method.
    #[track_caller]
    pub(crate) fn answer_to(&mut self, method: &str) -> Answer {
        let mut closed = false;
        loop {
            match read_answer(&self.unread, method, closed) {
                Ok((answer, len)) => {
                    self.unread.drain(..len);
                    return answer;
                }
                Err(error) => {
                    let text = self.unread.escape_ascii();
                    assert!(error.is_incomplete() && !closed, "{error}: {text}");
                }
            }
            let mut piece = [0; 16 * 1024];
            let n = self.socket.read(&mut piece).unwrap();
            closed = n == 0;
            self.unread.extend_from_slice(&piece[..n]);
        }
    }

    /// Sends about as much as the other side takes, and gives how much that was.
    pub(crate) fn send_until_full(&mut self, bytes: &[u8]) -> usize {
        self.socket.shake_hands().unwrap();
        self.socket.stream.set_write_timeout(Some(Duration::from_millis(300))).unwrap();
        let mut sent = 0;
        for piece in bytes.chunks(16 * 1024) {
            let full = self.socket.send_records().is_err();
            if full {
                break;
            }
            // What is encrypted is as good as sent.
            sent += self.socket.client().writer().write(piece).unwrap();
        }
        self.socket.stream.set_write_timeout(Some(PATIENCE)).unwrap();
        sent
    }

    #[track_caller]
    pub(crate) fn answer(&mut self) -> Answer {
        self.answer_to("GET")
    }

    #[track_caller]
    pub(crate) fn get(&mut self, target: &str) -> Answer {
        self.send(get(target));
        self.answer()
    }

    /// Reads to the end of the connection, orderly or not, and gives all of it.
    #[track_caller]
    pub(crate) fn rest(&mut self) -> Vec<u8> {
        let mut piece = [0; 16 * 1024];
        loop {
            match self.socket.read(&mut piece) {
                Ok(0) => break,
                Ok(n) => self.unread.extend_from_slice(&piece[..n]),
                Err(error) if is_over(error.kind()) => break,
                Err(error) => panic!("{error}"),
            }
        }
        std::mem::take(&mut self.unread)
    }

    /// Ends the connection with a reset.
    pub(crate) fn reset(self) {
        socket2::SockRef::from(&self.socket).set_linger(Some(Duration::ZERO)).unwrap();
    }

    /// Ends the connection with a reset, and keeps what is left of it.
    pub(crate) fn reset_now(&mut self) {
        let address = self.socket.stream.peer_addr().unwrap();
        let other = TlsSocket::connect(address, "localhost", usual());
        Self { socket: std::mem::replace(&mut self.socket, other), unread: Vec::new() }.reset();
        self.socket.stream.shutdown(Shutdown::Both).unwrap();
    }

    /// So many bytes, whatever they are.
    #[track_caller]
    pub(crate) fn take(&mut self, count: usize) -> Vec<u8> {
        let mut piece = [0; 16 * 1024];
        while self.unread.len() < count {
            let n = self.socket.read(&mut piece).unwrap();
            assert!(n > 0, "the end after {}", self.unread.escape_ascii());
            self.unread.extend_from_slice(&piece[..n]);
        }
        self.unread.drain(..count).collect()
    }

    /// The head of the next answer, up to the empty line; its body stays.
    #[track_caller]
    pub(crate) fn head(&mut self) -> String {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.extend(self.take(1));
        }
        String::from_utf8(head).unwrap()
    }

    /// Fails if the server sends anything more than the end of the connection.
    #[track_caller]
    pub(crate) fn assert_closed(&mut self) {
        let rest = self.rest();
        assert!(rest.is_empty(), "{}", rest.escape_ascii());
    }
}

/// Whether the other side has ended the connection: reading may have to send first, an alert for
/// instance.
fn is_over(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::ConnectionReset | ErrorKind::BrokenPipe)
}
