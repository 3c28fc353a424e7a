//! Very many connections that were used once and are kept open.

use std::net::SocketAddr;
use std::thread::sleep;
use std::time::Duration;

use super::Failures;
use crate::account;
use crate::answers::{Client, request};

/// After so many failures one after another a server is taken to have stopped.
const MOST_FAILURES: usize = 4;
const PATIENCE: Duration = Duration::from_millis(500);

/// What became of the connections.
#[derive(Debug)]
pub(crate) struct Seen {
    /// How many were open, each with one answer, before the server stopped or all were there.
    pub(crate) open: usize,
    /// Resident memory of the server for each.
    pub(crate) kib_each: f64,
    /// Its threads then.
    pub(crate) threads: f64,
    /// How many of a hundred new requests were answered then: half on new connections, half on
    /// some of the idle ones.
    pub(crate) others_served: usize,
    pub(crate) failures: Failures,
}

/// Opens connections one after another, one request on each.
pub(crate) fn run(address: SocketAddr, pid: u32, connections: usize) -> Seen {
    let request = request("/plaintext", "");
    let ask = |client: &mut Client| {
        client.send(request.as_bytes())?;
        client.expect("Hello, World!".len())
    };
    let fresh = || {
        let mut client = Client::connect(address, PATIENCE)?;
        ask(&mut client).map(|()| client)
    };
    let mut failures = Failures::default();
    // What the first requests load once is not the price of a connection.
    for _ in 0..20 {
        let _ = fresh();
    }
    sleep(Duration::from_millis(50));
    let before = account::resident(pid);
    let (mut idle, mut in_a_row) = (Vec::with_capacity(connections), 0);
    while idle.len() < connections && in_a_row < MOST_FAILURES {
        match fresh() {
            Ok(client) => {
                idle.push(client);
                in_a_row = 0;
            }
            Err(failure) => {
                failures.count(failure);
                in_a_row += 1;
            }
        }
    }
    sleep(Duration::from_millis(100));
    let used = (account::resident(pid) - before).max(0.0);
    let threads = account::threads(pid);

    let (mut others_served, mut given_up) = (0, 0);
    let step = (idle.len() / 50).max(1);
    for index in 0..100 {
        if given_up >= MOST_FAILURES {
            break;
        }
        let result = match (index % 2, idle.get_mut(index / 2 * step)) {
            (0, Some(client)) => ask(client),
            _ => fresh().map(drop),
        };
        match result {
            Ok(()) => others_served += 1,
            Err(failure) => {
                failures.count(failure);
                given_up += 1;
            }
        }
    }
    let open = idle.len();
    Seen { open, kib_each: used / open.max(1) as f64, threads, others_served, failures }
}
