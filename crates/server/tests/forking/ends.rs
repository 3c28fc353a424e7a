//! How workers and servers end.

use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::process::{KINDS, Process, files, is_alive, kill, signal, state};
use crate::support::{Wire, get, post, wait_until};

pub(crate) const TESTS: &[(&str, fn())] = &[
    ("a_worker_that_is_killed_is_replaced_and_others_are_unaffected", killed),
    ("aborts_and_panics_cost_what_they_should", aborts),
    ("a_stuck_worker_is_replaced", stuck),
    ("a_worker_that_stands_still_is_replaced", stands_still),
    ("a_factory_that_hangs_is_ended", hangs),
    ("the_end_of_the_master_ends_the_workers", master_dies),
    ("a_stop_finishes_what_is_under_way", stop),
    ("a_stop_at_once_waits_for_nobody", stop_now),
    ("a_handler_that_stops_the_server_stops_all_workers", shutdown),
    ("what_keeps_all_workers_from_serving_is_an_error", first_failure),
    ("a_process_with_threads_is_refused", threads),
    ("workers_that_die_young_are_replaced_slowly_and_the_rest_goes_on", back_off),
    ("nothing_leaks_from_worker_to_worker", leaks),
    ("the_file_of_a_unix_socket_outlives_workers_and_ends_with_the_server", unix_socket),
    ("uploads_and_pipelines_work_in_workers", uploads),
];

fn killed() {
    for kind in KINDS {
        let server = Process::start(kind, 3, &[]);
        // From now on none of them is young.
        std::thread::sleep(Duration::from_millis(1200));
        let mut clients = server.client_of_each(3);
        let before = server.workers();
        let mut victim = clients.pop().unwrap();
        let start = Instant::now();
        kill(victim.process);
        wait_until("there is another", || {
            for client in &mut clients {
                let answer = client.wire.get("/process").text().to_owned();
                assert_eq!(answer, client.process.to_string(), "others are unaffected");
            }
            let now = server.workers();
            now.len() == 3 && !now.contains(&victim.process)
        });
        println!("{kind}: replaced after {:?}", start.elapsed());
        victim.wire.assert_closed();
        let new = *server.workers().difference(&before).next().unwrap();
        wait_until("it serves", || server.client().process == new);
        // All at once.
        server.workers().into_iter().for_each(kill);
        assert_eq!(server.client().wire.get("/version").text(), "first");
        wait_until("all are there again", || server.workers().len() == 3);
    }
}

fn aborts() {
    for kind in KINDS {
        let server = Process::start(kind, 2, &[]);
        std::thread::sleep(Duration::from_millis(1200));
        let mut clients = server.client_of_each(2);
        let mut panics = server.client();
        panics.wire.send(get("/panic"));
        assert_eq!(panics.wire.answer().status(), 500);
        assert!(server.workers().contains(&panics.process), "a panic costs one answer");
        let mut aborts = clients.pop().unwrap();
        aborts.wire.send(get("/abort"));
        aborts.wire.assert_closed();
        assert_eq!(clients[0].wire.get("/version").text(), "first");
        wait_until("it is replaced", || {
            server.workers().len() == 2 && !server.workers().contains(&aborts.process)
        });
        assert_eq!(clients[0].wire.get("/version").text(), "first");
    }
}

fn stuck() {
    let server = Process::start("single", 2, &[("STALL", "600")]);
    let mut clients = server.client_of_each(2);
    let mut victim = clients.pop().unwrap();
    victim.wire.send(get("/sleep/60000"));
    wait_until("it is replaced", || {
        assert_eq!(clients[0].wire.get("/version").text(), "first");
        !server.workers().contains(&victim.process) && server.workers().len() == 2
    });
    victim.wire.assert_closed();
    // Whoever is idle, or works a little, is not stuck.
    let before = server.workers();
    for _ in 0..5 {
        assert_eq!(clients[0].wire.get("/sleep/300").text(), "slept");
    }
    assert_eq!(server.workers(), before);
    // In threads a handler may take its time.
    let server = Process::start("threads", 1, &[("STALL", "400")]);
    let mut slow = server.client();
    assert_eq!(slow.wire.get("/sleep/1500").text(), "slept");
    assert!(server.workers().contains(&slow.process));
}

fn stands_still() {
    for kind in KINDS {
        let server = Process::start(kind, 1, &[("STALL", "400")]);
        let victim = server.client().process;
        signal(victim, Signal::STOP);
        wait_until("it is replaced", || {
            !server.workers().contains(&victim) && server.workers().len() == 1
        });
        assert_ne!(server.client().process, victim);
    }
}

fn hangs() {
    let mut server = Process::start("threads", 1, &[("STALL", "400")]);
    let before = server.client().process;
    server.set_version("hang");
    server.order(b'r');
    wait_until("the new one was started", || server.workers().len() == 2);
    wait_until("the reload was abandoned", || server.workers().len() == 1);
    assert_eq!(server.client().process, before);
}

fn master_dies() {
    for kind in KINDS {
        let server = Process::start(kind, 3, &[("STOP", "1000")]);
        let workers = server.workers();
        let mut idle = server.client();
        let mut clients = server.client_of_each(2);
        // One that would end, and one that would not.
        clients[0].wire.send(get("/sleep/300"));
        clients[1].wire.send(get("/sleep/60000"));
        std::thread::sleep(Duration::from_millis(100));
        kill(server.master());
        assert_eq!(clients[0].wire.answer().text(), "slept");
        if !clients.iter().any(|client| client.process == idle.process) {
            idle.wire.assert_closed();
        }
        wait_until("all are gone", || !workers.iter().any(|worker| is_alive(*worker)));
    }
}

fn stop() {
    for kind in KINDS {
        let mut server = Process::start(kind, 2, &[]);
        let workers = server.workers();
        let mut clients = server.client_of_each(2);
        clients.iter_mut().for_each(|client| client.wire.send(get("/sleep/400")));
        std::thread::sleep(Duration::from_millis(100));
        server.order(b's');
        for client in &mut clients {
            assert_eq!(client.wire.answer().text(), "slept");
            client.wire.assert_closed();
        }
        let (last, status) = server.end();
        assert_eq!((last.as_str(), status.code()), ("left 0", Some(0)));
        assert!(!workers.iter().any(|worker| is_alive(*worker)));
    }
}

fn stop_now() {
    for kind in KINDS {
        let mut server = Process::start(kind, 2, &[]);
        let workers = server.workers();
        let mut clients = server.client_of_each(2);
        clients.iter_mut().for_each(|client| client.wire.send(get("/sleep/60000")));
        std::thread::sleep(Duration::from_millis(100));
        server.order(b'n');
        clients.iter_mut().for_each(|client| client.wire.assert_closed());
        let (last, status) = server.end();
        assert_eq!((last.as_str(), status.code()), ("left 2", Some(0)));
        assert!(!workers.iter().any(|worker| is_alive(*worker)));
    }
}

fn shutdown() {
    for kind in KINDS {
        let server = Process::start(kind, 3, &[]);
        assert_eq!(server.client().wire.get("/shutdown").text(), "bye");
        let (last, status) = server.end();
        assert_eq!((last.as_str(), status.code()), ("left 0", Some(0)));
    }
}

fn first_failure() {
    for (what, says) in [("panic", "no database"), ("abort", "a worker was ended by signal 6")] {
        let server = Process::begin("threads", 3, &[("FIRST", what)]);
        let (last, status) = server.end();
        assert!(last.starts_with("failed ") && last.contains(says), "{what}: {last}");
        assert_eq!(status.code(), Some(1));
    }
}

fn threads() {
    let server = Process::begin("threads", 2, &[("THREADS", "1")]);
    let (last, status) = server.end();
    assert!(last.contains("cannot fork: this process has 2 threads"), "{last}");
    assert_eq!(status.code(), Some(1));
}

fn back_off() {
    let server = Process::start("threads", 2, &[]);
    let mut clients = server.client_of_each(2);
    server.set_version("abort");
    let victim = clients.pop().unwrap();
    kill(victim.process);
    let mut seen = server.workers();
    let start = Instant::now();
    while start.elapsed() < Duration::from_millis(1500) {
        seen.extend(server.workers());
        assert_eq!(clients[0].wire.get("/version").text(), "first");
    }
    // One each at 0, 0.1, 0.3, 0.7 and 1.5 seconds, and a few for a slow machine.
    assert!(seen.len() <= 12, "{} workers in a second and a half", seen.len());
    server.set_version("first");
    wait_until("it recovers", || {
        server.workers().len() == 2 && server.client().process != clients[0].process
    });
}

fn leaks() {
    for kind in KINDS {
        let mut server = Process::start(kind, 2, &[]);
        let mut client = server.client_of_each(2).pop().unwrap();
        let first: usize = client.wire.get("/files").text().parse().unwrap();
        drop(client);
        let master = files(server.master());
        for round in 0..12 {
            let before = server.workers();
            if round % 3 == 2 {
                server.order(b'r');
                wait_until("all are others", || {
                    server.workers().len() == 2 && server.workers().is_disjoint(&before)
                });
            } else {
                let victim = server.client().process;
                kill(victim);
                wait_until("it is replaced", || {
                    !server.workers().contains(&victim) && server.workers().len() == 2
                });
            }
            for worker in server.workers() {
                assert_ne!(state(worker), Some('Z'), "a zombie");
            }
        }
        for mut client in server.client_of_each(2) {
            let now: usize = client.wire.get("/files").text().parse().unwrap();
            assert!(now <= first + 1, "{kind}: {now} files, {first} at first");
        }
        assert_eq!(files(server.master()), master);
    }
}

fn unix_socket() {
    let mut server = Process::start("threads", 2, &[("SOCKET", "socket")]);
    let path = server.path("socket");
    let victim = server.client().process;
    kill(victim);
    let before = server.workers();
    server.order(b'r');
    wait_until("all are others", || {
        server.workers().len() == 2 && server.workers().is_disjoint(&before)
    });
    let mut client = UnixStream::connect(&path).unwrap();
    std::io::Write::write_all(&mut client, get("/version").as_bytes()).unwrap();
    let mut start = [0; 12];
    std::io::Read::read_exact(&mut client, &mut start).unwrap();
    assert_eq!(&start, b"HTTP/1.1 200");
    server.order(b's');
    wait_until("it ended", || !server.is_running());
    assert!(!path.exists());
}

fn uploads() {
    for kind in KINDS {
        let server = Process::start(kind, 2, &[("LOOPS", "2")]);
        for _ in 0..8 {
            let mut wire = Wire::connect(server.address());
            wire.send(post("/length", &"x".repeat(300_000)));
            assert_eq!(wire.answer().text(), "300000");
            wire.send(get("/version").repeat(20));
            (0..20).for_each(|_| assert_eq!(wire.answer().text(), "first"));
            wire.send(
                "POST /length HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n\
                 5\r\nhello\r\n0\r\n\r\n",
            );
            assert_eq!(wire.answer().text(), "5");
        }
    }
}
