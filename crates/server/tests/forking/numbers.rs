//! What workers are told about themselves, and how they share what comes.

use std::collections::BTreeMap;

use rustix::process::Signal;

use crate::process::{KINDS, Process, signal};
use crate::support::{get, wait_until};

pub(crate) const TESTS: &[(&str, fn())] = &[
    ("workers_know_their_numbers_which_are_used_again", numbers),
    ("connections_are_spread_over_the_workers", spread),
    ("signals_are_for_the_master_and_do_nothing_in_workers", signals),
    ("an_order_to_stop_waits_for_the_run", early),
];

fn numbers() {
    let server = Process::start("threads", 3, &[]);
    let all = |server: &Process| {
        let mut numbers: Vec<String> = server
            .client_of_each(3)
            .into_iter()
            .map(|mut client| client.wire.get("/worker").text().to_owned())
            .collect();
        numbers.sort();
        numbers
    };
    assert_eq!(all(&server), ["0", "1", "2"]);
    let victim = server.client().process;
    crate::process::kill(victim);
    wait_until("it is replaced", || {
        !server.workers().contains(&victim) && server.workers().len() == 3
    });
    assert_eq!(all(&server), ["0", "1", "2"]);
}

fn spread() {
    for kind in KINDS {
        let server = Process::start(kind, 2, &[]);
        let clients: Vec<_> = (0..60).map(|_| server.client()).collect();
        let mut each: BTreeMap<u32, usize> = BTreeMap::new();
        clients.iter().for_each(|client| *each.entry(client.process).or_default() += 1);
        println!("{kind}: connections of each worker: {:?}", each.values().collect::<Vec<_>>());
        assert_eq!(each.len(), 2, "one has all");
    }
}

fn signals() {
    for kind in KINDS {
        let server = Process::start(kind, 2, &[]);
        let before = server.workers();
        for worker in &before {
            // Nobody waits for a signal that does nothing; the requests show that they live.
            for one in [Signal::TERM, Signal::HUP, Signal::TTIN, Signal::TTOU] {
                signal(*worker, one);
            }
        }
        for mut client in server.client_of_each(2) {
            assert_eq!(client.wire.get("/version").text(), "first");
        }
        assert_eq!(server.workers(), before);
        signal(server.master(), Signal::TTIN);
        wait_until("one more", || server.workers().len() == 3);
        signal(server.master(), Signal::TTOU);
        wait_until("one less", || server.workers().len() == 2);
        let before = server.workers();
        signal(server.master(), Signal::HUP);
        wait_until("all are others", || {
            server.workers().len() == 2 && server.workers().is_disjoint(&before)
        });
        // As of a service manager, which tells all processes.
        server.workers().into_iter().for_each(|worker| signal(worker, Signal::TERM));
        let mut slow = server.client();
        slow.wire.send(get("/sleep/300"));
        std::thread::sleep(std::time::Duration::from_millis(50));
        signal(server.master(), Signal::TERM);
        assert_eq!(slow.wire.answer().text(), "slept");
        assert_eq!(server.end().0, "left 0");
    }
}

fn early() {
    let mut server = Process::begin("threads", 2, &[]);
    server.order(b's');
    let (last, status) = server.end();
    assert_eq!((last.as_str(), status.code()), ("left 0", Some(0)));
}
