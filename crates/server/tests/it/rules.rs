//! The sixteen rules of the engine, a test for each. Three are elsewhere: rule 4, that what hands loops
//! around is checked by a model checker, is the test binary `model`; rule 5, that an idle server wakes
//! never, wants a process of its own and is in `exhaustion`; rule 7, two system calls for a request, is
//! the scenario `calls` of the benchmarks, since only a tracer sees it.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

use pauper_message::{
    Body, BodySink, Driver, Error, Outbox, Plan, Request, Response, SendError, Service, Upgrade,
};
use pauper_server::ServerConfig;

use crate::support::{
    Endpoints, Gate, Mode, Wire, get, one_loop, post, serve_in, serve_with, wait_until,
};

/// Handlers below `/wait` wait at the gate.
fn waits(gate: &Gate) -> impl Service + Send + Sync + 'static + use<> {
    let gate = gate.clone();
    Endpoints(move |req: &mut Request| {
        if req.path().starts_with("/wait") {
            gate.pass();
        }
        Response::text(req.path().to_owned())
    })
}

#[test]
fn rule_01_a_connection_stays_and_only_its_request_travels() {
    let gate = Gate::default();
    let server = serve_with(one_loop(), waits(&gate));
    // One leaves while its request is away. Whoever takes its place gets nothing of that.
    let mut gone = Wire::connect(server.addr());
    gone.send(get("/wait/gone"));
    gate.wait_for(1);
    let _ = socket2::SockRef::from(&gone.socket).set_linger(Some(Duration::ZERO));
    drop(gone);
    let mut others: Vec<Wire> = (0..8).map(|_| Wire::connect(server.addr())).collect();
    for (number, other) in others.iter_mut().enumerate() {
        other.send(get(&format!("/wait/{number}")) + &get("/after"));
    }
    gate.wait_for(9);
    gate.open();
    for (number, other) in others.iter_mut().enumerate() {
        assert_eq!(other.answer().text(), format!("/wait/{number}"));
        assert_eq!(other.answer().text(), "/after");
    }
}

/// Where code of the user is called; each place waits at the gate once it is armed.
#[derive(Clone)]
struct Places {
    gate: Gate,
    armed: Arc<AtomicBool>,
}

impl Places {
    fn pass(&self) {
        if self.armed.swap(false, Ordering::SeqCst) {
            self.gate.pass();
        }
    }
}

/// Waits at the gate when it is dropped.
struct Dropped(Places);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.pass();
    }
}

struct Sink(Places, &'static str);

impl BodySink for Sink {
    fn write(&mut self, _: &[u8]) -> Result<(), Error> {
        if self.1 == "/sink" {
            self.0.pass();
        }
        Ok(())
    }

    fn finish(self: Box<Self>, _: &mut Request) -> Result<(), Error> {
        if self.1 == "/finish" {
            self.0.pass();
        }
        Ok(())
    }
}

struct Slow(Places);

impl Driver for Slow {
    fn feed(&mut self, bytes: &[u8], out: &mut Outbox) {
        self.0.pass();
        out.send(bytes.to_vec());
    }
}

impl Service for Places {
    fn begin(&self, req: &mut Request) -> Plan {
        match req.path() {
            "/begin" => self.pass(),
            "/sink" => return Plan::sink(Sink(self.clone(), "/sink")),
            "/finish" => return Plan::sink(Sink(self.clone(), "/finish")),
            _ => {}
        }
        Plan::buffer()
    }

    fn call(&self, req: &mut Request) -> Response {
        let places = self.clone();
        match req.path() {
            "/call" => self.pass(),
            "/extension" => {
                req.extensions_mut().insert(Dropped(places));
            }
            "/pieces" => {
                let pieces = std::iter::once_with(move || {
                    places.pass();
                    Ok("pieces")
                });
                return Response::body_of(Body::pieces(pieces, None));
            }
            "/dropped" => {
                let held = Dropped(places);
                let pieces = ["a", "b"].into_iter().map(move |piece| {
                    let _ = &held;
                    Ok(piece)
                });
                return Response::body_of(Body::pieces(pieces, None));
            }
            "/driver" => return Response::upgrade("slow", Upgrade::driver(Slow(places))),
            _ => {}
        }
        Response::text("done")
    }
}

#[test]
fn rule_02_everything_that_can_block_holds_up_nobody() {
    let places = Places { gate: Gate::default(), armed: Arc::default() };
    let in_log = places.clone();
    let config = one_loop().with_on_access(move |record| {
        if record.target == "/access" {
            in_log.pass();
        }
    });
    let server = serve_with(config, places.clone());
    for place in [
        "/begin",
        "/call",
        "/sink",
        "/finish",
        "/pieces",
        "/extension",
        "/dropped",
        "/access",
        "/driver",
    ] {
        let mut slow = Wire::connect(server.addr());
        let mut quick = Wire::connect(server.addr());
        assert_eq!(quick.get("/quick").text(), "done");
        if place == "/driver" {
            slow.send(
                "GET /driver HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: slow\r\n\r\n",
            );
            assert!(slow.head().starts_with("HTTP/1.1 101 "));
        }
        places.armed.store(true, Ordering::SeqCst);
        match place {
            "/driver" => slow.send("x"),
            "/sink" | "/finish" => slow.send(post(place, "body")),
            _ => slow.send(get(place)),
        }
        places.gate.wait_for(1);
        for _ in 0..10 {
            assert_eq!(quick.get("/quick").text(), "done", "{place}");
        }
        assert_eq!(places.gate.waiting(), 1, "{place}");
        places.gate.let_pass(1);
        match place {
            "/driver" => assert_eq!(slow.take(1), b"x"),
            "/pieces" => assert_eq!(slow.answer().text(), "pieces"),
            "/dropped" => assert_eq!(slow.answer().text(), "ab"),
            _ => assert_eq!(slow.answer().text(), "done", "{place}"),
        }
        wait_until("it is over", || places.gate.waiting() == 0);
    }
}

#[test]
fn rule_03_with_all_threads_held_the_server_goes_on() {
    let gate = Gate::default();
    let config = one_loop()
        .with_threads(4)
        .with_max_queue(2)
        .with_head_time(Duration::from_millis(100))
        .with_stop_time(Duration::from_millis(100));
    let server = serve_with(config, waits(&gate));
    let mut held = Vec::new();
    let refused = loop {
        let mut wire = Wire::connect(server.addr());
        wire.send(get(&format!("/wait{}", held.len())));
        wire.socket.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
        let mut first = [0; 12];
        if wire.socket.peek(&mut first).is_ok_and(|n| n == first.len()) {
            break wire.answer();
        }
        held.push(wire);
        assert!(held.len() < 100, "nobody is ever refused");
    };
    // New connections are accepted, and told.
    assert_eq!(refused.status(), 503);
    assert_eq!(refused.header("retry-after"), Some("1"));
    // Time limits hold.
    let mut slow = Wire::connect(server.addr());
    slow.send("GET / HT");
    assert_eq!(slow.answer().status(), 408);
    // It stops, and tells how many it had to leave.
    server.stop();
    let left = server.join().unwrap().left();
    // The one that was late may still linger.
    assert!((held.len()..=held.len() + 1).contains(&left), "{left} of {}", held.len());
    gate.open();
}

#[test]
fn rule_06_one_connection_has_its_share_of_a_turn() {
    const FLOOD: usize = 2000;
    let (gate, answered, at_quick) =
        (Gate::default(), Arc::<AtomicUsize>::default(), Arc::default());
    let (inner, count, seen) =
        (gate.clone(), Arc::clone(&answered), Arc::<AtomicUsize>::clone(&at_quick));
    let service = move |req: &mut Request| match req.path() {
        "/first" => inner.pass(),
        "/flood" => drop(count.fetch_add(1, Ordering::SeqCst)),
        _ => seen.store(count.load(Ordering::SeqCst), Ordering::SeqCst),
    };
    let server = serve_in(Mode::Single, one_loop(), service);
    let mut holds = Wire::connect(server.addr());
    let (mut flood, mut quick) = (Wire::connect(server.addr()), Wire::connect(server.addr()));
    holds.send(get("/first"));
    gate.wait_for(1);
    // Both are there when the loop looks around again.
    flood.send(get("/flood").repeat(FLOOD));
    quick.send(get("/quick"));
    gate.open();
    assert_eq!(quick.answer().status(), 204);
    let before = at_quick.load(Ordering::SeqCst);
    assert!(before < FLOOD / 4, "{before} requests of another connection came first");
    for _ in 0..FLOOD {
        assert_eq!(flood.answer().status(), 204);
    }
}

#[test]
fn rule_08_a_slow_handler_kills_no_innocent_client() {
    let gate = Gate::default();
    let inner = gate.clone();
    let service = move |req: &mut Request| {
        if req.path() == "/slow" {
            inner.pass();
        }
        "done"
    };
    let config = one_loop().with_head_time(Duration::from_millis(150));
    let server = serve_in(Mode::Single, config, service);
    let mut slow = Wire::connect(server.addr());
    let mut innocent = Wire::connect(server.addr());
    innocent.send("GET / HTTP/1.1\r\n");
    slow.send(get("/slow"));
    gate.wait_for(1);
    // In time, but nobody looks.
    innocent.send("Host: h\r\n\r\n");
    thread::sleep(Duration::from_millis(300));
    gate.open();
    assert_eq!(innocent.answer().status(), 200);
    assert_eq!(slow.answer().status(), 200);
}

#[test]
fn rule_09_connections_are_spread_over_the_loops() {
    let threads = Arc::new(Mutex::new(HashSet::<ThreadId>::new()));
    let seen = Arc::clone(&threads);
    let service = move |_: &mut Request| {
        seen.lock().unwrap().insert(thread::current().id());
        "done"
    };
    let server = serve_with(ServerConfig::new().with_loops(3), service);
    let mut all: Vec<Wire> = (0..60).map(|_| Wire::connect(server.addr())).collect();
    wait_until("three loops have some", || {
        all.iter_mut().for_each(|one| assert_eq!(one.get("/").text(), "done"));
        threads.lock().unwrap().len() >= 3
    });
}

#[test]
fn rule_10_handlers_that_compute_are_few_at_a_time() {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let (now, most) = (Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
    let (running, peak) = (Arc::clone(&now), Arc::clone(&most));
    let compute = Endpoints(move |req: &mut Request| {
        if req.path().starts_with("/compute") {
            peak.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            let start = Instant::now();
            let mut sum = 0_u64;
            while start.elapsed() < Duration::from_millis(5) {
                sum = std::hint::black_box(sum.wrapping_mul(31).wrapping_add(1));
            }
            running.fetch_sub(1, Ordering::SeqCst);
        }
        Response::text("done")
    });
    let server = serve_with(one_loop(), compute);
    let mut alone = Wire::connect(server.addr());
    // The engine learns what this endpoint does; it asks for some of the calls only.
    for _ in 0..40 {
        alone.get("/compute");
    }
    most.store(0, Ordering::SeqCst);
    let mut all: Vec<Wire> = (0..24).map(|_| Wire::connect(server.addr())).collect();
    for _ in 0..3 {
        all.iter_mut().for_each(|one| one.send(get("/compute")));
        all.iter_mut().for_each(|one| assert_eq!(one.answer().text(), "done"));
    }
    // One more on each loop, before it is known that this request is one of them.
    let most = most.load(Ordering::SeqCst);
    assert!(most <= 2 * cores + 1, "{most} at a time on {cores} processors");
}

#[test]
fn rule_11_a_full_channel_is_an_error_before_the_answer_and_waits_after() {
    let service = |_: &mut Request| {
        let (sender, body) = Body::channel(4);
        sender.send("four").unwrap();
        assert!(
            matches!(sender.send("more"), Err(SendError::Full)),
            "the handler would wait for itself"
        );
        thread::spawn(move || (0..100).for_each(|_| sender.send("more").unwrap()));
        Response::body_of(body)
    };
    for mode in crate::support::MODES {
        let server = serve_in(mode, one_loop(), service);
        let text = Wire::connect(server.addr()).get("/").text().to_owned();
        assert_eq!(text, "four".to_owned() + &"more".repeat(100));
    }
}

#[test]
fn rule_12_bodies_have_a_bound_in_all() {
    let config = one_loop().with_max_buffered(16 * 1024).with_body_in_memory(64 * 1024);
    let server = serve_with(config, |req: &mut Request| format!("{}", req.bytes().unwrap().len()));
    let mut first = Wire::connect(server.addr());
    let half = "x".repeat(20 * 1024);
    first.send(format!(
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: {}\r\n\r\n{half}",
        2 * half.len()
    ));
    let mut second = Wire::connect(server.addr());
    wait_until("new bodies are refused", || {
        let answer = second.get("/");
        assert_eq!(answer.text(), "0", "requests without bodies are not meant");
        second.send(post("/", "small"));
        let answer = second.answer();
        if answer.status() == 503 {
            assert!(answer.text().contains("max_buffered"), "{answer:?}");
            assert_eq!(answer.header("retry-after"), Some("1"));
        }
        answer.status() == 503
    });
    first.send(&half);
    assert_eq!(first.answer().text(), (2 * half.len()).to_string(), "whoever has begun goes on");
    assert_eq!(Wire::connect(server.addr()).get("/").text(), "0");
    let mut third = Wire::connect(server.addr());
    third.send(post("/", "small"));
    assert_eq!(third.answer().text(), "5", "there is room again");
}

struct Echo;

impl Driver for Echo {
    fn feed(&mut self, bytes: &[u8], out: &mut Outbox) {
        out.send(bytes.to_vec());
    }
}

#[test]
fn rule_13_upgraded_connections_that_are_driven_need_no_thread() {
    let service = |_: &mut Request| Response::upgrade("echo", Upgrade::driver(Echo));
    let server = serve_with(one_loop().with_threads(1).with_max_upgrades(0), service);
    let ask = "GET / HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n";
    let mut all: Vec<Wire> = (0..100).map(|_| Wire::connect(server.addr())).collect();
    for one in &mut all {
        one.send(ask);
        assert!(one.head().starts_with("HTTP/1.1 101 "));
    }
    for (number, one) in all.iter_mut().enumerate() {
        let text = format!("message {number}");
        one.send(&text);
        assert_eq!(one.take(text.len()), text.as_bytes());
    }
}

#[test]
fn rule_14_a_panic_costs_one_answer() {
    let service = |req: &mut Request| match req.path() {
        "/before" => panic!("as asked"),
        _ => Response::text("fine"),
    };
    for mode in crate::support::MODES {
        let server = serve_in(mode, one_loop(), service);
        let mut other = Wire::connect(server.addr());
        for _ in 0..20 {
            let mut one = Wire::connect(server.addr());
            let answer = one.get("/before");
            assert_eq!((answer.status(), answer.header("connection")), (500, Some("close")));
            assert_eq!(other.get("/").text(), "fine");
        }
    }
}

#[test]
fn rule_15_a_stop_closes_the_idle_finishes_the_rest_and_counts_whom_it_left() {
    let gate = Gate::default();
    let config = one_loop().with_stop_time(Duration::from_millis(300));
    let server = serve_with(config, waits(&gate));
    let mut idle = Wire::connect(server.addr());
    assert_eq!(idle.get("/").status(), 200);
    let mut finishes = Wire::connect(server.addr());
    finishes.send(get("/wait/short"));
    let mut stays = Wire::connect(server.addr());
    stays.send(get("/wait/long"));
    gate.wait_for(2);
    let address = server.addr();
    server.stop();
    idle.assert_closed();
    wait_until("nobody is accepted", || std::net::TcpStream::connect(address).is_err());
    gate.let_pass(1);
    let left = server.join().unwrap().left();
    assert_eq!(left, 1);
    gate.open();
}

#[test]
fn rule_16_a_handler_may_ask_its_own_server() {
    let address = Arc::new(Mutex::new(None));
    let own = Arc::clone(&address);
    let service = Endpoints(move |req: &mut Request| {
        if req.path() != "/outer" {
            return Response::text("inner");
        }
        let address = own.lock().unwrap().expect("it was set");
        Response::text(format!("outer of {}", Wire::connect(address).get("/inner").text()))
    });
    let server = serve_with(one_loop(), service);
    *address.lock().unwrap() = Some(server.addr());
    let mut client = Wire::connect(server.addr());
    for _ in 0..5 {
        assert_eq!(client.get("/outer").text(), "outer of inner");
    }
}
