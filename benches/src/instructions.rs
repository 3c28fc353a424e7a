//! Instructions of each case, counted by callgrind and kept in `docs/benchmarks/instructions.json`.
//!
//! Counts do not depend on what else a machine does; they depend on the compiler, and on what the
//! processor offers to code that asks. Valgrind shows programs a processor of its own, which differs
//! only in having AVX2 or not. So counts are compared only with those of the same compiler, the same
//! architecture and the same instruction set. What the file says of the server is another program's.

use std::env::consts::ARCH;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::{Map, Value, json};

use crate::{CASES, Case};

/// More than this much above the kept count is a failure.
pub const TOLERANCE: f64 = 0.03;

/// A case is run so often, and twice as often; the difference is free of starting and ending.
const TIMES: u64 = 500;

type Result<T = ()> = std::result::Result<T, String>;

/// What a comparison gives, when nothing is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Every case is within what is kept.
    Kept,
    /// Nothing could be compared, for this reason.
    Skipped(String),
}

/// The command: no arguments compare, `--write` keeps. `work NAME TIMES` is what it runs under
/// valgrind.
///
/// # Errors
/// When a case needs too many instructions, valgrind is missing or cannot be understood, the file
/// of counts cannot be read or written, or an argument is unknown.
pub fn command(args: &[String]) -> Result {
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    match &*words {
        ["work", name, times] => {
            work(find(name)?, times.parse().map_err(|_| "TIMES is a number")?);
            Ok(())
        }
        [] => match check()? {
            Verdict::Kept => Ok(()),
            Verdict::Skipped(why) => Err(format!("nothing compared: {why}")),
        },
        ["--write"] => write(),
        _ => Err("takes --write or nothing".into()),
    }
}

/// Compares with what is kept, and prints both.
///
/// # Errors
/// When a case needs more than [`TOLERANCE`] above what is kept, or is not kept at all.
pub fn check() -> Result<Verdict> {
    if !has_valgrind() {
        return Ok(Verdict::Skipped("valgrind is missing: apt-get install valgrind".into()));
    }
    let text =
        fs::read_to_string(file()).map_err(|error| format!("{}: {error}", file().display()))?;
    let kept: Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    let here = [("rustc", rustc()), ("arch", ARCH.into()), ("isa", isa().into())];
    for (what, here) in here {
        if kept[what] != *here {
            let why = format!("counts of {what} {} are kept, this is {here}", kept[what]);
            return Ok(Verdict::Skipped(why));
        }
    }
    let counts = counts()?;
    println!("{}", table(&counts, &kept["instructions"]));
    let wrong = excesses(&counts, &kept["instructions"]);
    if wrong.is_empty() { Ok(Verdict::Kept) } else { Err(wrong.join("; ")) }
}

fn write() -> Result {
    if !has_valgrind() {
        return Err("valgrind is missing: apt-get install valgrind".into());
    }
    let counts = counts()?;
    println!("{}", table(&counts, &Value::Null));
    let mut value = json!({
        "rustc": rustc(), "arch": ARCH, "isa": isa(), "tolerance": TOLERANCE,
        "instructions": counts,
    });
    let kept = fs::read_to_string(file()).ok().and_then(|text| serde_json::from_str(&text).ok());
    if let Some(Value::Object(mut kept)) = kept {
        value["server"] = kept.remove("server").unwrap_or_default();
    }
    let text = serde_json::to_string_pretty(&value).map_err(|error| error.to_string())?;
    fs::write(file(), text + "\n").map_err(|error| format!("{}: {error}", file().display()))
}

/// What is above its kept count, a sentence for each. Of rivals nothing is asked.
fn excesses(counts: &Map<String, Value>, kept: &Value) -> Vec<String> {
    let ours = CASES.iter().filter(|case| case.who == "pauper").map(Case::name);
    ours.filter_map(|name| {
        let now = counts.get(&name).and_then(Value::as_f64)?;
        let Some(before) = kept[&name].as_f64() else {
            return Some(format!("{name} is not kept; run it with --write"));
        };
        (now > before * (1.0 + TOLERANCE)).then(|| {
            let more = (now / before - 1.0) * 100.0;
            format!("{name} takes {now} instructions, {more:.1} % more than {before}")
        })
    })
    .collect()
}

fn counts() -> Result<Map<String, Value>> {
    let mut counts = Map::new();
    for case in CASES {
        let more = count(case, 2 * TIMES)?.saturating_sub(count(case, TIMES)?);
        counts.insert(case.name(), json!((more as f64 / TIMES as f64).round() as u64));
    }
    Ok(counts)
}

/// The instructions of a whole run of ourselves, doing a case so often.
fn count(case: &Case, times: u64) -> Result<u64> {
    let us = std::env::current_exe().map_err(|error| error.to_string())?;
    let mut command = Command::new("valgrind");
    command.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]);
    command.arg(us).arg("work").arg(case.name()).arg(times.to_string());
    let output = command.stdin(Stdio::null()).output();
    let output = output.map_err(|error| format!("cannot start valgrind: {error}"))?;
    let told = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        return Err(format!("valgrind failed: {told}"));
    }
    collected(&told).ok_or_else(|| format!("valgrind told no count: {told}"))
}

/// The number of callgrind's line `==1== Collected : 123`.
fn collected(told: &str) -> Option<u64> {
    told.lines().find_map(|line| line.split_once("Collected :")?.1.trim().parse().ok())
}

fn work(case: &Case, times: u64) {
    let (input, mut out) = ((case.input)(), Vec::with_capacity(1024));
    for _ in 0..times {
        out.clear();
        std::hint::black_box((case.work)(std::hint::black_box(&input), &mut out));
    }
}

fn find(name: &str) -> Result<&'static Case> {
    CASES.iter().find(|case| case.name() == name).ok_or_else(|| format!("no case `{name}`"))
}

fn table(counts: &Map<String, Value>, kept: &Value) -> String {
    let mut text = String::from("instructions      kept  case\n");
    for (name, count) in counts {
        let before = kept[name].as_u64().map_or("–".into(), |count| count.to_string());
        let count = count.as_u64().unwrap_or(0);
        let _ = writeln!(text, "{count:>12}{before:>10}  {name}");
    }
    text
}

fn has_valgrind() -> bool {
    let mut command = Command::new("valgrind");
    let command = command.arg("--version").stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

fn rustc() -> String {
    let output = Command::new("rustc").arg("--version").output();
    let output = output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    output.unwrap_or_default()
}

/// The one thing that valgrind's processor has only if the machine's has it.
fn isa() -> &'static str {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        return "avx2";
    }
    "baseline"
}

fn file() -> PathBuf {
    let benches = std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    benches.join("../docs/benchmarks/instructions.json")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_count_of_callgrind_is_found() {
        let told = "==7== Events    : Ir\n==7== Collected : 123456\n==7== \n";
        assert_eq!(collected(told), Some(123_456));
        assert_eq!(collected("==7== nothing"), None);
    }

    #[test]
    fn three_percent_more_is_too_much() {
        let name = CASES[0].name();
        let rival = CASES[1].name();
        for (now, expected) in [(900, 0), (1030, 0), (1031, 1)] {
            let counts = json!({ (&name): now, (&rival): 9999 });
            let Value::Object(counts) = counts else { unreachable!("an object") };
            let kept = json!({ (&name): 1000, (&rival): 1 });
            assert_eq!(excesses(&counts, &kept).len(), expected, "{now}");
            assert_eq!(excesses(&counts, &json!({})).len(), 1, "what is not kept is told");
        }
    }
}
