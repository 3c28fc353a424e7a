//! What a request costs in allocations, once the buffers are warm. A binary of its own, since it
//! counts everything that its process allocates.

use std::alloc::System;
use std::io::{Read, Write};
use std::net::TcpStream;

use pauper::{App, Request, Server};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static COUNTED: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const ROUNDS: usize = 1_000;

/// Sends the same request again and again, and gives the allocations of all rounds after the
/// first ones. The client itself allocates nothing.
fn allocations(stream: &mut TcpStream, request: &[u8], answer_ends: &[u8]) -> usize {
    let mut buffer = [0; 4096];
    let mut ask = || {
        stream.write_all(request).unwrap();
        let mut len = 0;
        while !buffer[..len].ends_with(answer_ends) {
            let read = stream.read(&mut buffer[len..]).unwrap();
            assert!(read > 0, "closed after {:?}", String::from_utf8_lossy(&buffer[..len]));
            len += read;
        }
        assert!(buffer.starts_with(b"HTTP/1.1 200 OK\r\n"));
    };
    for _ in 0..100 {
        ask();
    }
    let region = Region::new(COUNTED);
    for _ in 0..ROUNDS {
        ask();
    }
    region.change().allocations
}

#[test]
fn a_plaintext_request_allocates_nothing() {
    let mut app = App::new("allocations");
    app.get("/plaintext", |_: &mut Request| "Hello, World!");
    app.get("/user/<name>/<id:int>", |_: &mut Request, name: String, id: u32| {
        format!("user {name} has number {id}\n")
    });
    let server = Server::bind("127.0.0.1:0").unwrap().spawn(app).unwrap();
    let mut stream = TcpStream::connect(server.addr()).unwrap();
    stream.set_nodelay(true).unwrap();

    let plaintext = b"GET /plaintext HTTP/1.1\r\nHost: localhost\r\nUser-Agent: test\r\n\
                      Accept: text/html;q=0.9,*/*;q=0.1\r\nCookie: a=1; b=2\r\n\r\n";
    assert_eq!(allocations(&mut stream, plaintext, b"Hello, World!"), 0);

    // The date in the head is made anew once a second, in place. A routed request has its two
    // arguments and its text made, and nothing else.
    let routed = b"GET /user/ada/36 HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let routed = allocations(&mut stream, routed, b"number 36\n");
    assert!(routed <= 3 * ROUNDS, "{routed} allocations in {ROUNDS} requests");

    drop(stream);
    server.stop();
    assert_eq!(server.join().unwrap().left(), 0);
}
