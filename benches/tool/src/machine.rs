//! What is told about the machine: what changes figures, nothing that names it.

use std::fs;
use std::process::Command;

use serde_json::{Value, json};

use crate::shell;

/// The machine as it is now.
pub(crate) fn describe() -> Value {
    json!({
        "cpu": cpu_model(),
        "cores": std::thread::available_parallelism().map_or(1, usize::from),
        "kernel": read("/proc/sys/kernel/osrelease"),
        "load_average_at_start": read("/proc/loadavg").split(' ').next(),
    })
}

/// `rustc --version`.
pub(crate) fn rustc() -> String {
    shell::output(Command::new("rustc").arg("--version")).unwrap_or_default().trim().into()
}

/// The commit measured, with a `+` if anything was changed since.
pub(crate) fn commit() -> Option<String> {
    let git = |args: &[&str]| {
        shell::output(Command::new("git").args(args).current_dir(shell::root())).ok()
    };
    let commit = git(&["rev-parse", "--short=12", "HEAD"])?;
    let changed = git(&["status", "--porcelain", "--untracked-files=no"])?;
    let plus = if changed.is_empty() { "" } else { "+" };
    Some(format!("{}{plus}", commit.trim()))
}

/// Today in UTC, `YYYY-MM-DD`, and the seconds since 1970.
pub(crate) fn now() -> (String, u64) {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let seconds = since.map_or(0, |since| since.as_secs());
    (date(seconds / 86_400), seconds)
}

/// The date so many days after 1970-01-01 (H. Hinnant's `civil_from_days`, for days from then on).
fn date(days: u64) -> String {
    let days = days + 719_468; // since 0000-03-01
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153; // 0 is March
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

fn cpu_model() -> String {
    let told = read("/proc/cpuinfo");
    let line = told.lines().find(|line| line.starts_with("model name"));
    let model = line.and_then(|line| line.split_once(": ")).map_or("unknown", |(_, model)| model);
    format!("{} {}", std::env::consts::ARCH, model.trim())
}

fn read(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_default().trim().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_become_dates() {
        for (days, expected) in [(0, "1970-01-01"), (11_016, "2000-02-29"), (20_088, "2024-12-31")]
        {
            assert_eq!(date(days), expected, "{days}");
        }
    }
}
