//! System calls counted by the kernel's own tracepoint, which hardly slows who makes them.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::{Result, account, shell};

const EVENT: &str = "raw_syscalls:sys_enter";

/// How many system calls a process and its children make while `work` is done, and what that gave;
/// no count where perf is missing or may not.
///
/// # Errors
/// When the work fails.
pub(crate) fn during<T>(
    pid: u32,
    folder: &Path,
    work: impl FnOnce() -> Result<T>,
) -> Result<(T, Option<u64>)> {
    let table = folder.join("perf");
    let _ = fs::remove_file(&table);
    let pids: Vec<String> = account::tree(pid).iter().map(u32::to_string).collect();
    let mut command = Command::new("perf");
    command.args(["stat", "-x", ",", "-e", EVENT, "-p", &pids.join(","), "-o"]).arg(&table);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let perf = if shell::has("perf") { command.spawn().ok() } else { None };
    // Until it is attached; nothing tells when.
    sleep(Duration::from_millis(200));
    let given = work();
    if let Some(mut perf) = perf {
        let begun = Instant::now();
        while matches!(perf.try_wait(), Ok(None)) && begun.elapsed() < Duration::from_secs(3) {
            if let Ok(id) = perf.id().try_into() {
                let _ = kill(Pid::from_raw(id), Signal::SIGINT);
            }
            sleep(Duration::from_millis(20));
        }
        let _ = perf.kill();
        let _ = perf.wait();
    }
    let count = parse(&fs::read_to_string(&table).unwrap_or_default());
    Ok((given?, count))
}

/// The number of the line `74933,,raw_syscalls:sys_enter,…`.
fn parse(text: &str) -> Option<u64> {
    text.lines().find(|line| line.contains(EVENT))?.split(',').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_count_of_perf_is_found() {
        let text = "# started on x\n\n74933,,raw_syscalls:sys_enter,1500000,100.00,,\n";
        assert_eq!(parse(text), Some(74_933));
        assert_eq!(parse("<not supported>,,raw_syscalls:sys_enter,0,100.00,,\n"), None);
        assert_eq!(parse(""), None);
    }
}
