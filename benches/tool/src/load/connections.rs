//! A connection for each request.

use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use super::Failures;
use crate::answers::{Client, Failure, request};

const THREADS: usize = 16;
const PATIENCE: Duration = Duration::from_secs(2);

/// Connects, asks for `/plaintext` with `Connection: close`, reads the answer and closes, over and
/// over on sixteen threads; how many times, and in which time.
pub(crate) fn run(address: SocketAddr, time: Duration) -> (u64, f64, Failures) {
    let begun = Instant::now();
    let each = || {
        let request = request("/plaintext", "Connection: close\r\n");
        let (mut done, mut failures) = (0, Failures::default());
        while begun.elapsed() < time {
            match once(address, request.as_bytes()) {
                Ok(()) => done += 1,
                Err(failure) => failures.count(failure),
            }
        }
        (done, failures)
    };
    let (mut done, mut failures) = (0, Failures::default());
    thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(each)).collect();
        for thread in threads {
            let (more, failed) = thread.join().expect("the driver does not panic");
            done += more;
            failures.add(failed);
        }
    });
    (done, begun.elapsed().as_secs_f64(), failures)
}

fn once(address: SocketAddr, request: &[u8]) -> Result<(), Failure> {
    let mut client = Client::connect(address, PATIENCE)?;
    client.send(request)?;
    client.expect("Hello, World!".len())
}
