//! The threads of the server: who runs which handler when some of them block. No test measures
//! time: what is to be quick is to be done while something else has not ended, and a gate tells.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use pauper_message::{Body, BodySink, Error, Plan, Request, Response, Service, Upgrade};
use pauper_server::ServerConfig;

use crate::support::{
    Alive, Endpoints, Gate, MODES, Mode, PATIENCE, Wire, get, listen, one_loop, post, serve_in,
    serve_with, snapshot, wait_until,
};

const MS: Duration = Duration::from_millis(1);

/// Waits at the gate where the path says so, and answers with the path.
fn waits(gate: &Gate) -> Endpoints<impl Fn(&mut Request) -> Response + Send + Sync + 'static> {
    let gate = gate.clone();
    Endpoints(move |req: &mut Request| {
        if req.path().contains("wait") {
            gate.pass();
        }
        if req.path() == "/info" {
            return Response::text(format!("{:?}", snapshot(req)));
        }
        Response::text(req.path().to_owned())
    })
}

/// One number of a printed snapshot.
fn number(client: &mut Wire, name: &str) -> u64 {
    let answer = client.get("/info");
    let text = answer.text();
    let (_, rest) = text.split_once(&format!("{name}: ")).unwrap_or_else(|| panic!("{text}"));
    rest.split([',', ' ']).next().unwrap().parse().unwrap()
}

#[test]
fn a_handler_that_blocks_unexpectedly_holds_up_nobody() {
    let gate = Gate::default();
    let server = serve_with(one_loop(), waits(&gate));
    let mut quick = Wire::connect(server.addr());
    settle(&mut quick);
    for round in 1..=5 {
        let mut slow = Wire::connect(server.addr());
        let target = format!("/wait{round}");
        slow.send(get(&target) + &get("/next"));
        gate.wait_for(1);
        for _ in 0..50 {
            assert_eq!(quick.get("/quick").text(), "/quick");
        }
        assert_eq!(Wire::connect(server.addr()).get("/new").text(), "/new");
        assert_eq!(gate.waiting(), 1, "all that while it was blocked");
        gate.let_pass(1);
        assert_eq!(slow.answer().text(), target);
        assert_eq!(slow.answer().text(), "/next");
    }
    assert!(number(&mut quick, "rescued") >= 5);
}

#[test]
fn many_that_block_at_once_all_get_their_own_answers() {
    const MANY: usize = 40;
    let gate = Gate::default();
    let server = serve_with(ServerConfig::new().with_loops(2), waits(&gate));
    let mut quick = Wire::connect(server.addr());
    let mut slow: Vec<Wire> = (0..MANY).map(|_| Wire::connect(server.addr())).collect();
    for (number, wire) in slow.iter_mut().enumerate() {
        wire.send(get(&format!("/wait{number}/x")));
    }
    gate.wait_for(MANY);
    for _ in 0..20 {
        assert_eq!(quick.get("/quick").text(), "/quick");
    }
    assert_eq!(gate.waiting(), MANY);
    gate.open();
    for (number, wire) in slow.iter_mut().enumerate() {
        assert_eq!(wire.answer().text(), format!("/wait{number}/x"));
        assert_eq!(wire.get("/again").text(), "/again");
    }
}

#[test]
fn an_endpoint_that_blocked_is_sent_away_until_it_is_quick_again() {
    let gate = Gate::default();
    let server = serve_with(one_loop(), waits(&gate));
    let mut client = Wire::connect(server.addr());
    settle(&mut client);
    let rescued = number(&mut client, "rescued");
    // Once may be chance, twice is not.
    for _ in 0..2 {
        client.send(get("/sometimes/wait"));
        gate.wait_for(1);
        // Longer than any average takes into account.
        std::thread::sleep(10 * MS);
        gate.let_pass(1);
        client.answer();
    }
    // The second may have found no thread in reserve, and then had one of its own at once.
    assert!(number(&mut client, "rescued") > rescued);
    let before = number(&mut client, "predicted");
    client.get("/sometimes/not");
    assert_eq!(number(&mut client, "predicted"), before + 1);
    // Others are not meant.
    client.get("/quick");
    assert_eq!(number(&mut client, "predicted"), before + 1);
    let mut calls = before + 1;
    wait_until("it is trusted again", || {
        client.get("/sometimes/not");
        calls += 1;
        number(&mut client, "predicted") < calls
    });
}

/// Waits until the threads are there that the server starts with, so that handlers run on the loop.
fn settle(client: &mut Wire) {
    wait_until("the first threads are there", || {
        client.get("/quick");
        number(client, "inline") > 0
    });
}

/// Makes the engine know that an endpoint blocks.
fn teach(client: &mut Wire, gate: &Gate, target: &str) {
    for _ in 0..2 {
        client.send(get(target));
        gate.wait_for(1);
        std::thread::sleep(10 * MS);
        gate.let_pass(1);
        assert_eq!(client.answer().status(), 200);
    }
}

#[test]
fn no_endpoint_takes_more_than_three_quarters_of_the_threads() {
    let gate = Gate::default();
    let server = serve_with(one_loop().with_threads(8), waits(&gate));
    let mut quick = Wire::connect(server.addr());
    teach(&mut quick, &gate, "/one/wait");
    teach(&mut quick, &gate, "/two/wait");
    let mut ones: Vec<Wire> = (0..8).map(|_| Wire::connect(server.addr())).collect();
    ones.iter_mut().for_each(|wire| wire.send(get("/one/wait")));
    gate.wait_for(6);
    wait_until("two wait", || number(&mut quick, "queued") == 2);
    // There are threads for others.
    let mut twos: Vec<Wire> = (0..2).map(|_| Wire::connect(server.addr())).collect();
    twos.iter_mut().for_each(|wire| wire.send(get("/two/wait")));
    gate.wait_for(8);
    assert_eq!(number(&mut quick, "queued"), 2);
    assert_eq!(gate.waiting(), 8);
    gate.open();
    for wire in ones.iter_mut().chain(&mut twos) {
        assert_eq!(wire.answer().status(), 200);
    }
    assert_eq!(number(&mut quick, "queued"), 0);
}

#[test]
fn beyond_the_queue_there_is_503_and_when_to_try_again() {
    let gate = Gate::default();
    let server = serve_with(one_loop().with_threads(2).with_max_queue(3), waits(&gate));
    let mut quick = Wire::connect(server.addr());
    teach(&mut quick, &gate, "/slow/wait");
    let mut slow: Vec<Wire> = (0..4).map(|_| Wire::connect(server.addr())).collect();
    // The first has a thread before the others come; while a thread starts a request waits, too.
    slow[0].send(get("/slow/wait"));
    gate.wait_for(1);
    slow[1..].iter_mut().for_each(|wire| wire.send(get("/slow/wait")));
    wait_until("three wait", || number(&mut quick, "queued") == 3);
    let mut fifth = Wire::connect(server.addr());
    for _ in 0..3 {
        let answer = fifth.get("/slow/wait");
        assert_eq!(answer.status(), 503);
        assert_eq!(answer.header("retry-after"), Some("1"));
        assert!(answer.text().contains("max_queue"), "{answer:?}");
    }
    assert_eq!(number(&mut quick, "refused"), 3);
    assert_eq!(quick.get("/quick").status(), 200, "what does not block is answered");
    gate.open();
    slow.iter_mut().for_each(|wire| assert_eq!(wire.answer().status(), 200));
    assert_eq!(fifth.get("/slow/wait").status(), 200, "there is room again");
}

/// A number that went up and came down again must be what it was.
#[test]
fn the_gauge_of_the_queue_returns_to_zero() {
    let gate = Gate::default();
    let server = serve_with(ServerConfig::new().with_loops(2), waits(&gate));
    let mut clients: Vec<Wire> = (0..8).map(|_| Wire::connect(server.addr())).collect();
    teach(&mut clients[0], &gate, "/slow/wait");
    gate.open();
    for _ in 0..100 {
        for client in &mut clients {
            client.send(get("/slow"));
        }
        for client in &mut clients {
            assert_eq!(client.answer().status(), 200);
        }
        if number(&mut clients[0], "queued") != 0 {
            break;
        }
    }
    assert_eq!(number(&mut clients[0], "queued"), 0);
}

#[test]
fn a_handler_that_waits_for_another_requests_handler_gets_it() {
    let gate = Gate::default();
    let inner = gate.clone();
    let server = serve_with(
        one_loop(),
        Endpoints(move |req: &mut Request| {
            match req.path() {
                "/first" => inner.pass(),
                _ => inner.let_pass(1),
            }
            Response::text("done")
        }),
    );
    let mut first = Wire::connect(server.addr());
    let mut second = Wire::connect(server.addr());
    for _ in 0..20 {
        first.send(get("/first"));
        gate.wait_for(1);
        assert_eq!(second.get("/second").text(), "done");
        assert_eq!(first.answer().text(), "done");
    }
}

/// Whatever held a thread up, and however it ended, the threads are as many as before.
#[test]
fn threads_outlive_panics_on_every_way_to_a_handler() {
    let gate = Gate::default();
    let waits = gate.clone();
    let server = serve_with(
        one_loop().with_threads(4),
        Endpoints(move |req: &mut Request| {
            if req.path().contains("wait") {
                waits.pass();
            }
            if req.path() == "/info" {
                return Response::text(format!("{:?}", snapshot(req)));
            }
            assert!(!req.path().contains("panic"), "as asked");
            Response::text("fine")
        }),
    );
    let mut quick = Wire::connect(server.addr());
    settle(&mut quick);
    // Inline, rescued, and then predicted.
    assert_eq!(Wire::connect(server.addr()).get("/inline/panic").status(), 500);
    let before = number(&mut quick, "threads");
    for round in 0..40 {
        let mut client = Wire::connect(server.addr());
        // Endpoints that nobody knows yet, and then one that is known.
        client.send(get(&format!("/{}/wait/panic", round.min(10))));
        gate.wait_for(1);
        // Whoever had the loop has not any more.
        quick.get("/quick");
        gate.let_pass(1);
        assert_eq!(client.answer().status(), 500);
        client.assert_closed();
    }
    assert!(number(&mut quick, "rescued") >= 1);
    assert!(number(&mut quick, "predicted") >= 10);
    assert!(number(&mut quick, "rescued") + number(&mut quick, "predicted") >= 40);
    wait_until("all are idle but the one of the loop", || number(&mut quick, "threads_busy") == 1);
    assert!(number(&mut quick, "threads") >= before);
}

/// A body that panics when it is dropped, for a client that has left meanwhile.
#[test]
fn an_answer_that_nobody_takes_is_dropped_where_its_panic_harms_nobody() {
    struct Bomb(Gate);
    impl Iterator for Bomb {
        type Item = std::io::Result<&'static str>;
        fn next(&mut self) -> Option<Self::Item> {
            Some(Ok("more"))
        }
    }
    impl Drop for Bomb {
        fn drop(&mut self) {
            self.0.pass();
            if !std::thread::panicking() {
                panic!("dropped");
            }
        }
    }
    for mode in MODES {
        let (gate, drops) = (Gate::default(), Gate::default());
        let (waits, bomb) = (gate.clone(), drops.clone());
        let server = serve_in(
            mode,
            one_loop(),
            Endpoints(move |req: &mut Request| {
                if req.path() == "/info" {
                    return Response::text(format!("{:?}", snapshot(req)));
                }
                if req.path() == "/quick" {
                    return Response::text("fine");
                }
                waits.pass();
                Response::body_of(Body::pieces(Bomb(bomb.clone()), None))
            }),
        );
        let mut quick = Wire::connect(server.addr());
        let mut slow = Wire::connect(server.addr());
        slow.send(get("/wait"));
        gate.wait_for(1);
        slow.reset();
        if mode == Mode::Threading {
            wait_until("it is seen that the client left", || number(&mut quick, "working") == 1);
        }
        gate.open();
        drops.wait_for(1);
        if mode == Mode::Threading {
            assert_eq!(quick.get("/quick").text(), "fine", "while the drop takes its time");
        }
        drops.open();
        assert_eq!(quick.get("/quick").text(), "fine", "{mode:?}");
    }
}

#[test]
fn a_stop_counts_the_handlers_that_never_ended() {
    let gate = Gate::default();
    let server = serve_with(ServerConfig::new().with_stop_time(100 * MS), waits(&gate));
    let mut idle = Wire::connect(server.addr());
    idle.get("/quick");
    let mut slow: Vec<Wire> = (0..3).map(|_| Wire::connect(server.addr())).collect();
    for (number, wire) in slow.iter_mut().enumerate() {
        wire.send(get(&format!("/wait{number}")));
    }
    gate.wait_for(3);
    server.stop();
    idle.assert_closed();
    assert_eq!(server.join().unwrap().left(), 3);
    assert_eq!(gate.waiting(), 3, "they still block, and the server is gone");
    slow.iter_mut().for_each(Wire::assert_closed);
    gate.open();
}

/// actix 4.14 #3100. What was shared is gone when the server is, whichever threads had it.
#[test]
fn shared_state_is_dropped_before_run_returns() {
    for round in 0..60 {
        for mode in MODES {
            let alive = Alive::new();
            let shared = alive.clone();
            let server = serve_in(
                mode,
                ServerConfig::new().with_loops(2),
                Endpoints(move |req: &mut Request| {
                    let _ = &shared;
                    if req.path() == "/slow" {
                        std::thread::sleep(3 * MS);
                    }
                    Response::text("fine")
                }),
            );
            if round % 3 > 0 {
                let mut clients = [Wire::connect(server.addr()), Wire::connect(server.addr())];
                clients[0].get("/quick");
                clients.iter_mut().for_each(|client| client.send(get("/slow")));
                clients.iter_mut().for_each(|client| assert_eq!(client.answer().status(), 200));
            }
            if round % 2 > 0 {
                server.stop();
            } else {
                server.control().stop_now();
            };
            assert_eq!(server.join().unwrap().left(), 0);
            assert_eq!(alive.count(), 1, "round {round}, {mode:?}");
        }
    }
}

/// ... and when a handler held it longer than that, when the handler returns.
#[test]
fn shared_state_is_dropped_after_the_last_handler() {
    let gate = Gate::default();
    let alive = Alive::new();
    let (shared, waits) = (alive.clone(), gate.clone());
    let server = serve_with(ServerConfig::new().with_stop_time(10 * MS), move |_: &mut Request| {
        let _ = &shared;
        waits.pass();
        "late"
    });
    let mut client = Wire::connect(server.addr());
    client.send(get("/"));
    gate.wait_for(1);
    server.stop();
    assert_eq!(server.join().unwrap().left(), 1);
    assert_eq!(alive.count(), 2);
    gate.open();
    wait_until("the handler returned", || alive.count() == 1);
}

/// A hook that blocks, or the drop of what a handler left in its request, is under a lease.
#[test]
fn the_first_look_at_a_head_may_block_too() {
    struct Blocks(Gate);
    impl Service for Blocks {
        fn begin(&self, req: &mut Request) -> Plan {
            if req.path() == "/wait" {
                self.0.pass();
            }
            Plan::buffer()
        }

        fn call(&self, req: &mut Request) -> Response {
            Response::text(format!("{} {}", req.path(), req.bytes().unwrap().len()))
        }
    }
    let gate = Gate::default();
    let server = serve_with(one_loop(), Blocks(gate.clone()));
    let mut quick = Wire::connect(server.addr());
    for _ in 0..5 {
        let mut slow = Wire::connect(server.addr());
        slow.send(post("/wait", "12345"));
        gate.wait_for(1);
        quick.send(post("/quick", "123"));
        assert_eq!(quick.answer().text(), "/quick 3");
        assert_eq!(gate.waiting(), 1);
        gate.let_pass(1);
        assert_eq!(slow.answer().text(), "/wait 5");
    }
}

/// Requests whose bodies come in many parts go to threads and come back many times.
#[test]
fn bodies_in_parts_survive_sinks_that_block() {
    struct Sum(u64, Gate);
    impl BodySink for Sum {
        fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
            if self.0 == 0 {
                self.1.pass();
            }
            self.0 += bytes.iter().map(|byte| u64::from(*byte)).sum::<u64>();
            Ok(())
        }

        fn finish(self: Box<Self>, req: &mut Request) -> Result<(), Error> {
            req.extensions_mut().insert(self.0);
            Ok(())
        }
    }
    struct Sums(Gate);
    impl Service for Sums {
        fn begin(&self, _: &mut Request) -> Plan {
            Plan::sink(Sum(0, self.0.clone()))
        }

        fn call(&self, req: &mut Request) -> Response {
            Response::text(req.extensions().get::<u64>().unwrap().to_string())
        }
    }
    let gate = Gate::default();
    let server = serve_with(one_loop(), Sums(gate.clone()));
    let mut all: Vec<Wire> = (0..8).map(|_| Wire::connect(server.addr())).collect();
    for (number, client) in all.iter_mut().enumerate() {
        client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n");
        client.send(vec![number as u8 + 1; 50_000]);
    }
    gate.wait_for(8);
    for (number, client) in all.iter_mut().enumerate() {
        client.send(vec![number as u8 + 1; 50_000]);
    }
    gate.open();
    for (number, client) in all.iter_mut().enumerate() {
        assert_eq!(client.answer().text(), ((number as u64 + 1) * 100_000).to_string());
    }
}

/// The answers of handlers that end in any order belong to their requests.
#[test]
fn results_find_their_requests_whatever_the_order() {
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let server = serve_with(
        ServerConfig::new().with_loops(2).with_threads(16),
        Endpoints(move |req: &mut Request| {
            let call = counted.fetch_add(1, Ordering::SeqCst);
            std::thread::sleep(Duration::from_micros((call as u64 * 7919) % 3000));
            Response::text(req.path().to_owned())
        }),
    );
    let address = server.addr();
    let clients: Vec<_> = (0..16)
        .map(|client| {
            std::thread::spawn(move || {
                let mut wire = Wire::connect(address);
                for number in 0..40 {
                    let target = format!("/{}/{client}/{number}", number % 5);
                    assert_eq!(wire.get(&target).text(), target);
                }
            })
        })
        .collect();
    clients.into_iter().for_each(|client| client.join().unwrap());
    assert_eq!(calls.load(Ordering::SeqCst), 16 * 40);
}

/// In `single` mode handlers follow each other strictly.
#[test]
fn a_single_server_calls_one_handler_at_a_time() {
    let inside = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&inside);
    let server = serve_in(Mode::Single, ServerConfig::new(), move |_: &mut Request| {
        assert_eq!(counted.fetch_add(1, Ordering::SeqCst), 0, "somebody else is in here");
        std::thread::sleep(Duration::from_micros(300));
        counted.fetch_sub(1, Ordering::SeqCst);
        "alone"
    });
    let mut all: Vec<Wire> = (0..10).map(|_| Wire::connect(server.addr())).collect();
    for _ in 0..10 {
        all.iter_mut().for_each(|client| client.send(get("/")));
        all.iter_mut().for_each(|client| assert_eq!(client.answer().text(), "alone"));
    }
}

/// Stopping while requests begin, block, end and are mailed around.
#[test]
fn stops_at_any_moment_end() {
    for round in 0..40_u64 {
        let stopper = Arc::new(Mutex::new(None::<pauper_server::Control>));
        let stops = Arc::clone(&stopper);
        let server = listen("127.0.0.1:0")
            .config(ServerConfig::new().with_loops(2).with_stop_time(PATIENCE))
            .spawn(Endpoints(move |req: &mut Request| {
                if req.path() == "/slow" {
                    std::thread::sleep(4 * MS);
                }
                if req.path() == "/stop"
                    && let Some(control) = &*stops.lock().unwrap()
                {
                    control.stop();
                }
                Response::text("x")
            }))
            .unwrap();
        *stopper.lock().unwrap() = Some(server.control().clone());
        let mut all: Vec<Wire> = (0..6).map(|_| Wire::connect(server.addr())).collect();
        for (number, client) in all.iter_mut().enumerate() {
            client.send(get(if number % 2 == 0 { "/slow" } else { "/quick" }));
        }
        std::thread::sleep(Duration::from_micros(round * 150));
        all[1].send(get("/stop"));
        assert_eq!(server.join().unwrap().left(), 0, "round {round}");
        for client in &mut all {
            assert_eq!(client.answer().status(), 200, "round {round}");
        }
    }
}

/// A connection that a handler takes for itself is no thread of the pool.
#[test]
fn threads_of_upgraded_connections_are_others() {
    let gate = Gate::default();
    let waits = gate.clone();
    let server = serve_with(one_loop().with_threads(1), move |req: &mut Request| {
        if req.path() != "/upgrade" {
            return Response::text("fine");
        }
        let waits = waits.clone();
        Response::upgrade("test", Upgrade::blocking(move |_| waits.pass()))
    });
    let mut all: Vec<Wire> = (0..10).map(|_| Wire::connect(server.addr())).collect();
    for client in &mut all {
        client.send(
            "GET /upgrade HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: test\r\n\r\n",
        );
        assert_eq!(client.head().lines().next(), Some("HTTP/1.1 101 Switching Protocols"));
    }
    gate.wait_for(10);
    assert_eq!(Wire::connect(server.addr()).get("/").text(), "fine");
    gate.open();
    all.iter_mut().for_each(Wire::assert_closed);
}
