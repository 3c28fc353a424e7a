//! The instructions that our server needs for a request, kept beside those of the micro benchmarks
//! in `docs/benchmarks/instructions.json`.
//!
//! They are compared only with counts of the same compiler, architecture and instruction set: what
//! valgrind shows of a processor is fixed, but for whether there is AVX2.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use crate::load::counted::{self, Asked};
use crate::running::Start;
use crate::servers::{OURS, Server};
use crate::{Result, builds, files, machine, shell};

/// More than this much above the kept count is a failure.
const TOLERANCE: f64 = 0.03;

/// What is counted: the name it is kept under, our mode, and what is asked for.
const ASKED: &[(&str, &str, Asked)] = &[
    ("plaintext request", OURS, plaintext(1)),
    ("plaintext request, 16 deep", OURS, plaintext(16)),
    ("JSON request", OURS, Asked { path: "/json", length: 27, depth: 1 }),
    ("routed request", OURS, Asked { path: "/user/ann/42", length: 23, depth: 1 }),
    ("plaintext request, mode threading", "pauper-threading", plaintext(1)),
];

const fn plaintext(depth: usize) -> Asked {
    Asked { path: "/plaintext", length: 13, depth }
}

/// What a comparison gives, when nothing is wrong.
#[derive(Debug)]
enum Verdict {
    Kept,
    Skipped(String),
}

/// `bench server-instructions [--write]`.
///
/// # Errors
/// When a request needs too many instructions, the server cannot be built or counted, or the file
/// cannot be read or written; also when nothing can be compared.
pub(crate) fn command(words: &[&str]) -> Result {
    match words {
        [] => match check()? {
            Verdict::Kept => Ok(()),
            Verdict::Skipped(why) => Err(format!("nothing compared: {why}")),
        },
        ["--write"] => {
            let (mut file, counts) = (read()?, counts()?);
            print(&counts, &Value::Null);
            file["server"] = json!({
                "rustc": machine::rustc(), "arch": std::env::consts::ARCH, "isa": isa(),
                "instructions": counts,
            });
            let text = serde_json::to_string_pretty(&file).map_err(|error| error.to_string())?;
            fs::write(path(), text + "\n").map_err(|error| error.to_string())
        }
        _ => Err("takes --write or nothing".into()),
    }
}

fn check() -> Result<Verdict> {
    if let Err(why) = counted::available() {
        return Ok(Verdict::Skipped(why));
    }
    let kept = read()?["server"].clone();
    let here = [
        ("rustc", machine::rustc()),
        ("arch", std::env::consts::ARCH.into()),
        ("isa", isa().into()),
    ];
    for (what, here) in here {
        if kept[what] != *here {
            let why = format!("counts of {what} {} are kept, this is {here}", kept[what]);
            return Ok(Verdict::Skipped(why));
        }
    }
    let counts = counts()?;
    print(&counts, &kept["instructions"]);
    let wrong = excesses(&counts, &kept["instructions"]);
    if wrong.is_empty() { Ok(Verdict::Kept) } else { Err(wrong.join("; ")) }
}

fn counts() -> Result<Map<String, Value>> {
    let program = builds::program(server(OURS)?)?;
    let folder = std::env::temp_dir().join(format!("pauper-count-{}", std::process::id()));
    fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
    let counts = count_all(&program, &folder);
    let _ = fs::remove_dir_all(&folder);
    counts
}

fn server(name: &str) -> Result<&'static Server> {
    Server::find(name).ok_or_else(|| format!("no server {name}"))
}

fn count_all(program: &Path, folder: &Path) -> Result<Map<String, Value>> {
    files::write(folder, files::USUAL)?;
    let file = files::path(folder, files::USUAL);
    let count = |(name, mode, asked): &(&str, &str, Asked)| {
        let server = server(mode)?;
        let start = Start { server, program, folder, file: &file, handlers: 1, under: &[] };
        let count = counted::per_request(start, *asked).map_err(|why| format!("{name}: {why}"))?;
        Ok(((*name).to_owned(), json!(count.round() as u64)))
    };
    ASKED.iter().map(count).collect()
}

/// What is above its kept count, a sentence for each.
fn excesses(counts: &Map<String, Value>, kept: &Value) -> Vec<String> {
    let excess = |(name, now): (&String, &Value)| {
        let now = now.as_f64()?;
        let Some(before) = kept[name].as_f64() else {
            return Some(format!("a {name} is not kept; run it with --write"));
        };
        (now > before * (1.0 + TOLERANCE)).then(|| {
            let more = (now / before - 1.0) * 100.0;
            format!("a {name} takes {now} instructions, {more:.1} % more than {before}")
        })
    };
    counts.iter().filter_map(excess).collect()
}

fn print(counts: &Map<String, Value>, kept: &Value) {
    println!("instructions      kept  our server, for a");
    for (name, count) in counts {
        let before = kept[name].as_u64().map_or("–".into(), |count| count.to_string());
        println!("{:>12}{before:>10}  {name}", count.as_u64().unwrap_or(0));
    }
}

/// The one thing that valgrind's processor has only if the machine's has it.
fn isa() -> &'static str {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        return "avx2";
    }
    "baseline"
}

fn path() -> PathBuf {
    shell::root().join("docs/benchmarks/instructions.json")
}

fn read() -> Result<Value> {
    let text = fs::read_to_string(path()).map_err(|error| error.to_string())?;
    serde_json::from_str(&text).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Counts are of release builds, whatever the tests are.
    #[test]
    fn our_server_needs_no_more_instructions_than_are_kept() {
        if let Err(why) = counted::available() {
            let required = std::env::var_os("PAUPER_REQUIRE_TOOLS").is_some_and(|it| it == "1");
            assert!(!required, "{why}");
            return eprintln!("skipped: {why}");
        }
        match check().unwrap() {
            Verdict::Kept => {}
            Verdict::Skipped(why) => eprintln!("skipped: {why}"),
        }
    }

    #[test]
    fn three_percent_more_is_too_much() {
        let kept = json!({ "request": 1000 });
        for (now, expected) in [(900, 0), (1030, 0), (1031, 1)] {
            let counts = Map::from_iter([("request".to_owned(), json!(now))]);
            assert_eq!(excesses(&counts, &kept).len(), expected, "{now}");
            assert_eq!(excesses(&counts, &Value::Null).len(), 1, "what is not kept is told");
        }
    }

    #[test]
    fn every_count_is_kept() {
        let kept = read().unwrap()["server"]["instructions"].clone();
        for (name, ..) in ASKED {
            assert!(kept[*name].is_u64(), "{name}");
        }
    }
}
