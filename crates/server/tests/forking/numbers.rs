//! What workers are told about themselves, and how they share what comes.

use std::collections::BTreeMap;

use crate::process::{KINDS, Process};
use crate::support::wait_until;

pub(crate) const TESTS: &[(&str, fn())] = &[
    ("workers_know_their_numbers_which_are_used_again", numbers),
    ("connections_are_spread_over_the_workers", spread),
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

fn early() {
    let mut server = Process::begin("threads", 2, &[]);
    server.order(b's');
    let (last, status) = server.end();
    assert_eq!((last.as_str(), status.code()), ("left 0", Some(0)));
}
