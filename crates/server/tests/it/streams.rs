//! Handlers that read their bodies while they arrive.

use std::io::Read;
use std::net::Shutdown;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use pauper_message::{Error, Plan, Request, RequestBody, Response, Service};
use pauper_server::ServerConfig;

use crate::support::{
    Gate, MODES, Mode, Wire, get, long_bytes, one_loop, post, serve_in, serve_with, wait_until,
};

const MS: Duration = Duration::from_millis(1);

/// Calls a handler while its body arrives, but for one path.
struct Streams<F>(F);

impl<F: Fn(&mut Request) -> Result<Response, Error>> Service for Streams<F> {
    fn begin(&self, req: &mut Request) -> Plan {
        if req.path() == "/quick" { Plan::buffer() } else { Plan::stream() }
    }

    fn call(&self, req: &mut Request) -> Response {
        if req.path() == "/quick" {
            return Response::text(format!("quick {}", req.bytes().unwrap().len()));
        }
        (self.0)(req).unwrap_or_else(Response::failed)
    }
}

/// Answers with the lengths of the chunks.
fn chunks() -> Streams<impl Fn(&mut Request) -> Result<Response, Error> + Send + Sync + 'static> {
    Streams(|req: &mut Request| {
        let mut all = Vec::new();
        while let Some(chunk) = req.stream().next_chunk()? {
            all.push(String::from_utf8(chunk).unwrap());
        }
        Ok(Response::text(all.join("|")))
    })
}

const CHUNKED: &str = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";

#[test]
fn chunks_come_as_the_client_cut_them_however_they_travel() {
    for mode in MODES {
        let server = serve_in(mode, one_loop(), chunks());
        let mut client = Wire::connect(server.addr());
        let body = "1\r\na\r\n3\r\nbcd\r\n2;x=y\r\nef\r\n0\r\n\r\n";
        client.send(format!("{CHUNKED}{body}"));
        assert_eq!(client.answer().text(), "a|bcd|ef");
        // Byte by byte, with the next request behind it.
        for byte in format!("{CHUNKED}{body}").bytes() {
            client.send([byte]);
        }
        client.send(post("/quick", "12345"));
        assert_eq!(client.answer().text(), "a|bcd|ef", "{mode:?}");
        assert_eq!(client.answer().text(), "quick 5", "{mode:?}");
        client.send(format!("{CHUNKED}0\r\n\r\n"));
        assert_eq!(client.answer().text(), "");
        client.send(get("/"));
        assert_eq!(client.answer().text(), "", "no body at all");
    }
}

/// A handler answers to what came so far, before the client sends more.
#[test]
fn a_handler_sees_each_chunk_before_the_next_is_sent() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let notes = Arc::clone(&seen);
    let server = serve_with(
        one_loop(),
        Streams(move |req: &mut Request| {
            while let Some(chunk) = req.stream().next_chunk()? {
                notes.lock().unwrap().push(chunk.len());
            }
            Ok(Response::text("done"))
        }),
    );
    let mut client = Wire::connect(server.addr());
    client.send(CHUNKED);
    let mut quick = Wire::connect(server.addr());
    for count in 1..=5 {
        client.send("3\r\nabc\r\n");
        wait_until("the chunk is there", || seen.lock().unwrap().len() == count);
        assert_eq!(quick.get("/quick").text(), "quick 0", "a stream holds up nobody");
    }
    client.send("0\r\n\r\n");
    assert_eq!(client.answer().text(), "done");
}

#[test]
fn long_bodies_arrive_whole_at_the_pace_of_the_handler() {
    const LEN: usize = 30_000_000;
    let gate = Gate::default();
    let waits = gate.clone();
    let server = serve_with(
        one_loop(),
        Streams(move |req: &mut Request| {
            waits.pass();
            let mut sum = 0_u64;
            let mut piece = vec![0; 100_000];
            loop {
                let n = req.stream().read(&mut piece)?;
                if n == 0 {
                    return Ok(Response::text(sum.to_string()));
                }
                sum += piece[..n].iter().map(|byte| u64::from(*byte)).sum::<u64>();
            }
        }),
    );
    let bytes = long_bytes(LEN);
    let sum = bytes.iter().map(|byte| u64::from(*byte)).sum::<u64>();
    let mut client = Wire::connect(server.addr());
    client.send(format!("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: {LEN}\r\n\r\n"));
    gate.wait_for(1);
    // Nobody reads, so the client cannot send all of it.
    let sent = client.send_until_full(&bytes);
    assert!(sent < LEN, "somebody took it all");
    gate.open();
    client.send(&bytes[sent..]);
    assert_eq!(client.answer().text(), sum.to_string());
    assert_eq!(client.get("/quick").status(), 200);
}

#[test]
fn a_slow_sender_is_408() {
    for mode in MODES {
        let config = one_loop().with_body_rate(150 * MS, 1000);
        let server = serve_in(mode, config, chunks());
        let mut client = Wire::connect(server.addr());
        client.send(format!("{CHUNKED}3\r\nabc\r\n"));
        let answer = client.answer();
        assert_eq!(answer.status(), 408, "{mode:?}");
        assert!(answer.text().contains("body_rate"), "{answer:?}");
    }
}

#[test]
fn a_body_that_is_too_long_is_413() {
    let config = one_loop().with_max_sink_body(1000);
    let server = serve_with(config, chunks());
    let mut client = Wire::connect(server.addr());
    client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1001\r\n\r\n");
    let answer = client.answer();
    assert_eq!(answer.status(), 413, "by its length alone");
    assert!(answer.text().contains("max_sink_body"), "{answer:?}");
    let mut client = Wire::connect(server.addr());
    client.send(CHUNKED);
    client.send(format!("384\r\n{}\r\n", "x".repeat(900)).repeat(2));
    let answer = client.answer();
    assert_eq!(answer.status(), 413);
    assert!(answer.text().contains("max_sink_body"), "{answer:?}");
}

#[test]
fn broken_chunks_are_400_and_the_end() {
    for mode in MODES {
        let server = serve_in(mode, one_loop(), chunks());
        for body in ["x\r\n", "3\r\nabcd\r\n", "-1\r\n", "2\nab\n"] {
            let mut client = Wire::connect(server.addr());
            client.send(format!("{CHUNKED}1\r\na\r\n{body}"));
            assert_eq!(client.answer().status(), 400, "{mode:?} {body:?}");
            client.socket.shutdown(Shutdown::Write).unwrap();
            client.assert_closed();
        }
    }
}

#[test]
fn a_handler_may_ignore_its_body() {
    let mode = Mode::Threading;
    let server =
        serve_in(mode, one_loop(), Streams(|_: &mut Request| Ok(Response::text("ignored"))));
    let mut client = Wire::connect(server.addr());
    // What is short is dropped, and the connection goes on.
    client.send(post("/", "some bytes") + &get("/quick"));
    assert_eq!(client.answer().text(), "ignored");
    assert_eq!(client.answer().text(), "quick 0", "{mode:?}");
    client.send(format!("{CHUNKED}3\r\nabc\r\n"));
    assert_eq!(client.answer().text(), "ignored");
    client.send("0\r\n\r\n".to_owned() + &get("/quick"));
    assert_eq!(client.answer().text(), "quick 0", "{mode:?}");
    // What is long ends it, and the answer can be read.
    client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10000000\r\n\r\n");
    let answer = client.answer();
    assert_eq!((answer.text(), answer.header("connection")), ("ignored", Some("close")));
}

#[test]
fn a_handler_may_read_a_part() {
    let server = serve_with(
        one_loop(),
        Streams(|req: &mut Request| {
            let mut three = [0; 3];
            req.stream().read_exact(&mut three)?;
            Ok(Response::text(String::from_utf8_lossy(&three).into_owned()))
        }),
    );
    let mut client = Wire::connect(server.addr());
    for _ in 0..3 {
        client.send(post("/", "abcdefgh") + &get("/quick"));
        assert_eq!(client.answer().text(), "abc");
        assert_eq!(client.answer().text(), "quick 0");
    }
}

/// A handler that takes the body away keeps the connection with it: the connection is closed, and
/// nobody else harmed.
#[test]
fn a_handler_may_keep_its_body() {
    for mode in MODES {
        let kept: Arc<Mutex<Vec<RequestBody>>> = Arc::default();
        let keeps = Arc::clone(&kept);
        let server = serve_in(
            mode,
            one_loop(),
            Streams(move |req: &mut Request| {
                let body = req.take_body();
                let mut kept = keeps.lock().unwrap();
                kept.clear();
                kept.push(body);
                Ok(Response::text("kept"))
            }),
        );
        for _ in 0..3 {
            let mut client = Wire::connect(server.addr());
            client.send(post("/", "abcdefgh"));
            match mode {
                // It was whole before.
                Mode::Single => assert_eq!(client.answer().text(), "kept"),
                Mode::Threading => {
                    wait_until("it has the body", || kept.lock().unwrap().pop().is_some());
                    client.assert_closed();
                }
            }
        }
        assert_eq!(Wire::connect(server.addr()).get("/quick").text(), "quick 0", "{mode:?}");
    }
}

#[test]
fn a_client_that_leaves_in_the_middle_is_an_error_of_reading() {
    let mode = Mode::Threading;
    let errors = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&errors);
    let server = serve_in(
        mode,
        one_loop(),
        Streams(move |req: &mut Request| {
            let mut all = Vec::new();
            let result = req.stream().read_to_end(&mut all);
            noted.lock().unwrap().push((all.len(), result.is_err()));
            result?;
            Ok(Response::text("whole"))
        }),
    );
    for reset in [false, true] {
        let mut client = Wire::connect(server.addr());
        client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nabc");
        if reset {
            std::thread::sleep(20 * MS);
            client.reset();
        } else {
            client.socket.shutdown(Shutdown::Write).unwrap();
            assert_eq!(client.answer().status(), 400);
            client.assert_closed();
        }
        wait_until("the handler is told", || !errors.lock().unwrap().is_empty());
        let (len, failed) = errors.lock().unwrap().pop().unwrap();
        assert!(failed && len <= 3, "{mode:?}");
    }
    assert_eq!(Wire::connect(server.addr()).get("/quick").status(), 200);
}

#[test]
fn a_client_that_waits_to_be_told_is_told_when_somebody_reads() {
    let mode = Mode::Threading;
    let server = serve_in(
        mode,
        one_loop(),
        Streams(|req: &mut Request| {
            if req.path() == "/ignore" {
                return Ok(Response::text("ignored").with_status(403));
            }
            let mut text = String::new();
            req.stream().read_to_string(&mut text)?;
            Ok(Response::text(text))
        }),
    );
    let mut client = Wire::connect(server.addr());
    let head = "HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n";
    for _ in 0..3 {
        client.send(format!("POST / {head}"));
        assert_eq!(client.take(25), b"HTTP/1.1 100 Continue\r\n\r\n", "{mode:?}");
        client.send("hello");
        assert_eq!(client.answer().text(), "hello");
    }
    client.send(format!("POST /ignore {head}"));
    assert_eq!(client.answer().status(), 403, "nobody reads, so nobody is told to send");
}

#[test]
fn a_panic_in_a_streaming_handler_is_500() {
    let mode = Mode::Threading;
    let server = serve_in(
        mode,
        one_loop(),
        Streams(|req: &mut Request| {
            req.stream().next_chunk()?;
            panic!("as asked")
        }),
    );
    for _ in 0..3 {
        let mut client = Wire::connect(server.addr());
        client.send(format!("{CHUNKED}3\r\nabc\r\n"));
        let answer = client.answer();
        assert_eq!((answer.status(), answer.header("connection")), (500, Some("close")));
    }
    assert_eq!(Wire::connect(server.addr()).get("/quick").status(), 200, "{mode:?}");
}

#[test]
fn streams_have_a_cap_and_then_wait_and_then_503() {
    let gate = Gate::default();
    let waits = gate.clone();
    let config = one_loop().with_max_streams(2).with_max_queue(2);
    let server = serve_with(
        config,
        Streams(move |_: &mut Request| {
            waits.pass();
            Ok(Response::text("done"))
        }),
    );
    let mut all: Vec<Wire> = (0..2).map(|_| Wire::connect(server.addr())).collect();
    all.iter_mut().for_each(|client| client.send(post("/", "x")));
    gate.wait_for(2);
    let mut waiting: Vec<Wire> = (0..5).map(|_| Wire::connect(server.addr())).collect();
    let mut refused = 0;
    for client in &mut waiting {
        client.send(post("/", "x"));
    }
    // Two of the five wait for a thread, the others are refused.
    for client in &mut waiting {
        client.socket.set_read_timeout(Some(200 * MS)).unwrap();
        if client.socket.peek(&mut [0]).is_ok() {
            let answer = client.answer();
            assert_eq!((answer.status(), answer.header("retry-after")), (503, Some("1")));
            assert_eq!(client.get("/quick").text(), "quick 0");
            refused += 1;
        }
    }
    assert_eq!(refused, 3);
    assert_eq!(Wire::connect(server.addr()).get("/quick").status(), 200);
    gate.open();
    for client in &mut all {
        assert_eq!(client.answer().text(), "done");
    }
    wait_until("all have been called", || gate.came() == 4);
}

/// In `single` a body arrives before its handler is called, so that no client can hold it up.
#[test]
fn a_slow_stream_holds_up_no_single_server() {
    let server = serve_in(Mode::Single, ServerConfig::new(), chunks());
    let mut slow = Wire::connect(server.addr());
    let mut quick = Wire::connect(server.addr());
    slow.send(format!("{CHUNKED}3\r\nabc\r\n"));
    for _ in 0..20 {
        assert_eq!(quick.get("/quick").text(), "quick 0");
    }
    slow.send("2\r\nde\r\n0\r\n\r\n");
    assert_eq!(slow.answer().text(), "abc|de");
}

#[test]
fn a_stop_waits_for_streams_until_its_deadline() {
    let config = one_loop().with_stop_time(200 * MS);
    let server = serve_with(config, chunks());
    let mut slow = Wire::connect(server.addr());
    let mut quick = Wire::connect(server.addr());
    for client in [&mut slow, &mut quick] {
        client.send(format!("{CHUNKED}3\r\nabc\r\n"));
    }
    wait_until("both are with their handlers", || {
        Wire::connect(server.addr()).get("/quick").status() == 200
    });
    let address = server.addr();
    server.stop();
    wait_until("it stops", || std::net::TcpStream::connect(address).is_err());
    quick.send("0\r\n\r\n");
    let answer = quick.answer();
    assert_eq!((answer.text(), answer.header("connection")), ("abc", Some("close")));
    quick.assert_closed();
    assert_eq!(server.join().unwrap().left(), 1);
}
