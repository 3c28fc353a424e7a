//! Many clients that misbehave, over sockets: the others are served, memory and descriptors have
//! bounds, and when they are gone nothing of them is left.

use std::io::{ErrorKind, Read, Write};
use std::net::Shutdown;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use pauper_message::{Request, Response, ServerSnapshot, Upgrade};
use pauper_server::{Handle, ServerConfig};

use crate::support::{
    Endpoints, Gate, MODES, Mode, PATIENCE, Wire, get, long_bytes, one_loop, post, serve_in,
    wait_until,
};

const MS: Duration = Duration::from_millis(1);

/// The counters; all zero until the thread of the server has begun.
fn now(server: &Handle) -> ServerSnapshot {
    server.control().info().map(|info| info.snapshot()).unwrap_or_default()
}

/// Waits until nobody is connected and nothing is kept of those who were.
#[track_caller]
fn assert_nothing_is_left(server: &Handle) {
    let left = |now: &ServerSnapshot| {
        [now.connections(), now.buffered, now.queued, now.threads_busy.saturating_sub(now.loops)]
    };
    let start = Instant::now();
    while left(&now(server)) != [0; 4] {
        assert!(start.elapsed() < PATIENCE, "something is left: {:?}", now(server));
        thread::sleep(5 * MS);
    }
}

/// axum#2741, lws#2154: each byte comes in time and the whole does not. Others are served meanwhile,
/// and the head's deadline ends them all.
#[test]
fn a_thousand_dribbling_clients_slow_nobody_and_end_at_their_deadline() {
    for mode in MODES {
        let config = one_loop().with_head_time(1500 * MS);
        let server = serve_in(mode, config, |_: &mut Request| "fine");
        let mut slow: Vec<Wire> = (0..1000).map(|_| Wire::connect(server.addr())).collect();
        let mut quick = Wire::connect(server.addr());
        for byte in b"GET" {
            for client in &mut slow {
                // Who was early may be over already.
                let _ = client.socket.write_all(&[*byte]);
            }
            for _ in 0..50 {
                assert_eq!(quick.get("/").text(), "fine");
            }
        }
        for client in &mut slow {
            let bytes = client.rest();
            assert!(bytes.starts_with(b"HTTP/1.1 408 "), "{}", bytes.escape_ascii());
        }
        drop((slow, quick));
        assert_nothing_is_left(&server);
    }
}

#[test]
fn readers_that_stop_reading_hold_up_nobody_and_are_cut() {
    for mode in MODES {
        let large: Arc<[u8]> = long_bytes(16 << 20).into();
        let config = one_loop().with_write_stall(700 * MS).with_linger(50 * MS, 1 << 16);
        let body = Arc::clone(&large);
        let server = serve_in(
            mode,
            config,
            Endpoints(move |req: &mut Request| match req.path() {
                "/large" => Response::bytes(body.to_vec()),
                _ => Response::text("fine"),
            }),
        );
        let mut slow: Vec<Wire> = (0..20).map(|_| Wire::connect(server.addr())).collect();
        slow.iter_mut().for_each(|client| client.send(get("/large")));
        let mut quick = Wire::connect(server.addr());
        for _ in 0..100 {
            assert_eq!(quick.get("/quick").text(), "fine");
        }
        // One of them reads on, and gets all of it.
        assert!(slow[0].answer().body() == &large[..]);
        drop(quick);
        wait_until("those who do not read are cut", || now(&server).connections() <= 1);
        drop(slow);
        assert_nothing_is_left(&server);
    }
}

#[test]
fn resets_while_all_threads_are_busy_leave_nothing() {
    let config = one_loop().with_threads(4).with_linger(20 * MS, 1 << 16);
    let server = serve_in(
        Mode::Threading,
        config,
        Endpoints(|req: &mut Request| {
            if req.path() == "/slow" {
                thread::sleep(3 * MS);
            }
            Response::bytes(long_bytes(100_000))
        }),
    );
    let message = [get("/slow"), post("/slow", "12345"), get("/quick")].concat();
    let mut dice: u64 = 42;
    for _ in 0..30 {
        let mut clients: Vec<Wire> = (0..20).map(|_| Wire::connect(server.addr())).collect();
        for client in &mut clients {
            dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let sent = (dice >> 33) as usize % (message.len() + 1);
            let _ = client.socket.write_all(&message.as_bytes()[..sent]);
        }
        for (number, mut client) in clients.into_iter().enumerate() {
            match number % 4 {
                0 => client.reset(),
                1 => drop(client.socket.shutdown(Shutdown::Write)),
                2 => {
                    client.socket.set_read_timeout(Some(MS)).unwrap();
                    let _ = client.socket.read(&mut [0; 100]);
                    client.reset();
                }
                _ => {}
            }
        }
    }
    let mut client = Wire::connect(server.addr());
    assert_eq!(client.get("/slow").body().len(), 100_000);
    drop(client);
    assert_nothing_is_left(&server);
}

#[test]
fn a_body_that_never_comes_is_408() {
    for mode in MODES {
        let config = one_loop().with_body_rate(300 * MS, 1000);
        let server = serve_in(mode, config, |_: &mut Request| "fine");
        let mut waiting: Vec<Wire> = (0..100).map(|_| Wire::connect(server.addr())).collect();
        for client in &mut waiting {
            client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n");
        }
        assert_eq!(Wire::connect(server.addr()).get("/").text(), "fine");
        for client in &mut waiting {
            let bytes = client.rest();
            assert!(bytes.starts_with(b"HTTP/1.1 408 "), "{}", bytes.escape_ascii());
        }
        drop(waiting);
        assert_nothing_is_left(&server);
    }
}

#[test]
fn a_chunked_body_without_end_is_413_and_the_end() {
    const MOST: u64 = 1 << 20;
    for mode in MODES {
        let config = one_loop().with_max_body(MOST).with_linger(300 * MS, 1 << 20);
        let server = serve_in(mode, config, |_: &mut Request| "fine");
        let mut client = Wire::connect(server.addr());
        client.send("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
        let mut socket = client.socket.try_clone().unwrap();
        let sender = thread::spawn(move || {
            let chunk = [b"4000\r\n".to_vec(), vec![b'x'; 0x4000], b"\r\n".to_vec()].concat();
            let mut sent = 0u64;
            // Nobody reads for ever: what the server does not take fills the system's buffers, and
            // then there is no connection any more.
            while socket.write_all(&chunk).is_ok() {
                sent += 0x4000;
                assert!(sent < 100 * MOST, "somebody reads on and on");
            }
        });
        let answer = client.answer_to("POST");
        assert_eq!(answer.status(), 413);
        assert!(answer.text().contains("max_body"), "{}", answer.text());
        sender.join().unwrap();
        assert_eq!(Wire::connect(server.addr()).get("/").text(), "fine");
        drop(client);
        assert_nothing_is_left(&server);
    }
}

#[test]
fn clients_that_vanish_during_their_handler_leave_nothing() {
    let gate = Gate::default();
    let waits = gate.clone();
    let server = serve_in(
        Mode::Threading,
        one_loop(),
        Endpoints(move |req: &mut Request| {
            if req.path() == "/gate" {
                waits.pass();
            }
            Response::bytes(vec![b'x'; 500_000])
        }),
    );
    let mut all: Vec<Wire> = (0..30).map(|_| Wire::connect(server.addr())).collect();
    all.iter_mut().for_each(|client| client.send(get("/gate")));
    gate.wait_for(30);
    for (number, client) in all.into_iter().enumerate() {
        if number % 2 == 0 {
            client.reset();
        }
    }
    assert_eq!(Wire::connect(server.addr()).get("/quick").body().len(), 500_000);
    gate.open();
    assert_nothing_is_left(&server);
}

#[test]
fn each_state_of_a_connection_is_counted() {
    let gate = Gate::default();
    let waits = gate.clone();
    let server = serve_in(
        Mode::Threading,
        one_loop(),
        Endpoints(move |req: &mut Request| match req.path() {
            "/gate" => {
                waits.pass();
                Response::text("late")
            }
            "/large" => Response::bytes(vec![b'x'; 64 << 20]),
            "/up" => Response::upgrade("echo", Upgrade::driver(Silent)),
            _ => Response::text("fine"),
        }),
    );
    let connect = || Wire::connect(server.addr());
    let (idle, mut reading, mut working) = (connect(), connect(), connect());
    let (mut writing, mut upgraded) = (connect(), connect());
    reading.send("GET / HT");
    working.send(get("/gate"));
    writing.send(get("/large"));
    upgraded.send("GET /up HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n");
    wait_until("one is in each state", || {
        let now = now(&server);
        [now.idle, now.reading, now.working, now.writing, now.upgraded] == [1; 5]
    });
    let seen = now(&server);
    assert_eq!((seen.accepted, seen.requests, seen.connections()), (5, 2, 5));
    gate.open();
    assert_eq!(working.answer().text(), "late");
    wait_until("it is idle again", || (now(&server).idle, now(&server).working) == (2, 0));
    drop((idle, reading, working, writing, upgraded));
    assert_nothing_is_left(&server);
}

/// A driver that says nothing and never ends.
struct Silent;

impl pauper_message::Driver for Silent {
    fn feed(&mut self, _: &[u8], _: &mut pauper_message::Outbox) {}
}

#[test]
fn bytes_responses_and_handler_times_are_counted() {
    for mode in MODES {
        let server = serve_in(
            mode,
            one_loop(),
            Endpoints(|req: &mut Request| match req.path() {
                "/slow" => {
                    thread::sleep(20 * MS);
                    Response::text("slow")
                }
                "/teapot" => Response::new(http::StatusCode::IM_A_TEAPOT),
                _ => Response::text("fine"),
            }),
        );
        let mut client = Wire::connect(server.addr());
        let sent = [get("/"), get("/teapot"), post("/slow", "body")].concat();
        client.send(&sent);
        client.socket.shutdown(Shutdown::Write).unwrap();
        let got = client.rest();
        wait_until("the connection is over", || now(&server).connections() == 0);
        let seen = now(&server);
        assert_eq!((seen.bytes_in, seen.bytes_out), (sent.len() as u64, got.len() as u64));
        assert_eq!(seen.responses, [0, 2, 0, 1, 0], "{mode:?}");
        assert_eq!(seen.handler_times.iter().sum::<u64>(), 3);
        // 20 ms are between 2^14 and 2^15 microseconds, if the machine is in no hurry more.
        assert_eq!(seen.handler_times[15..].iter().sum::<u64>(), 1, "{:?}", seen.handler_times);
        assert!(seen.handler_micros >= 20_000);
        assert!(seen.handler_time(1.0) > Some(20 * MS) && seen.handler_time(0.3) < Some(20 * MS));
    }
}

/// A connection that was told to go away may be noticed in several ways.
fn is_over(error: ErrorKind) -> bool {
    matches!(error, ErrorKind::ConnectionReset | ErrorKind::BrokenPipe)
}

/// A hundred requests are sent before an answer is read: what is not read is not kept without bound,
/// and nothing is lost.
#[test]
fn a_hundred_pipelined_requests_whose_answers_nobody_reads_stop_the_reading() {
    for mode in MODES {
        let server =
            serve_in(mode, one_loop(), |_: &mut Request| Response::bytes(vec![b'x'; 1 << 20]));
        let mut client = Wire::connect(server.addr());
        client.send(get("/").repeat(100));
        wait_until("it writes", || now(&server).writing == 1);
        thread::sleep(50 * MS);
        let begun = now(&server).requests;
        assert!(begun < 20, "{begun} of 100 requests were answered into memory");
        for _ in 0..100 {
            assert_eq!(client.answer().body().len(), 1 << 20);
        }
        // More than that, and then a reset in the middle.
        client.send(get("/").repeat(100));
        let mut piece = [0; 1000];
        if let Err(error) = client.socket.read(&mut piece) {
            assert!(is_over(error.kind()), "{error}");
        }
        client.reset();
        assert_nothing_is_left(&server);
    }
}

/// What is there by default has to be enough for ordinary use and safe on the open internet.
#[test]
fn a_slow_client_within_the_defaults_is_served() {
    let server = serve_in(Mode::Threading, ServerConfig::new(), |req: &mut Request| {
        req.bytes().unwrap().to_vec()
    });
    let mut client = Wire::connect(server.addr());
    for byte in post("/", "slow").bytes() {
        client.send([byte]);
        thread::sleep(2 * MS);
    }
    assert_eq!(client.answer().text(), "slow");
}
