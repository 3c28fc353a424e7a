//! Very many connections that were used once and are kept open.

use std::net::SocketAddr;
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use super::Failures;
use crate::account;
use crate::answers::{Client, Failure, request};

/// So many threads open connections, each its share.
const THREADS: usize = 8;
/// After so many failures one after another a server is taken to have stopped answering.
const MOST_FAILURES: usize = 2;
/// More than a second, after which a connection that found the queue full is tried again.
const PATIENCE: Duration = Duration::from_millis(1200);
/// Opening all of them may take so long.
const MOST_TIME: Duration = Duration::from_secs(30);

/// What became of the connections.
#[derive(Debug)]
pub(crate) struct Seen {
    /// How many were open, each with one answer, before the server stopped or all were there.
    pub(crate) open: usize,
    /// Resident memory of the server for each.
    pub(crate) kib_each: f64,
    /// Its threads then.
    pub(crate) threads: f64,
    /// How many requests on fifty of the idle connections were answered then.
    pub(crate) idle_served: usize,
    /// How many on fifty new ones.
    pub(crate) new_served: usize,
    pub(crate) failures: Failures,
}

/// Opens connections, one request on each.
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
    let mut warm = 0;
    served(&mut failures, || {
        warm += 1;
        (warm <= 20).then(|| fresh().map(drop))
    });
    sleep(Duration::from_millis(50));
    let before = account::resident(pid);
    let begun = Instant::now();
    let each = || {
        let (mut idle, mut failures, mut in_a_row) = (Vec::new(), Failures::default(), 0);
        let share = connections / THREADS;
        while idle.len() < share && in_a_row < MOST_FAILURES && begun.elapsed() < MOST_TIME {
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
        (idle, failures)
    };
    let mut idle = Vec::with_capacity(connections);
    thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(each)).collect();
        for thread in threads {
            let (more, failed) = thread.join().expect("the driver does not panic");
            idle.extend(more);
            failures.add(failed);
        }
    });
    sleep(Duration::from_millis(100));
    let used = (account::resident(pid) - before).max(0.0);
    let threads = account::threads(pid);

    let step = (idle.len() / 50).max(1);
    let mut asked = idle.iter_mut().step_by(step).take(50);
    let idle_served = served(&mut failures, || asked.next().map(ask));
    let new_served = served(&mut failures, || Some(fresh().map(drop)));
    let open = idle.len();
    Seen { open, kib_each: used / open.max(1) as f64, threads, idle_served, new_served, failures }
}

/// How many of fifty requests are answered, before too many are not.
fn served(failures: &mut Failures, mut ask: impl FnMut() -> Option<Result<(), Failure>>) -> usize {
    let (mut served, mut failed) = (0, 0);
    while served + failed < 50 && failed < MOST_FAILURES {
        match ask() {
            Some(Ok(())) => served += 1,
            Some(Err(failure)) => {
                failures.count(failure);
                failed += 1;
            }
            None => break,
        }
    }
    served
}
