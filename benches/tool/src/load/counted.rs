//! Instructions per request, counted by callgrind while one connection asks again and again.
//!
//! Valgrind shows programs a processor of its own, so that counts are the same on every machine
//! that has what that one has; nothing else that runs there is in them. The kernel's are not.

use std::fs;
use std::time::Duration;

use crate::answers::{Client, Failure, request};
use crate::running::{Running, Start};
use crate::{Result, shell};

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked {
    pub(crate) path: &'static str,
    /// How long the body of the answer is.
    pub(crate) length: usize,
    /// How many requests are under way at once.
    pub(crate) depth: usize,
}

/// A server answers so many requests, and in another run so many; the difference is free of
/// starting, ending, and what is done once.
const REQUESTS: [usize; 2] = [480, 1920];
const PATIENCE: Duration = Duration::from_secs(20);

/// The words before a program that make callgrind count it.
const CALLGRIND: &[&str] = &["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"];

/// Whether instructions can be counted.
///
/// # Errors
/// When they cannot, with what is missing.
pub(crate) fn available() -> Result {
    if shell::has("valgrind") {
        return Ok(());
    }
    Err("valgrind is missing: apt-get install valgrind".into())
}

/// The instructions that a server needs for a request outside the kernel.
///
/// # Errors
/// When valgrind is missing or tells nothing, or the server does not answer or does not end.
pub(crate) fn per_request(start: Start<'_>, asked: Asked) -> Result<f64> {
    available()?;
    let [few, many] = REQUESTS;
    let more = run(start, asked, many)?.saturating_sub(run(start, asked, few)?);
    Ok(more as f64 / (many - few) as f64)
}

/// The instructions of a whole life with so many requests.
fn run(start: Start<'_>, asked: Asked, requests: usize) -> Result<u64> {
    let running = Running::start(Start { under: CALLGRIND, ..start })?;
    let failed = |failure: Failure| format!("no answer: {}", failure.words());
    let request = request(asked.path, "").repeat(asked.depth);
    let mut client = Client::connect(running.address, PATIENCE).map_err(failed)?;
    for _ in 0..requests / asked.depth {
        client.send(request.as_bytes()).map_err(failed)?;
        for _ in 0..asked.depth {
            client.expect(asked.length).map_err(failed)?;
        }
    }
    drop(client);
    running.end()?;
    let told = fs::read_to_string(start.folder.join("stderr")).unwrap_or_default();
    collected(&told).ok_or_else(|| "valgrind told no count".into())
}

/// The numbers of callgrind's lines `==1== Collected : 123`, one for each process.
fn collected(told: &str) -> Option<u64> {
    let number = |line: &str| line.split_once("Collected :")?.1.trim().parse::<u64>().ok();
    told.lines().filter_map(number).reduce(|sum, more| sum + more)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_counts_of_callgrind_are_added() {
        let told = "==7== Events    : Ir\n==7== Collected : 123456\n==7== \n";
        assert_eq!(collected(told), Some(123_456));
        assert_eq!(collected(&format!("{told}==8== Collected : 4\n")), Some(123_460));
        assert_eq!(collected("==7== nothing"), None);
    }
}
