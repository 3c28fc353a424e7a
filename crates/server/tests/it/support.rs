//! Services, servers and a blocking client that several tests use.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use pauper_message::{Plan, Request, Response, Service};
use pauper_server::test::{Answer, read_answer};
use pauper_server::{Handle, Server, ServerConfig};

/// Echoes the body, and counts how often it is called. A clone counts with the others.
#[derive(Clone, Default)]
pub(crate) struct Counted {
    calls: Arc<AtomicUsize>,
}

impl Counted {
    pub(crate) fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }
}

impl Service for Counted {
    fn begin(&self, _: &mut Request) -> Plan {
        Plan::buffer()
    }

    fn call(&self, req: &mut Request) -> Response {
        self.calls.fetch_add(1, Ordering::SeqCst);
        let body = req.bytes().unwrap().to_vec();
        Response::bytes(if body.is_empty() { b"none".to_vec() } else { body })
    }
}

/// A server of `service` on a free port.
pub(crate) fn serve(service: impl Service + Send + Sync + 'static) -> Handle {
    serve_with(ServerConfig::new(), service)
}

pub(crate) fn serve_with(
    config: ServerConfig,
    service: impl Service + Send + Sync + 'static,
) -> Handle {
    Server::bind("127.0.0.1:0").unwrap().config(config).spawn(service).unwrap()
}

/// No test waits longer than this for anything.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Waits until `done`, and fails if that takes too long.
#[track_caller]
pub(crate) fn wait_until(what: &str, mut done: impl FnMut() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < PATIENCE, "never happened: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// A client on a socket.
pub(crate) struct Wire {
    pub(crate) socket: TcpStream,
    unread: Vec<u8>,
}

impl Wire {
    pub(crate) fn connect(address: SocketAddr) -> Self {
        let socket = TcpStream::connect(address).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        socket.set_write_timeout(Some(PATIENCE)).unwrap();
        socket.set_nodelay(true).unwrap();
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
                Err(error) if error.kind() == ErrorKind::ConnectionReset => break,
                Err(error) => panic!("{error}"),
            }
        }
        std::mem::take(&mut self.unread)
    }

    /// Fails if the server sends anything more than the end of the connection.
    #[track_caller]
    pub(crate) fn assert_closed(&mut self) {
        let rest = self.rest();
        assert!(rest.is_empty(), "{}", rest.escape_ascii());
    }
}

/// A request without a body.
pub(crate) fn get(target: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nHost: h\r\n\r\n")
}

/// A request with a body.
pub(crate) fn post(target: &str, body: &str) -> String {
    format!("POST {target} HTTP/1.1\r\nHost: h\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

/// Status and text of all answers in `bytes`, to requests other than HEAD on a connection that may
/// have ended since.
#[track_caller]
pub(crate) fn answers(mut bytes: &[u8]) -> Vec<(u16, String)> {
    let mut all = Vec::new();
    while !bytes.is_empty() {
        match read_answer(bytes, "GET", true) {
            Ok((answer, len)) => {
                all.push((answer.status(), String::from_utf8_lossy(answer.body()).into_owned()));
                bytes = &bytes[len..];
            }
            Err(error) => panic!("{error}: {}", bytes.escape_ascii()),
        }
    }
    all
}

/// The statuses alone.
#[track_caller]
pub(crate) fn statuses(bytes: &[u8]) -> Vec<u16> {
    answers(bytes).into_iter().map(|(status, _)| status).collect()
}
