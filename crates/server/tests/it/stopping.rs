//! How a server starts and stops.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::{Duration, Instant};

use pauper_message::{CheckError, Request, Response, Service};
use pauper_server::{Server, ServerConfig};

use crate::support::{Counted, PATIENCE, Wire, get, listen, post, serve, serve_with};

const MS: Duration = Duration::from_millis(1);

#[test]
fn a_name_is_all_its_addresses_at_one_port() {
    let server = listen("localhost:0");
    let port = server.local_addr().port();
    assert_ne!(port, 0);
    for address in server.addresses() {
        assert!(address.ip().is_loopback() && address.port() == port, "{address}");
    }
    let addresses = server.addresses().to_vec();
    let server = server.spawn(Counted::default()).unwrap();
    for address in addresses {
        assert_eq!(Wire::connect(address).get("/").status(), 200, "{address}");
    }
    server.stop();
    assert_eq!(server.join().unwrap().left(), 0);
}

#[test]
fn a_port_that_is_taken_is_named() {
    let first = listen("127.0.0.1:0");
    let error = Server::bind(first.local_addr()).unwrap_err();
    assert!(error.to_string().contains(&first.local_addr().to_string()), "{error}");
}

struct Wrong;

impl Service for Wrong {
    fn call(&self, _: &mut Request) -> Response {
        Response::no_content()
    }

    fn check(&self) -> Result<(), CheckError> {
        CheckError::from_mistakes(vec!["one thing".to_owned(), "another".to_owned()])
    }
}

#[test]
fn mistakes_of_the_service_are_told_before_anybody_is_served() {
    let error = Server::bind("127.0.0.1:0").unwrap().run(Wrong).unwrap_err();
    assert_eq!(error.mistakes().unwrap().mistakes().len(), 2);
    let readable = format!("{error:?}");
    assert!(readable.contains("one thing") && readable.contains("another"), "{readable}");
}

#[test]
fn a_service_needs_neither_send_nor_sync() {
    let served = std::rc::Rc::new(std::cell::Cell::new(0));
    let counted = std::rc::Rc::clone(&served);
    let server = listen("127.0.0.1:0");
    let address = server.local_addr();
    let client = std::thread::spawn(move || Wire::connect(address).get("/").text().to_owned());
    let result = server.run_single(move |_: &mut Request| {
        counted.set(counted.get() + 1);
        Response::text("bye").and_shutdown()
    });
    assert_eq!(result.unwrap().left(), 0);
    assert_eq!((client.join().unwrap().as_str(), served.get()), ("bye", 1));
}

#[test]
fn stopping_closes_the_idle_and_finishes_the_others() {
    let (begun, is_begun) = mpsc::channel();
    let (go_on, may_go_on) = mpsc::channel::<()>();
    let may_go_on = Mutex::new(may_go_on);
    let server = serve(move |req: &mut Request| {
        if req.path() == "/wait" {
            begun.send(()).unwrap();
            may_go_on.lock().unwrap().recv_timeout(PATIENCE).unwrap();
        }
        format!("done {}", req.bytes().unwrap().len())
    });
    let connect = || Wire::connect(server.addr());
    let (mut fresh, mut idle, mut head, mut body, mut running) =
        (connect(), connect(), connect(), connect(), connect());
    for client in [&mut idle, &mut head, &mut body] {
        assert_eq!(client.get("/").header("connection"), None);
    }
    head.send("GET / HTTP/1.1\r\n");
    let whole = post("/", "0123456789");
    body.send(&whole[..whole.len() - 5]);
    running.send(get("/wait"));
    is_begun.recv_timeout(PATIENCE).unwrap();
    // All of them have been read at least in part before the handler blocks the loop, or will be
    // when it goes on; in both cases the order to stop is seen after.
    server.stop();
    go_on.send(()).unwrap();
    let answer = running.answer();
    assert_eq!(answer.text(), "done 0");
    fresh.assert_closed();
    idle.assert_closed();
    head.send("Host: h\r\n\r\n");
    body.send(&whole[whole.len() - 5..]);
    for (client, text) in [(&mut head, "done 0"), (&mut body, "done 10")] {
        let answer = client.answer();
        assert_eq!((answer.text(), answer.header("connection")), (text, Some("close")));
        client.assert_closed();
    }
    running.assert_closed();
    assert_eq!(server.join().unwrap().left(), 0);
}

#[test]
fn stopping_ends_by_its_deadline() {
    let config = ServerConfig::new().with_stop_time(150 * MS);
    let server = serve_with(config, |_: &mut Request| vec![b'x'; 50_000_000]);
    let connect = || Wire::connect(server.addr());
    let (mut half_head, mut half_body, mut slow_reader) = (connect(), connect(), connect());
    half_head.send("GET /");
    half_body.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nabc");
    slow_reader.send(get("/"));
    // Each has been read when another connection was answered after it.
    let mut first_bytes = [0; 10];
    std::io::Read::read_exact(&mut slow_reader.socket, &mut first_bytes).unwrap();
    let start = Instant::now();
    server.stop();
    assert_eq!(server.join().unwrap().left(), 3);
    let took = start.elapsed();
    assert!(took >= 150 * MS && took < Duration::from_secs(5), "{took:?}");
    half_head.assert_closed();
    half_body.assert_closed();
    // What was cut does not look whole, even to a client that does not count.
    let error = std::io::copy(&mut slow_reader.socket, &mut std::io::sink()).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
}

#[test]
fn stopping_now_waits_for_nobody() {
    let server = serve(Counted::default());
    let mut half_head = Wire::connect(server.addr());
    assert_eq!(half_head.get("/").status(), 200);
    half_head.send("GET /");
    let start = Instant::now();
    server.control().stop_now();
    let _ = server.join().unwrap();
    assert!(start.elapsed() < Duration::from_secs(5));
    half_head.assert_closed();
}

#[test]
fn an_order_to_stop_waits_for_the_run() {
    let server = listen("127.0.0.1:0");
    server.control().stop();
    assert_eq!(server.run(Counted::default()).unwrap().left(), 0);
}

/// actix 4.14 #3100: nothing of the service is alive after the server.
#[test]
fn the_service_is_dropped_with_the_server() {
    struct Tell(Arc<AtomicUsize>);
    impl Drop for Tell {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }
    let dropped = Arc::new(AtomicUsize::new(0));
    let tell = Tell(Arc::clone(&dropped));
    let server = serve(move |_: &mut Request| {
        let _ = &tell;
        "fine"
    });
    let mut slow = Wire::connect(server.addr());
    slow.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nabc");
    server.control().stop_now();
    let _ = server.join().unwrap();
    assert_eq!(dropped.load(Ordering::SeqCst), 1);
}

/// More than one turn of accepting takes.
#[test]
fn who_waits_in_the_queue_is_answered_before_the_end() {
    let (begun, has_begun) = mpsc::channel();
    let (go_on, may_go_on) = mpsc::channel::<()>();
    let may_go_on = Mutex::new(may_go_on);
    let server = serve(move |req: &mut Request| {
        if req.path() == "/slow" {
            begun.send(()).unwrap();
            may_go_on.lock().unwrap().recv().unwrap();
        }
        "done"
    });
    let mut slow = Wire::connect(server.addr());
    slow.send(get("/slow"));
    has_begun.recv_timeout(PATIENCE).unwrap();
    let mut waiting: Vec<Wire> = (0..300).map(|_| Wire::connect(server.addr())).collect();
    for wire in &mut waiting {
        wire.send(get("/"));
    }
    server.stop();
    go_on.send(()).unwrap();
    assert_eq!(slow.answer().status(), 200);
    for (number, wire) in waiting.iter_mut().enumerate() {
        assert_eq!(wire.answer().status(), 200, "{number}");
    }
    assert_eq!(server.join().unwrap().left(), 0);
}
