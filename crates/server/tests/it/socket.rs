//! Over real sockets: what the loop does with exchanges.

use std::io::{ErrorKind, Read, Write};
use std::net::Shutdown;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use pauper_message::{Body, Request, Response};
use pauper_server::ServerConfig;
use pauper_server::test::read_answer;

use crate::support::{Counted, Wire, get, long_bytes, post, serve, serve_with, wait_until};

const MS: Duration = Duration::from_millis(1);

#[test]
fn requests_follow_each_other_on_one_connection() {
    let service = Counted::default();
    let server = serve(service.clone());
    let mut client = Wire::connect(server.addr());
    for _ in 0..100 {
        assert_eq!(client.get("/").text(), "none");
        client.send(post("/", "body"));
        assert_eq!(client.answer().text(), "body");
    }
    assert_eq!(service.calls(), 200);
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let server = serve(|req: &mut Request| req.path().to_owned());
    let mut client = Wire::connect(server.addr());
    client.send((0..500).map(|i| get(&format!("/{i}"))).collect::<String>());
    for i in 0..500 {
        assert_eq!(client.answer().text(), format!("/{i}"));
    }
}

#[test]
fn a_request_byte_by_byte_beside_one_that_is_quick() {
    let server = serve(|req: &mut Request| req.bytes().map(<[u8]>::to_vec));
    let mut slow = Wire::connect(server.addr());
    let mut quick = Wire::connect(server.addr());
    for byte in post("/", "slow body").bytes() {
        slow.send([byte]);
        assert_eq!(quick.get("/").status(), 200);
    }
    assert_eq!(slow.answer().text(), "slow body");
}

#[test]
fn the_peer_is_the_other_end() {
    let server = serve(|req: &mut Request| format!("{} {}", req.peer(), req.peer().local.unwrap()));
    let mut client = Wire::connect(server.addr());
    let own = client.socket.local_addr().unwrap();
    assert_eq!(client.get("/").text(), format!("{own} {}", server.addr()));
}

#[test]
fn long_bodies_go_both_ways_whole() {
    const LEN: usize = 5_000_003;
    let server = serve(|req: &mut Request| {
        assert!(req.body().as_file().is_some(), "too long for memory");
        let bytes = req.bytes().unwrap().to_vec();
        let len = bytes.len();
        match req.path() {
            "/list" => Body::from(bytes),
            "/pieces" => {
                let pieces: Vec<_> = bytes.chunks(70_000).map(|piece| Ok(piece.to_vec())).collect();
                Body::pieces(pieces, None)
            }
            _ => {
                let mut file = tempfile::tempfile().unwrap();
                file.write_all(&bytes).unwrap();
                Body::file(file, 1, len as u64 - 1)
            }
        }
    });
    let bytes = long_bytes(LEN);
    let mut client = Wire::connect(server.addr());
    for (target, from) in [("/list", 0), ("/pieces", 0), ("/file", 1)] {
        client.send(format!("POST {target} HTTP/1.1\r\nHost: h\r\nContent-Length: {LEN}\r\n\r\n"));
        client.send(&bytes);
        // The server runs into a full socket before anything is read.
        std::thread::sleep(20 * MS);
        assert!(client.answer().body() == &bytes[from..], "{target}");
    }
}

#[test]
fn unread_answers_stop_the_reading() {
    const ANSWER: usize = 1024 * 1024;
    const REQUESTS: usize = 100;
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let server = serve(move |_: &mut Request| {
        counted.fetch_add(1, Ordering::SeqCst);
        vec![b'x'; ANSWER]
    });
    let mut client = Wire::connect(server.addr());
    client.send(get("/").repeat(REQUESTS));
    let mut other = Wire::connect(server.addr());
    wait_until("the first answers", || calls.load(Ordering::SeqCst) > 1);
    for _ in 0..50 {
        other.get("/");
    }
    let unread = calls.load(Ordering::SeqCst) - 50;
    assert!(unread < REQUESTS / 2, "{unread} answers were made that nobody takes");
    for _ in 0..REQUESTS {
        assert_eq!(client.answer().body().len(), ANSWER);
    }
}

#[test]
fn a_413_can_be_read_by_a_client_that_is_still_sending() {
    let config = ServerConfig::new().with_max_body(1000);
    let server = serve_with(config, Counted::default());
    for framing in ["Content-Length: 10000000", "Transfer-Encoding: chunked"] {
        let mut client = Wire::connect(server.addr());
        client.send(format!("POST / HTTP/1.1\r\nHost: h\r\n{framing}\r\n\r\n"));
        if framing.starts_with('T') {
            client.send("989680\r\n");
        }
        // Reads nothing before it has sent all.
        for _ in 0..100 {
            client.send([b'x'; 100_000]);
        }
        let answer = client.answer();
        assert_eq!(answer.status(), 413, "{framing}");
        assert!(answer.text().contains("max_body"), "{answer:?}");
        client.socket.shutdown(Shutdown::Write).unwrap();
        client.assert_closed();
    }
}

#[test]
fn the_lingering_ends_by_itself() {
    let config = ServerConfig::new().with_linger(100 * MS, 1 << 20);
    let server = serve_with(config, Counted::default());
    let mut client = Wire::connect(server.addr());
    client.send("nonsense\n");
    assert_eq!(client.answer().status(), 400);
    let start = Instant::now();
    // The writing fails some time after the server gave up on us.
    wait_until("the end", || client.socket.write_all(b"more").is_err());
    assert!(start.elapsed() >= 80 * MS, "{:?}", start.elapsed());
}

#[test]
fn a_slow_head_is_408_and_an_idle_connection_closed() {
    let config = || ServerConfig::new().with_head_time(100 * MS).with_idle_time(150 * MS);
    let service = Counted::default();
    let server = serve_with(config(), service.clone());
    let start = Instant::now();
    let mut silent = Wire::connect(server.addr());
    let mut slow = Wire::connect(server.addr());
    let mut idle = Wire::connect(server.addr());
    assert_eq!(idle.get("/").status(), 200);
    slow.send("GET / HTTP/1.1\r\n");
    let answer = slow.answer();
    assert_eq!(answer.status(), 408);
    assert!(answer.text().contains("head_time"), "{answer:?}");
    silent.assert_closed();
    assert!(start.elapsed() >= 100 * MS, "{:?}", start.elapsed());
    idle.assert_closed();
    assert!(start.elapsed() >= 150 * MS, "{:?}", start.elapsed());
    assert_eq!(service.calls(), 1);
}

#[test]
fn a_client_that_takes_nothing_is_cut() {
    let (over, is_over) = mpsc::channel();
    let config = ServerConfig::new()
        .with_write_stall(100 * MS)
        .with_on_access(move |record| over.send(record.complete).unwrap());
    let server = serve_with(config, |_: &mut Request| vec![b'x'; 50_000_000]);
    let mut client = Wire::connect(server.addr());
    client.send(get("/"));
    assert!(!is_over.recv_timeout(crate::support::PATIENCE).unwrap(), "it was never taken");
    let got = client.rest().len();
    assert!(got < 50_000_000, "{got} bytes came all the same");
}

#[test]
fn a_slow_handler_costs_no_innocent_client_its_time() {
    let (begun, is_begun) = mpsc::channel();
    let config = ServerConfig::new().with_head_time(150 * MS);
    let server = serve_with(config, move |req: &mut Request| {
        if req.path() == "/slow" {
            begun.send(()).unwrap();
            std::thread::sleep(400 * MS);
        }
        "fine"
    });
    let mut innocent = Wire::connect(server.addr());
    let mut slow = Wire::connect(server.addr());
    assert_eq!(innocent.get("/").status(), 200);
    innocent.send("GET / HTTP/1.1\r\n");
    slow.send(get("/slow"));
    is_begun.recv_timeout(crate::support::PATIENCE).unwrap();
    innocent.send("Host: h\r\n\r\n");
    assert_eq!(innocent.answer().status(), 200);
    assert_eq!(slow.answer().status(), 200);
}

#[test]
fn a_panic_costs_one_connection() {
    let server = serve(|req: &mut Request| {
        assert!(req.path() != "/panic", "as asked");
        "fine"
    });
    let mut other = Wire::connect(server.addr());
    for _ in 0..3 {
        let mut client = Wire::connect(server.addr());
        assert_eq!(client.get("/panic").status(), 500);
        client.assert_closed();
        assert_eq!(other.get("/").text(), "fine");
    }
}

#[test]
fn a_body_that_breaks_off_is_a_reset_for_old_clients() {
    let server = serve(|_: &mut Request| {
        let fails = [Ok("begun"), Err(std::io::Error::other("disk"))];
        Response::body_of(Body::pieces(fails, None))
    });
    let mut client = Wire::connect(server.addr());
    client.send("GET / HTTP/1.0\r\n\r\n");
    let error = loop {
        match client.socket.read(&mut [0; 1000]) {
            Ok(0) => panic!("an orderly end looks like the end of the body"),
            Ok(_) => {}
            Err(error) => break error,
        }
    };
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
}

/// waitress CVE-2022-31015: clients that leave at any stage harm nobody.
#[test]
fn clients_may_leave_at_any_stage() {
    let config = ServerConfig::new().with_linger(50 * MS, 1 << 20);
    let server = serve_with(config, |_: &mut Request| vec![b'x'; 3_000_000]);
    let message = post("/", "hello");
    for reset in [false, true] {
        for sent in (0..message.len()).step_by(7).chain([message.len()]) {
            let mut client = Wire::connect(server.addr());
            client.send(&message[..sent]);
            if sent == message.len() {
                client.socket.read_exact(&mut [0; 1000]).unwrap();
            }
            if reset {
                let socket = socket2::SockRef::from(&client.socket);
                socket.set_linger(Some(Duration::ZERO)).unwrap();
            }
        }
    }
    let mut client = Wire::connect(server.addr());
    assert_eq!(client.get("/").body().len(), 3_000_000);
}

#[test]
fn a_half_closed_client_is_answered() {
    let server = serve(Counted::default());
    for _ in 0..50 {
        let mut client = Wire::connect(server.addr());
        client.send(post("/", "whole"));
        client.socket.shutdown(Shutdown::Write).unwrap();
        assert_eq!(client.answer().text(), "whole");
        client.assert_closed();
    }
}

#[test]
fn more_connections_than_allowed_wait_for_their_turn() {
    let service = Counted::default();
    let config = ServerConfig::new().with_max_connections(2);
    let server = serve_with(config, service.clone());
    let mut first = Wire::connect(server.addr());
    let mut second = Wire::connect(server.addr());
    assert_eq!((first.get("/").status(), second.get("/").status()), (200, 200));
    let mut third = Wire::connect(server.addr());
    third.send(get("/"));
    // It is not accepted while the others are there, however often the loop turns.
    for _ in 0..50 {
        first.get("/");
    }
    assert_eq!(service.calls(), 52);
    drop(second);
    assert_eq!(third.answer().status(), 200);
}

#[test]
fn many_connections_come_and_go() {
    let server = serve(Counted::default());
    for _ in 0..20 {
        let mut all: Vec<Wire> = (0..50).map(|_| Wire::connect(server.addr())).collect();
        for client in &mut all {
            client.send("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
        }
        for client in &mut all {
            let bytes = client.rest();
            let (answer, len) = read_answer(&bytes, "GET", true).unwrap();
            assert_eq!((answer.status(), len), (200, bytes.len()));
        }
    }
}

/// axum#2741: clients that dribble their heads do not slow the others.
#[test]
fn dribbling_clients_slow_nobody() {
    let server = serve(Counted::default());
    let mut slow: Vec<Wire> = (0..200).map(|_| Wire::connect(server.addr())).collect();
    let mut quick = Wire::connect(server.addr());
    for byte in b"GET / HTTP/1.1" {
        for client in &mut slow {
            client.send([*byte]);
        }
        let start = Instant::now();
        assert_eq!(quick.get("/").status(), 200);
        assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
    }
}
