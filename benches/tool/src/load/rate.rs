//! Requests at a fixed rate, whatever the server does; some of them to handlers that block.
//!
//! A latency counts from when the request was due, so that a server which makes us late is not
//! spared the requests that it kept from being sent. Requests that block have connections of their
//! own: what the others wait for is the server, not a neighbour on their connection.

use std::net::SocketAddr;
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use super::Failures;
use crate::answers::{Client, Failure, request};

/// Requests a second, in all.
pub(crate) const RATE: u32 = 2000;
/// One in so many blocks.
const BLOCKS: u32 = 100;
/// For so long.
pub(crate) const BLOCK_MS: u32 = 100;

const OTHERS: usize = 40;
const BLOCKERS: usize = 8;
const PATIENCE: Duration = Duration::from_secs(3);

/// What the requests that do not block saw.
#[derive(Debug)]
pub(crate) struct Seen {
    /// Milliseconds, sorted.
    pub(crate) latencies: Vec<f64>,
    pub(crate) failures: Failures,
}

impl Seen {
    /// The latency that this share of requests did not exceed.
    pub(crate) fn quantile(&self, share: f64) -> f64 {
        let rank = (share * self.latencies.len() as f64).ceil() as usize;
        self.latencies.get(rank.max(1) - 1).or(self.latencies.last()).copied().unwrap_or(f64::NAN)
    }
}

/// Asks for `path` at the rate for so long; if `blocking`, one in a hundred requests is for a
/// handler that blocks for 100 ms.
pub(crate) fn run(
    address: SocketAddr,
    path: &str,
    length: usize,
    blocking: bool,
    time: Duration,
) -> Seen {
    let total = (f64::from(RATE) * time.as_secs_f64()) as u32;
    let others = Lane { address, request: request(path, ""), length, keep: true };
    let blocks = request(&format!("/sleep/{BLOCK_MS}"), "");
    let blocks = Lane { address, request: blocks, length: 2, keep: false };
    // All connections stand before the first request is due.
    let begun = Instant::now() + Duration::from_millis(100);
    let (mut latencies, mut failures) = (Vec::new(), Failures::default());
    thread::scope(|scope| {
        let mut threads = Vec::new();
        let due = |number: u32| begun + Duration::from_secs(1) * number / RATE;
        for index in 0..OTHERS {
            let numbers =
                (0..total).filter(|number| number % BLOCKS != 0).skip(index).step_by(OTHERS);
            let lane = &others;
            threads.push(scope.spawn(move || lane.run(numbers.map(due))));
        }
        for index in 0..if blocking { BLOCKERS } else { 0 } {
            let numbers =
                (0..total).filter(|number| number % BLOCKS == 0).skip(index).step_by(BLOCKERS);
            let lane = &blocks;
            threads.push(scope.spawn(move || lane.run(numbers.map(due))));
        }
        for thread in threads {
            let (more, failed) = thread.join().expect("the driver does not panic");
            latencies.extend(more);
            failures.add(failed);
        }
    });
    latencies.sort_by(f64::total_cmp);
    Seen { latencies, failures }
}

/// What one connection, made anew when it breaks, is to do.
struct Lane {
    address: SocketAddr,
    request: String,
    length: usize,
    /// Whether its latencies count.
    keep: bool,
}

impl Lane {
    fn run(&self, due: impl Iterator<Item = Instant>) -> (Vec<f64>, Failures) {
        let (mut latencies, mut failures) = (Vec::new(), Failures::default());
        let mut client = Client::connect(self.address, PATIENCE).ok();
        for due in due {
            sleep(due.saturating_duration_since(Instant::now()));
            match self.once(&mut client) {
                Ok(()) if self.keep => latencies.push(due.elapsed().as_secs_f64() * 1e3),
                Ok(()) => {}
                Err(failure) => {
                    client = None;
                    failures.count(failure);
                    // A server that answers nobody shall not hold us for long.
                    if failures.sum() > 3 {
                        break;
                    }
                }
            }
        }
        (latencies, failures)
    }

    fn once(&self, slot: &mut Option<Client>) -> Result<(), Failure> {
        let client = match slot {
            Some(client) => client,
            None => slot.insert(Client::connect(self.address, PATIENCE)?),
        };
        client.send(self.request.as_bytes())?;
        client.expect(self.length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_values_that_occurred() {
        let latencies = (1..=1000).map(f64::from).collect();
        let seen = Seen { latencies, failures: Failures::default() };
        for (share, expected) in [(0.5, 500.0), (0.99, 990.0), (0.999, 999.0), (1.0, 1000.0)] {
            assert_eq!(seen.quantile(share), expected, "{share}");
        }
        let none = Seen { latencies: Vec::new(), failures: Failures::default() };
        assert!(none.quantile(0.5).is_nan());
    }
}
