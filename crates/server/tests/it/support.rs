//! Services, servers and a blocking client that several tests use.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use pauper_message::{Plan, Request, Response, ServerSnapshot, Service};
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

/// A server that listens there.
pub(crate) fn listen(address: &str) -> Server {
    Server::bind(address).unwrap()
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

/// How a server runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Single,
    Threading,
}

pub(crate) const MODES: [Mode; 2] = [Mode::Single, Mode::Threading];

/// A server of `service` on a free port, in this mode.
pub(crate) fn serve_in(
    mode: Mode,
    config: ServerConfig,
    service: impl Service + Send + Sync + 'static,
) -> Handle {
    let server = Server::bind("127.0.0.1:0").unwrap().config(config);
    match mode {
        Mode::Single => server.spawn_single(service),
        Mode::Threading => server.spawn(service),
    }
    .unwrap()
}

/// A configuration of a server with one loop, so that what holds it up would hold up everybody.
pub(crate) fn one_loop() -> ServerConfig {
    ServerConfig::new().with_loops(1)
}

/// A function that answers, with an endpoint of its own for each first segment of a path: the
/// engine learns of each what it does.
pub(crate) struct Endpoints<F>(pub(crate) F);

impl<F: Fn(&mut Request) -> Response> Service for Endpoints<F> {
    fn begin(&self, req: &mut Request) -> Plan {
        let name = req.path().trim_start_matches('/').split('/').next().unwrap_or_default();
        let endpoint = name.bytes().fold(7, |hash: u32, byte| (hash * 31 + u32::from(byte)) % 997);
        Plan::buffer().for_endpoint(endpoint)
    }

    fn call(&self, req: &mut Request) -> Response {
        self.0(req)
    }
}

/// A gate at which handlers wait until the test lets them go on.
#[derive(Clone, Default)]
pub(crate) struct Gate(Arc<(Mutex<Door>, Condvar)>);

#[derive(Default)]
struct Door {
    /// How many came, and how many of them, the first ones first, may go on.
    came: usize,
    released: usize,
    open: bool,
}

impl Door {
    /// How many came and may not go on yet; whoever may does not count, although it may still be
    /// on its way.
    fn waiting(&self) -> usize {
        if self.open { 0 } else { self.came.saturating_sub(self.released) }
    }
}

impl Gate {
    /// Waits; not for ever, so that a test that fails ends.
    pub(crate) fn pass(&self) {
        let (door, changed) = &*self.0;
        let mut state = door.lock().unwrap();
        state.came += 1;
        let number = state.came;
        changed.notify_all();
        let closed = |door: &mut Door| !door.open && door.released < number;
        let (state, time) = changed.wait_timeout_while(state, PATIENCE, closed).unwrap();
        drop(state);
        assert!(!time.timed_out(), "nobody opened the gate");
    }

    /// How many have ever come to it.
    pub(crate) fn came(&self) -> usize {
        self.0.0.lock().unwrap().came
    }

    /// How many wait at it now.
    pub(crate) fn waiting(&self) -> usize {
        self.0.0.lock().unwrap().waiting()
    }

    /// Waits until so many wait at it.
    #[track_caller]
    pub(crate) fn wait_for(&self, count: usize) {
        let (door, changed) = &*self.0;
        let state = door.lock().unwrap();
        let too_few = |door: &mut Door| door.waiting() < count;
        let (state, _) = changed.wait_timeout_while(state, PATIENCE, too_few).unwrap();
        let waiting = state.waiting();
        drop(state);
        assert!(waiting >= count, "{waiting} of {count} came to the gate");
    }

    /// Lets so many pass.
    pub(crate) fn let_pass(&self, count: usize) {
        self.0.0.lock().unwrap().released += count;
        self.0.1.notify_all();
    }

    /// Lets everybody pass, now and later.
    pub(crate) fn open(&self) {
        self.0.0.lock().unwrap().open = true;
        self.0.1.notify_all();
    }
}

/// Counts how many clones of it exist, the first one included.
#[derive(Clone)]
pub(crate) struct Alive(Arc<()>);

impl Alive {
    pub(crate) fn new() -> Self {
        Self(Arc::new(()))
    }

    pub(crate) fn count(&self) -> usize {
        Arc::strong_count(&self.0)
    }
}

/// Answers with the counters of the server.
pub(crate) fn snapshot(req: &Request) -> ServerSnapshot {
    req.server_info().expect("a server has counters").snapshot()
}

/// The first of these programs that is installed. If none is, says so, or fails where tools are
/// required.
pub(crate) fn tool(names: &[&str]) -> Option<std::path::PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(["/usr/sbin".into(), "/sbin".into()]);
    let folders: Vec<_> = folders.collect();
    let found = names.iter().find_map(|name| {
        folders.iter().map(|folder| folder.join(name)).find(|file| file.is_file())
    });
    if found.is_none() {
        let required = std::env::var_os("PAUPER_REQUIRE_TOOLS").is_some_and(|value| value == "1");
        let names = names.join(" or ");
        assert!(!required, "{names} is missing");
        println!("skipped: {names} is missing");
    }
    found
}

/// Bytes that no shift of themselves equals.
pub(crate) fn long_bytes(len: usize) -> Vec<u8> {
    (0..len as u32).flat_map(|i| i.wrapping_mul(2_654_435_761).to_le_bytes()).take(len).collect()
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

    /// Sends as much as the other side takes, and gives how much that was.
    pub(crate) fn send_until_full(&mut self, bytes: &[u8]) -> usize {
        self.socket.set_nonblocking(true).unwrap();
        let mut sent = 0;
        while let Ok(n) = self.socket.write(&bytes[sent..]) {
            sent += n;
        }
        self.socket.set_nonblocking(false).unwrap();
        sent
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

    /// Ends the connection with a reset.
    pub(crate) fn reset(self) {
        socket2::SockRef::from(&self.socket).set_linger(Some(Duration::ZERO)).unwrap();
    }

    /// Ends the connection with a reset, and keeps what is left of it.
    pub(crate) fn reset_now(&mut self) {
        let other = TcpStream::connect(self.socket.peer_addr().unwrap()).unwrap();
        Self { socket: std::mem::replace(&mut self.socket, other), unread: Vec::new() }.reset();
        self.socket.shutdown(std::net::Shutdown::Both).unwrap();
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
