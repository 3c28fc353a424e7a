//! System calls per request, counted by strace while 64 connections are kept busy.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Barrier;
use std::thread::{self, sleep};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::Failures;
use crate::answers::{Client, request};
use crate::{Result, account, shell};

const CONNECTIONS: usize = 64;
const REQUESTS_EACH: usize = 20;
const PATIENCE: Duration = Duration::from_millis(1500);

/// What strace counted.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) per_request: f64,
    /// The most frequent ones, with calls per request.
    pub(crate) names: Vec<(String, f64)>,
    pub(crate) failures: Failures,
}

/// Connections are opened and warmed before strace is attached, and stay open until it is gone.
///
/// # Errors
/// When strace is missing or may not attach, or nothing was answered.
pub(crate) fn run(address: SocketAddr, pid: u32, folder: &Path) -> Result<Seen> {
    if !shell::has("strace") {
        return Err("strace is missing: apt-get install strace".into());
    }
    let request = request("/plaintext", "");
    let (ready, go) = (Barrier::new(CONNECTIONS + 1), Barrier::new(CONNECTIONS + 1));
    let table = folder.join("strace");
    let each = || {
        let (mut done, mut failures) = (0_u64, Failures::default());
        let ask = |client: &mut Client| {
            client.send(request.as_bytes())?;
            client.expect("Hello, World!".len())
        };
        let mut client = Client::connect(address, PATIENCE);
        let warm = client.as_mut().map_err(|failure| *failure).and_then(ask);
        ready.wait();
        go.wait();
        match (client, warm) {
            (Ok(mut client), Ok(())) => {
                for _ in 0..REQUESTS_EACH {
                    match ask(&mut client) {
                        Ok(()) => done += 1,
                        Err(failure) => {
                            failures.count(failure);
                            break;
                        }
                    }
                }
                (done, failures, Some(client))
            }
            (_, warm) => {
                warm.unwrap_or_else(|failure| failures.count(failure));
                (done, failures, None)
            }
        }
    };
    thread::scope(|scope| {
        let threads: Vec<_> = (0..CONNECTIONS).map(|_| scope.spawn(each)).collect();
        ready.wait();
        let mut command = Command::new("strace");
        command.args(["-c", "-f", "-S", "calls", "-o"]).arg(&table);
        // Processes that are there already are not followed, they have to be named.
        let pids = account::tree(pid);
        for pid in &pids {
            command.arg("-p").arg(pid.to_string());
        }
        command.stdin(Stdio::null()).stderr(Stdio::null());
        let strace = command.spawn();
        wait_until_traced(&pids);
        go.wait();
        let (mut done, mut failures, mut open) = (0, Failures::default(), Vec::new());
        for thread in threads {
            let (more, failed, client) = thread.join().expect("the driver does not panic");
            done += more;
            failures.add(failed);
            open.push(client);
        }
        let mut strace = strace.map_err(|error| error.to_string())?;
        let id = Pid::from_raw(strace.id().try_into().map_err(|_| "a pid")?);
        let _ = kill(id, Signal::SIGINT);
        let _ = strace.wait();
        drop(open);
        if done == 0 {
            return Err(format!("nothing was answered: {failures:?}"));
        }
        let text = fs::read_to_string(&table).map_err(|error| error.to_string())?;
        let calls = parse(&text);
        if calls.is_empty() {
            return Err("strace counted nothing; may it attach?".into());
        }
        let per = |count: u64| count as f64 / done as f64;
        let per_request = per(calls.iter().map(|(_, count)| count).sum());
        let names = calls.into_iter().map(|(name, count)| (name, per(count)));
        let names = names.filter(|(_, count)| *count >= 0.005).take(6).collect();
        Ok(Seen { per_request, names, failures })
    })
}

/// Waits until every thread of the processes has a tracer, two seconds at most.
fn wait_until_traced(pids: &[u32]) {
    let untraced = |task: fs::DirEntry| {
        let status = fs::read_to_string(task.path().join("status")).unwrap_or_default();
        status.lines().any(|line| line == "TracerPid:\t0")
    };
    for _ in 0..200 {
        let tasks = |pid: &u32| fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten();
        if !pids.iter().flat_map(tasks).flatten().any(untraced) {
            return;
        }
        sleep(Duration::from_millis(10));
    }
}

/// The rows of strace's table: `% time  seconds  usecs/call  calls  [errors]  syscall`.
fn parse(text: &str) -> Vec<(String, u64)> {
    text.lines()
        .filter_map(|line| {
            let words: Vec<&str> = line.split_ascii_whitespace().collect();
            let (name, calls) = (*words.last()?, words.get(3)?.parse().ok()?);
            let row = words[0].parse::<f64>().is_ok() && name != "total";
            row.then(|| (name.to_owned(), calls))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_strace_is_understood() {
        let text = "\
% time     seconds  usecs/call     calls    errors syscall
------ ----------- ----------- --------- --------- ----------------
 60.00    0.000600           6       100           write
 40.00    0.000400           4       110        10 read
------ ----------- ----------- --------- --------- ----------------
100.00    0.001000           4       210        10 total
";
        assert_eq!(parse(text), [("write".to_owned(), 100), ("read".to_owned(), 110)]);
    }
}
