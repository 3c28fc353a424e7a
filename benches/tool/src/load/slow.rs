//! Clients that send a head at one byte a second and never finish it.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use crate::answers::Client;

/// More than a second, after which a connection that found the queue full is tried again.
const PATIENCE: Duration = Duration::from_millis(1200);

/// Opens so many slow connections, does `work` while they drip; what it gave, how many were open
/// before it, and how many the server had closed after it.
pub(crate) fn during<T>(
    address: SocketAddr,
    connections: usize,
    work: impl FnOnce() -> T,
) -> (T, usize, usize) {
    let mut slow: Vec<Client> = Vec::with_capacity(connections);
    let mut refused = 0;
    while slow.len() < connections && refused < 4 {
        match Client::connect(address, PATIENCE) {
            Ok(mut client) => {
                let _ = client.send(b"GET /plaintext HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ");
                slow.push(client);
            }
            Err(_) => refused += 1,
        }
    }
    let open = slow.len();
    // Let a thread per connection be started before anything is timed.
    sleep(Duration::from_millis(200));
    let stop = AtomicBool::new(false);
    let (given, closed) = thread::scope(|scope| {
        let drip = scope.spawn(|| {
            // A hundredth of the connections every 10 ms: each has a byte a second.
            let share = (slow.len() / 100).max(1);
            let (begun, mut turn) = (Instant::now(), 0_u32);
            while !stop.load(Ordering::Relaxed) {
                let start = turn as usize % 100 * share;
                for client in slow.iter_mut().skip(start).take(share) {
                    let _ = client.send(b"x");
                }
                turn += 1;
                let due = Duration::from_millis(10) * turn;
                sleep(due.saturating_sub(begun.elapsed()));
            }
            slow.iter().filter(|client| client.is_closed()).count()
        });
        let given = work();
        stop.store(true, Ordering::Relaxed);
        (given, drip.join().expect("the driver does not panic"))
    });
    (given, open, closed)
}
