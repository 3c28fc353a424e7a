//! What a process and its children used, from the kernel's own accounting.

use std::fs;
use std::time::Duration;

use nix::sys::time::TimeValLike;
use nix::time::{clock_getcpuclockid, clock_gettime};
use nix::unistd::Pid;

/// The clock ticks of `/proc/PID/stat`, which Linux fixes at 100 a second.
const TICKS: u64 = 100;

/// Processor time.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Cpu {
    /// User and system, of all threads, precise to the nanosecond.
    pub(crate) total: Duration,
    /// The part spent in the kernel, precise to ticks of 10 ms.
    pub(crate) system: Duration,
}

/// The processor time of a process, all its threads and all its children so far.
pub(crate) fn cpu(pid: u32) -> Cpu {
    let mut sum = Cpu::default();
    for pid in tree(pid) {
        let Some(stat) = stat(pid) else { continue };
        let own = precise(pid).unwrap_or(stat.user + stat.system);
        sum.total += own + stat.children;
        sum.system += stat.system;
    }
    sum
}

/// The process's own clock: the same accounting as user + system of `/proc/PID/stat`, not rounded.
fn precise(pid: u32) -> Option<Duration> {
    let pid = Pid::from_raw(pid.try_into().ok()?);
    let time = clock_gettime(clock_getcpuclockid(pid).ok()?).ok()?;
    Some(Duration::from_nanos(time.num_nanoseconds().try_into().ok()?))
}

struct Stat {
    user: Duration,
    system: Duration,
    /// Children that ended and were waited for.
    children: Duration,
}

fn stat(pid: u32) -> Option<Stat> {
    parse_stat(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

fn parse_stat(text: &str) -> Option<Stat> {
    // The name stands in parentheses and may contain anything, so count from its end (field 3).
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_ascii_whitespace().collect();
    let ticks = |number: usize| {
        let ticks: u64 = fields.get(number - 3)?.parse().ok()?;
        Some(Duration::from_millis(ticks * 1000 / TICKS))
    };
    Some(Stat { user: ticks(14)?, system: ticks(15)?, children: ticks(16)? + ticks(17)? })
}

/// A process and all that descend from it.
pub(crate) fn tree(pid: u32) -> Vec<u32> {
    let mut found = vec![pid];
    let mut next = 0;
    while let Some(&pid) = found.get(next) {
        next += 1;
        let Ok(tasks) = fs::read_dir(format!("/proc/{pid}/task")) else { continue };
        for task in tasks.flatten() {
            let children = fs::read_to_string(task.path().join("children")).unwrap_or_default();
            found.extend(children.split_ascii_whitespace().filter_map(|it| it.parse::<u32>().ok()));
        }
    }
    found
}

/// The resident memory of a process and its children, in KiB.
pub(crate) fn resident(pid: u32) -> f64 {
    tree(pid).into_iter().filter_map(|pid| status(pid, "VmRSS:")).sum()
}

/// The most that was ever resident of each, in KiB.
pub(crate) fn peak(pid: u32) -> f64 {
    tree(pid).into_iter().filter_map(|pid| status(pid, "VmHWM:")).sum()
}

/// The threads of a process and its children.
pub(crate) fn threads(pid: u32) -> f64 {
    tree(pid).into_iter().filter_map(|pid| status(pid, "Threads:")).sum()
}

fn status(pid: u32, key: &str) -> Option<f64> {
    let text = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(key))?;
    line.split_ascii_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_counted_from_the_end_of_the_name() {
        let line = "7 (a ) b) S 1 7 7 0 -1 0 1 2 3 4 150 25 3 2 20 0 1 0 5";
        let stat = parse_stat(line).unwrap();
        assert_eq!(stat.user, Duration::from_millis(1500));
        assert_eq!(stat.system, Duration::from_millis(250));
        assert_eq!(stat.children, Duration::from_millis(50));
        assert!(parse_stat("7 nothing").is_none());
    }

    #[test]
    fn our_own_time_grows_as_we_work() {
        let pid = std::process::id();
        let before = cpu(pid).total;
        let begun = std::time::Instant::now();
        while begun.elapsed() < Duration::from_millis(20) {
            std::hint::black_box(begun);
        }
        assert!(cpu(pid).total > before);
        assert!(peak(pid) > 100.0);
        assert!(resident(pid) > 100.0 && threads(pid) >= 1.0);
    }
}
