//! Changes of workers while clients send requests all the time, none of which may fail.

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use pauper_server::test::read_answer;

use crate::process::{KINDS, Process};
use crate::support::{PATIENCE, get, wait_until};

pub(crate) const TESTS: &[(&str, fn())] = &[
    ("no_request_fails_while_the_server_is_reloaded", reload),
    ("no_request_fails_while_workers_are_recycled", recycle),
    ("no_request_fails_while_workers_come_and_go", grow_and_shrink),
];

/// Clients that never rest.
struct Load {
    over: Arc<AtomicBool>,
    answered: Arc<AtomicUsize>,
    clients: Vec<JoinHandle<BTreeSet<String>>>,
}

impl Load {
    /// Half of the clients use a connection as long as they may, half of them once.
    fn start(address: SocketAddr) -> Self {
        let (over, answered) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let clients = (0..6)
            .map(|number| {
                let (over, answered) = (Arc::clone(&over), Arc::clone(&answered));
                thread::spawn(move || {
                    let mut seen = BTreeSet::new();
                    let mut socket = None;
                    while !over.load(Ordering::SeqCst) {
                        let mut used = socket.take().unwrap_or_else(|| connect(address));
                        let (text, stays) = ask(&mut used);
                        seen.insert(text);
                        answered.fetch_add(1, Ordering::SeqCst);
                        socket = (stays && number % 2 == 0).then_some(used);
                    }
                    seen
                })
            })
            .collect();
        Self { over, answered, clients }
    }

    fn answered(&self) -> usize {
        self.answered.load(Ordering::SeqCst)
    }

    /// Waits for so many more answers.
    fn goes_on(&self, count: usize) {
        let before = self.answered();
        wait_until("requests are answered", || {
            let failed = self.clients.iter().any(JoinHandle::is_finished);
            assert!(!failed, "a request failed");
            self.answered() >= before + count
        });
    }

    /// The processes that answered; fails if any request did.
    fn end(self) -> BTreeSet<String> {
        self.over.store(true, Ordering::SeqCst);
        self.clients.into_iter().flat_map(|client| client.join().unwrap()).collect()
    }
}

fn connect(address: SocketAddr) -> TcpStream {
    let socket = TcpStream::connect(address).expect("a connection is never refused");
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket.set_nodelay(true).unwrap();
    socket
}

/// The text of an answer, and whether the connection stays.
fn ask(socket: &mut TcpStream) -> (String, bool) {
    socket.write_all(get("/process").as_bytes()).expect("a request is taken");
    let mut bytes = Vec::new();
    loop {
        let mut piece = [0; 1024];
        let n = socket.read(&mut piece).expect("a request is answered");
        assert!(n > 0, "the connection ended before the answer: {}", bytes.escape_ascii());
        bytes.extend_from_slice(&piece[..n]);
        if let Ok((answer, _)) = read_answer(&bytes, "GET", false) {
            assert_eq!(answer.status(), 200);
            let closes = answer.header("connection").is_some_and(|it| it == "close");
            return (answer.text().to_owned(), !closes);
        }
    }
}

fn reload() {
    for kind in KINDS {
        let mut server = Process::start(kind, 2, &[("STALL", "20000")]);
        let load = Load::start(server.address());
        load.goes_on(200);
        for round in 0..4 {
            let before = server.workers();
            server.set_version(&format!("version {round}"));
            if round == 3 {
                // A handler may ask for it, too.
                server.client().wire.get("/reload");
            } else {
                server.order(b'r');
            }
            wait_until("all are others", || {
                let now = server.workers();
                now.len() == 2 && now.is_disjoint(&before)
            });
            assert_eq!(server.client().wire.get("/version").text(), format!("version {round}"));
            load.goes_on(200);
        }
        // One that cannot be is none.
        let before = server.workers();
        server.set_version("panic");
        server.order(b'r');
        thread::sleep(Duration::from_millis(500));
        wait_until("the reload is abandoned", || server.workers() == before);
        load.goes_on(200);
        assert_eq!(server.client().wire.get("/version").text(), "version 3");
        let (count, seen) = (load.answered(), load.end());
        assert!(seen.len() >= 6, "{seen:?}");
        println!("{kind}: {count} requests, none failed, by {} processes", seen.len());
    }
}

fn recycle() {
    for kind in KINDS {
        let server = Process::start(kind, 2, &[("REQUESTS", "100")]);
        let load = Load::start(server.address());
        load.goes_on(200);
        // However many each answers until another one, which takes its time to begin, has its place.
        let mut workers = server.workers();
        wait_until("six have had a place", || {
            workers.extend(server.workers());
            workers.len() >= 6
        });
        load.goes_on(200);
        let (count, seen) = (load.answered(), load.end());
        println!("{kind}: {count} requests, none failed, by {} processes", seen.len());
        wait_until("there are two", || server.workers().len() == 2);
    }
}

fn grow_and_shrink() {
    let mut server = Process::start("threads", 2, &[]);
    let load = Load::start(server.address());
    for (orders, count) in [("++", 4), ("---", 1), ("-", 1), ("+", 2)] {
        orders.bytes().for_each(|order| server.order(order));
        wait_until("there are as many as there should", || server.workers().len() == count);
        load.goes_on(200);
    }
    load.end();
}
