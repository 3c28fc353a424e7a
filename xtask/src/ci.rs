//! `cargo xtask ci`: everything that has to hold before a change is merged.

use std::process::Command;
use std::time::{Duration, Instant};

use crate::{Result, arrows, budget, msrv, shell, workspace};

/// What has to succeed, under a name that can be skipped.
struct Step {
    name: String,
    work: Vec<Work>,
}

enum Work {
    /// A program.
    Command(Command),
    /// Another part of this one, with the words to show for it.
    Ours(&'static str, fn() -> Result),
    /// Nothing, for this reason.
    Nothing(&'static str),
}

/// The command.
///
/// # Errors
/// When a step fails, which is named, or the arguments are wrong.
pub fn run(args: &[String]) -> Result {
    let steps = steps()?;
    let mut skipped = Vec::new();
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--list" => {
                steps.iter().for_each(|step| println!("{}", step.name));
                return Ok(());
            }
            "--skip" => {
                let name = args.next().ok_or("--skip wants the name of a step")?;
                if !steps.iter().any(|step| step.name == *name) {
                    return Err(format!("no step `{name}`; `cargo xtask ci --list` names them"));
                }
                skipped.push(name.clone());
            }
            other => return Err(format!("ci does not know `{other}`")),
        }
    }

    let start = Instant::now();
    let mut times = Vec::new();
    for Step { name, work } in steps {
        if skipped.contains(&name) {
            println!("\n== {name}: skipped as asked");
            continue;
        }
        println!("\n== {name}");
        let begun = Instant::now();
        work.into_iter().try_for_each(Work::run).map_err(|why| format!("step `{name}`: {why}"))?;
        let time = begun.elapsed();
        println!("== {name}: {}", seconds(time));
        times.push((name, time));
    }

    println!("\n== all passed");
    for (name, time) in times {
        println!("{:>9}  {name}", seconds(time));
    }
    println!("{:>9}  in all", seconds(start.elapsed()));
    Ok(())
}

impl Work {
    fn run(self) -> Result {
        match self {
            Self::Command(command) => {
                println!("$ {}", shell::show(&command));
                shell::run(command)
            }
            Self::Ours(words, function) => {
                println!("$ {words}");
                function()
            }
            Self::Nothing(reason) => {
                println!("skipped: {reason}");
                Ok(())
            }
        }
    }
}

fn steps() -> Result<Vec<Step>> {
    let mut steps = vec![
        // First, because everything after it would quietly repair a stale lock file.
        step("lock", [quiet("metadata --locked --format-version 1")]),
        step("fmt", fmt()),
        step("arrows", [Work::Ours("cargo xtask arrows", || arrows::run(&[]))]),
        step("msrv", [Work::Ours("rust-version of all dependencies", msrv::run)]),
        step("clippy", [cargo("clippy --workspace --all-targets --all-features -- -D warnings")]),
        step("doc", [doc()]),
        step("test", [cargo("test --workspace")]),
        step("test-all-features", [cargo("test --workspace --all-features")]),
    ];
    // Features unify across a workspace, so that a crate which forgot to ask for one is found
    // only when it is built alone.
    for package in workspace::packages()?.iter().filter(|package| package.is_crate()) {
        let name = &package.name;
        let mut work = vec![
            cargo(&format!("clippy -p {name} --no-default-features --all-targets -- -D warnings")),
            cargo(&format!("test -p {name} --no-default-features")),
        ];
        if name == "pauper-wire" {
            // Without its tests, which would bring the features of their dependencies along.
            work.push(cargo("check -p pauper-wire --no-default-features"));
            work.push(cargo("check -p pauper-wire --no-default-features --features alloc"));
            // A program with nothing but `core`, which is not built if anything wants more.
            let bare = "--manifest-path crates/wire/tests/no_std/Cargo.toml";
            work.push(cargo(&format!("build --locked {bare} --target-dir target/no-std")));
        }
        steps.push(Step { name: format!("alone-{}", package.short_name()), work });
    }
    steps.push(step("fuzz", [fuzz()]));
    steps.push(step("benches", benches()));
    let crates_only = || budget::run(&["--crates-only".into()]);
    steps.push(step("budget", [Work::Ours("cargo xtask budget --crates-only", crates_only)]));
    Ok(steps)
}

fn step(name: &str, work: impl Into<Vec<Work>>) -> Step {
    Step { name: name.into(), work: work.into() }
}

fn cargo(words: &str) -> Work {
    let words: Vec<&str> = words.split(' ').collect();
    Work::Command(shell::command("cargo", &words))
}

/// The same, with its standard output thrown away.
fn quiet(words: &str) -> Work {
    match cargo(words) {
        Work::Command(mut command) => {
            command.stdout(std::process::Stdio::null());
            Work::Command(command)
        }
        other => other,
    }
}

fn doc() -> Work {
    let args = ["doc", "--workspace", "--no-deps", "--all-features"];
    let mut command = shell::command("cargo", &args);
    command.env("RUSTDOCFLAGS", "-D warnings");
    Work::Command(command)
}

/// The workspace, and those beside it that nobody builds by the way.
fn fmt() -> Vec<Work> {
    let beside = ["benches/Cargo.toml", "benches/tool/Cargo.toml", "benches/peers/Cargo.toml"];
    let each = |manifest| cargo(&format!("fmt --all --check --manifest-path {manifest}"));
    std::iter::once(cargo("fmt --all --check")).chain(beside.map(each)).collect()
}

/// What measures, with the instructions that are kept. The servers of others are not built: they
/// take minutes, and whoever runs the benchmarks builds them.
fn benches() -> Vec<Work> {
    let each = |manifest: &str| {
        [
            cargo(&format!("clippy --manifest-path {manifest} --all-targets -- -D warnings")),
            cargo(&format!("test --locked --manifest-path {manifest}")),
        ]
    };
    ["benches/Cargo.toml", "benches/tool/Cargo.toml"].iter().flat_map(|it| each(it)).collect()
}

/// The fuzz targets have to build, which a plain compiler can check; to run them needs more.
fn fuzz() -> Work {
    let manifest = "fuzz/Cargo.toml";
    if !shell::root().join(manifest).exists() {
        return Work::Nothing("there is no fuzz/Cargo.toml");
    }
    let required = std::env::var_os("PAUPER_REQUIRE_TOOLS").is_some();
    if !required && shell::output(shell::command("c++", &["--version"])).is_err() {
        return Work::Nothing("libFuzzer wants a C++ compiler, and there is none");
    }
    Work::Command(shell::command("cargo", &["check", "--manifest-path", manifest, "--bins"]))
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_that_is_not_there_cannot_be_skipped() {
        let error = run(&["--skip".into(), "coffee".into()]).unwrap_err();
        assert!(error.contains("no step `coffee`"), "{error}");
        assert!(run(&["--skip".into()]).is_err());
        assert!(run(&["--fast".into()]).is_err());
    }

    #[test]
    fn every_library_crate_is_built_alone() {
        let steps = steps().unwrap();
        for crate_name in ["wire", "message", "server", "pauper"] {
            let name = format!("alone-{crate_name}");
            assert!(steps.iter().any(|step| step.name == name), "no step {name}");
        }
    }
}
