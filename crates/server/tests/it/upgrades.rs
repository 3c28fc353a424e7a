//! Connections that change their protocol.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::Duration;

use pauper_message::{Driver, DriverWaker, Outbox, Request, Response, Upgrade};
use pauper_server::ServerConfig;

use crate::support::{
    Alive, Gate, MODES, PATIENCE, Wire, get, one_loop, serve_in, serve_with, wait_until,
};

const MS: Duration = Duration::from_millis(1);
const ASK: &str = "GET /up HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n";

/// A handler that upgrades `/up` to `echo`, and answers other paths.
fn upgrades(
    make: impl Fn() -> Upgrade + Send + Sync + 'static,
) -> impl Fn(&mut Request) -> Response + Send + Sync + 'static {
    move |req: &mut Request| match req.path() {
        "/up" => Response::upgrade("echo", make()),
        _ => Response::text("quick"),
    }
}

#[track_caller]
fn upgrade(client: &mut Wire) {
    client.send(ASK);
    switched(client);
}

#[track_caller]
fn switched(client: &mut Wire) {
    let head = client.head();
    assert!(head.starts_with("HTTP/1.1 101 Switching Protocols\r\n"), "{head}");
    let lower = head.to_ascii_lowercase();
    assert!(lower.contains("\r\nupgrade: echo\r\n"), "{head}");
    assert!(lower.contains("\r\nconnection: upgrade\r\n"), "{head}");
    assert!(!lower.contains("content-length") && !lower.contains("transfer-encoding"), "{head}");
}

struct Echo;

impl Driver for Echo {
    fn start(&mut self, out: &mut Outbox) {
        out.send("hello;");
    }

    fn feed(&mut self, bytes: &[u8], out: &mut Outbox) {
        out.send(bytes.to_vec());
        if bytes.ends_with(b"bye") {
            out.close();
        }
    }

    fn stop(&mut self, out: &mut Outbox) {
        out.send("the server stops;");
        out.close();
    }
}

#[test]
fn a_driver_speaks_and_hears() {
    for mode in MODES {
        let server = serve_in(mode, one_loop(), upgrades(|| Upgrade::driver(Echo)));
        let mut client = Wire::connect(server.addr());
        assert_eq!(client.get("/").text(), "quick");
        upgrade(&mut client);
        assert_eq!(client.take(6), b"hello;");
        for number in 0..50 {
            let text = format!("message {number};");
            client.send(&text);
            assert_eq!(client.take(text.len()), text.as_bytes());
        }
        client.send("bye");
        assert_eq!(client.take(3), b"bye");
        client.socket.shutdown(Shutdown::Write).unwrap();
        client.assert_closed();
    }
}

#[test]
fn what_a_client_sent_behind_its_request_is_fed() {
    for mode in MODES {
        let server = serve_in(mode, one_loop(), upgrades(|| Upgrade::driver(Echo)));
        let mut client = Wire::connect(server.addr());
        client.send(format!("{ASK}early"));
        switched(&mut client);
        assert_eq!(client.take(11), b"hello;early", "{mode:?}");
        // It is no request, whatever it looks like.
        client.send(get("/"));
        assert_eq!(client.take(get("/").len()), get("/").as_bytes());
    }
}

#[test]
fn thousands_of_bytes_at_once_come_back_in_order() {
    for mode in MODES {
        let server = serve_in(mode, one_loop(), upgrades(|| Upgrade::driver(Echo)));
        let mut client = Wire::connect(server.addr());
        upgrade(&mut client);
        client.take(6);
        let bytes = crate::support::long_bytes(3_000_000);
        let mut writer = client.socket.try_clone().unwrap();
        let sent = bytes.clone();
        let writing = thread::spawn(move || writer.write_all(&sent).unwrap());
        assert!(client.take(bytes.len()) == bytes, "{mode:?}");
        writing.join().unwrap();
    }
}

#[test]
fn only_those_who_ask_are_upgraded() {
    let server = serve_with(one_loop(), upgrades(|| Upgrade::driver(Echo)));
    for ask in [
        get("/up"),
        ASK.replace("echo", "other"),
        ASK.replace("Connection: upgrade\r\n", ""),
        ASK.replace("HTTP/1.1", "HTTP/1.0"),
    ] {
        let mut client = Wire::connect(server.addr());
        client.send(&ask);
        assert_eq!(client.answer().status(), 400, "{ask}");
    }
    assert_eq!(Wire::connect(server.addr()).get("/").text(), "quick");
}

/// Counts its timer.
struct Ticks(u32);

impl Driver for Ticks {
    fn start(&mut self, out: &mut Outbox) {
        out.wake_after(10 * MS);
    }

    fn feed(&mut self, _: &[u8], out: &mut Outbox) {
        out.send("fed;");
        out.cancel_timer();
    }

    fn timer(&mut self, out: &mut Outbox) {
        self.0 += 1;
        out.send(format!("{};", self.0));
        out.wake_after(10 * MS);
    }
}

#[test]
fn a_driver_has_a_timer() {
    for mode in MODES {
        let server = serve_in(mode, one_loop(), upgrades(|| Upgrade::driver(Ticks(0))));
        let mut client = Wire::connect(server.addr());
        upgrade(&mut client);
        assert_eq!(client.take(10), b"1;2;3;4;5;", "{mode:?}");
        client.send("x");
        client.socket.set_read_timeout(Some(300 * MS)).unwrap();
        let mut rest = String::new();
        client.socket.read_to_string(&mut rest).unwrap_err();
        assert!(rest.ends_with("fed;"), "the timer was stopped: {rest}");
    }
}

/// Sends the numbers that others put in.
struct Board {
    numbers: Arc<Mutex<Vec<u32>>>,
    wakers: mpsc::Sender<DriverWaker>,
}

impl Driver for Board {
    fn start(&mut self, out: &mut Outbox) {
        self.wakers.send(out.waker()).unwrap();
    }

    fn feed(&mut self, _: &[u8], _: &mut Outbox) {}

    fn woken(&mut self, out: &mut Outbox) {
        for number in self.numbers.lock().unwrap().drain(..) {
            out.send(format!("{number};"));
        }
    }
}

#[test]
fn other_threads_wake_a_driver() {
    for mode in MODES {
        let numbers = Arc::<Mutex<Vec<u32>>>::default();
        let (sender, wakers) = mpsc::channel();
        let (shared, sender) = (Arc::clone(&numbers), Mutex::new(sender));
        let server = serve_in(
            mode,
            one_loop(),
            upgrades(move || {
                let wakers = sender.lock().unwrap().clone();
                Upgrade::driver(Board { numbers: Arc::clone(&shared), wakers })
            }),
        );
        let mut client = Wire::connect(server.addr());
        upgrade(&mut client);
        let waker = wakers.recv_timeout(PATIENCE).unwrap();
        let threads: Vec<_> = (0..4)
            .map(|thread| {
                let (waker, numbers) = (waker.clone(), Arc::clone(&numbers));
                thread::spawn(move || {
                    for number in 0..250 {
                        numbers.lock().unwrap().push(thread * 250 + number);
                        waker.wake();
                    }
                })
            })
            .collect();
        let mut seen = Vec::new();
        while seen.len() < 1000 {
            let mut text = Vec::new();
            while !text.ends_with(b";") {
                text.extend(client.take(1));
            }
            text.pop();
            seen.push(String::from_utf8(text).unwrap().parse::<u32>().unwrap());
        }
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        seen.sort_unstable();
        assert!(seen.into_iter().eq(0..1000), "{mode:?}");
        // Long after the end it wakes nobody and harms nobody, also not who has its place now.
        client.reset();
        let mut next = Wire::connect(server.addr());
        for _ in 0..20 {
            waker.wake();
            assert_eq!(next.get("/").text(), "quick");
        }
    }
}

struct Panics(&'static str, #[expect(dead_code, reason = "counted")] Alive);

impl Driver for Panics {
    fn start(&mut self, out: &mut Outbox) {
        out.wake_after(5 * MS);
        assert!(self.0 != "start");
    }

    fn feed(&mut self, _: &[u8], _: &mut Outbox) {
        assert!(self.0 != "feed");
    }

    fn timer(&mut self, _: &mut Outbox) {
        assert!(self.0 != "timer");
    }

    fn eof(&mut self, _: &mut Outbox) {
        assert!(self.0 != "eof");
    }
}

impl Drop for Panics {
    fn drop(&mut self) {
        assert!(self.0 != "drop" || thread::panicking());
    }
}

#[test]
fn a_driver_that_panics_costs_one_connection() {
    for mode in MODES {
        for place in ["start", "feed", "timer", "eof", "drop"] {
            let alive = Alive::new();
            let shared = alive.clone();
            let server = serve_in(
                mode,
                one_loop(),
                upgrades(move || Upgrade::driver(Panics(place, shared.clone()))),
            );
            let mut client = Wire::connect(server.addr());
            upgrade(&mut client);
            match place {
                "feed" => client.send("x"),
                "eof" => client.socket.shutdown(Shutdown::Write).unwrap(),
                "drop" => client.reset_now(),
                _ => {}
            }
            client.rest();
            wait_until("the driver is dropped", || alive.count() == 2);
            let mut other = Wire::connect(server.addr());
            assert_eq!(other.get("/").text(), "quick", "{mode:?} {place}");
        }
    }
}

/// Sends for ever.
struct Flood;

impl Driver for Flood {
    fn start(&mut self, out: &mut Outbox) {
        self.timer(out);
    }

    fn feed(&mut self, _: &[u8], _: &mut Outbox) {}

    fn timer(&mut self, out: &mut Outbox) {
        out.send(vec![b'x'; 50_000]);
        out.wake_after(MS);
    }
}

#[test]
fn a_driver_whose_client_does_not_read_ends() {
    for mode in MODES {
        let config = one_loop().with_max_unsent(300_000);
        let (shared, alive) = {
            let alive = Alive::new();
            (alive.clone(), alive)
        };
        struct Counted(Flood, #[expect(dead_code, reason = "counted")] Alive);
        impl Driver for Counted {
            fn start(&mut self, out: &mut Outbox) {
                self.0.start(out);
            }
            fn feed(&mut self, _: &[u8], _: &mut Outbox) {}
            fn timer(&mut self, out: &mut Outbox) {
                self.0.timer(out);
                assert!(out.unsent() < 400_000, "{}", out.unsent());
            }
        }
        let server = serve_in(
            mode,
            config,
            upgrades(move || Upgrade::driver(Counted(Flood, shared.clone()))),
        );
        let mut client = Wire::connect(server.addr());
        upgrade(&mut client);
        // Its sockets are filled first.
        wait_until("it is given up", || alive.count() == 2);
        assert_eq!(Wire::connect(server.addr()).get("/").text(), "quick", "{mode:?}");
        let got = client.rest();
        assert!(got.iter().all(|byte| *byte == b'x'));
    }
}

#[test]
fn a_driver_may_speak_after_its_client_has_ended() {
    struct Last;
    impl Driver for Last {
        fn feed(&mut self, _: &[u8], _: &mut Outbox) {}
        fn eof(&mut self, out: &mut Outbox) {
            out.send("first;");
            out.wake_after(5 * MS);
        }
        fn timer(&mut self, out: &mut Outbox) {
            out.send("last");
            out.close();
        }
    }
    for mode in MODES {
        let server = serve_in(mode, one_loop(), upgrades(|| Upgrade::driver(Last)));
        let mut client = Wire::connect(server.addr());
        upgrade(&mut client);
        client.socket.shutdown(Shutdown::Write).unwrap();
        assert_eq!(client.rest(), b"first;last", "{mode:?}");
    }
}

#[test]
fn drivers_are_told_of_a_stop_and_may_say_goodbye() {
    struct Deaf;
    impl Driver for Deaf {
        fn feed(&mut self, _: &[u8], _: &mut Outbox) {}
        fn stop(&mut self, _: &mut Outbox) {}
    }
    for mode in MODES {
        let server = serve_in(mode, one_loop().with_stop_time(200 * MS), |req: &mut Request| {
            match req.path() {
                "/up" => Response::upgrade("echo", Upgrade::driver(Echo)),
                _ => Response::upgrade("echo", Upgrade::driver(Deaf)),
            }
        });
        let mut polite = Wire::connect(server.addr());
        let mut deaf = Wire::connect(server.addr());
        upgrade(&mut polite);
        polite.take(6);
        deaf.send(ASK.replace("/up", "/deaf"));
        switched(&mut deaf);
        server.stop();
        assert_eq!(polite.take(17), b"the server stops;", "{mode:?}");
        drop(polite);
        assert_eq!(server.join().unwrap().left(), 1, "{mode:?}");
        deaf.assert_closed();
    }
}

#[test]
fn a_driver_that_blocks_holds_up_nobody() {
    struct Blocks(Gate);
    impl Driver for Blocks {
        fn feed(&mut self, bytes: &[u8], out: &mut Outbox) {
            self.0.pass();
            out.send(bytes.to_vec());
        }
    }
    let gate = Gate::default();
    let waits = gate.clone();
    let server = serve_with(one_loop(), upgrades(move || Upgrade::driver(Blocks(waits.clone()))));
    let mut client = Wire::connect(server.addr());
    upgrade(&mut client);
    let mut quick = Wire::connect(server.addr());
    for _ in 0..5 {
        client.send("x");
        gate.wait_for(1);
        assert_eq!(quick.get("/").text(), "quick");
        client.send("y");
        assert_eq!(quick.get("/").text(), "quick");
        assert_eq!(gate.waiting(), 1, "its calls never overlap");
        gate.let_pass(1);
        assert_eq!(client.take(1), b"x");
        gate.let_pass(1);
        assert_eq!(client.take(1), b"y");
    }
}

/// Sends back what it reads, until the end.
fn echo(mut socket: Box<dyn pauper_message::UpgradedSocket>) {
    let mut piece = [0; 1000];
    while let Ok(n) = socket.read(&mut piece) {
        if n == 0 || socket.write_all(&piece[..n]).is_err() {
            break;
        }
    }
}

#[test]
fn a_function_takes_the_socket_with_what_was_sent_early() {
    for mode in MODES {
        let server = serve_in(mode, one_loop(), upgrades(|| Upgrade::blocking(echo)));
        let mut client = Wire::connect(server.addr());
        assert_eq!(client.get("/").text(), "quick");
        client.send(format!("{ASK}early"));
        switched(&mut client);
        assert_eq!(client.take(5), b"early", "{mode:?}");
        for _ in 0..20 {
            client.send("more");
            assert_eq!(client.take(4), b"more");
        }
        assert_eq!(Wire::connect(server.addr()).get("/").text(), "quick");
        client.socket.shutdown(Shutdown::Write).unwrap();
        client.assert_closed();
    }
}

#[test]
fn functions_with_sockets_have_a_cap() {
    for mode in MODES {
        let config = one_loop().with_max_upgrades(2);
        let server = serve_in(mode, config, upgrades(|| Upgrade::blocking(echo)));
        let mut first = Wire::connect(server.addr());
        let mut second = Wire::connect(server.addr());
        upgrade(&mut first);
        upgrade(&mut second);
        let mut third = Wire::connect(server.addr());
        third.send(ASK);
        let answer = third.answer();
        assert_eq!(answer.status(), 503, "{mode:?}");
        assert!(answer.text().contains("max_upgrades"), "{answer:?}");
        drop(first);
        wait_until("there is room again", || {
            let mut next = Wire::connect(server.addr());
            next.send(ASK);
            next.head().contains(" 101 ")
        });
    }
}

#[test]
fn a_function_that_panics_costs_one_connection() {
    for mode in MODES {
        let config = one_loop().with_max_upgrades(1);
        let server = serve_in(mode, config, upgrades(|| Upgrade::blocking(|_| panic!("asked"))));
        for _ in 0..3 {
            wait_until("the place is free", || {
                let mut client = Wire::connect(server.addr());
                client.send(ASK);
                let switched = client.head().contains(" 101 ");
                if switched {
                    client.assert_closed();
                }
                switched
            });
        }
        assert_eq!(Wire::connect(server.addr()).get("/").text(), "quick", "{mode:?}");
    }
}

#[test]
fn functions_with_sockets_see_the_end_of_the_server() {
    for mode in MODES {
        let gone = Gate::default();
        let notes = gone.clone();
        let server = serve_in(
            mode,
            ServerConfig::new().with_stop_time(200 * MS),
            upgrades(move || {
                let notes = notes.clone();
                Upgrade::blocking(move |socket| {
                    echo(socket);
                    notes.pass();
                })
            }),
        );
        let mut client = Wire::connect(server.addr());
        upgrade(&mut client);
        client.send("x");
        client.take(1);
        server.stop();
        assert_eq!(server.join().unwrap().left(), 1, "{mode:?}");
        gone.wait_for(1);
        gone.open();
        client.assert_closed();
    }
}
