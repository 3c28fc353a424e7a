//! `cargo xtask soak`: runs the fuzz targets, one after another.
//!
//! They are built with the stable compiler: coverage is a pass of LLVM that any compiler can be told
//! to run, and libFuzzer comes with its crate. The address sanitizer needs a word that stable
//! compilers understand only when asked to (`RUSTC_BOOTSTRAP`), and `--no-sanitizer` does without.

use std::path::{Path, PathBuf};

use crate::{Result, shell, workspace};

/// What cargo-fuzz would say, without depending on it.
const COVERAGE: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
     -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
     -Cllvm-args=-sanitizer-coverage-pc-table \
     -Cllvm-args=-sanitizer-coverage-trace-compares --cfg fuzzing -Ccodegen-units=1";

/// Longer inputs are slow and show nothing new: two heads of many lines fit.
const LONGEST: &str = "-max_len=4096";

#[derive(Debug)]
struct Options {
    minutes: f64,
    targets: Vec<String>,
    sanitizer: bool,
}

/// The command.
///
/// # Errors
/// When the targets cannot be built, an input breaks one, or the arguments are wrong.
pub fn run(args: &[String]) -> Result {
    let known = targets()?;
    let options = parse(args, &known)?;
    let host = workspace::host()?;
    build(&host, options.sanitizer)?;
    let seconds = (options.minutes * 60.0).ceil();
    let mut broken = Vec::new();
    for target in &options.targets {
        println!("\n== {target}: {seconds} s");
        if soak(&host, target, seconds).is_err() {
            broken.push(target.as_str());
        }
    }
    if broken.is_empty() {
        return Ok(());
    }
    Err(format!(
        "broken: {}. The input is in fuzz/artifacts/; when the mistake is gone, move it to \
         fuzz/corpus/, where the ordinary tests replay it",
        broken.join(", ")
    ))
}

/// The names of the targets, from the files that hold them.
fn targets() -> Result<Vec<String>> {
    let folder = shell::root().join("fuzz/targets");
    let entries = std::fs::read_dir(&folder)
        .map_err(|error| format!("cannot read {}: {error}", folder.display()))?;
    let mut names: Vec<String> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()))
        .collect();
    names.sort();
    Ok(names)
}

fn parse(args: &[String], known: &[String]) -> Result<Options> {
    let mut options = Options { minutes: 1.0, targets: Vec::new(), sanitizer: true };
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--minutes" => {
                let minutes = args.next().and_then(|n| n.parse().ok()).filter(|n| *n > 0.0);
                options.minutes = minutes.ok_or("--minutes wants a number, for each target")?;
            }
            "--no-sanitizer" => options.sanitizer = false,
            target if known.iter().any(|name| name == target) => {
                options.targets.push(target.to_owned());
            }
            other => return Err(format!("no target `{other}`; there are {}", known.join(", "))),
        }
    }
    if options.targets.is_empty() {
        options.targets = known.to_vec();
    }
    Ok(options)
}

fn folder() -> PathBuf {
    shell::root().join("fuzz/target")
}

fn build(host: &str, sanitizer: bool) -> Result {
    let manifest = "fuzz/Cargo.toml";
    // A target is named, so that build scripts and macros are compiled without these flags.
    let args = ["build", "--release", "--bins", "--manifest-path", manifest, "--target", host];
    let mut command = shell::command("cargo", &args);
    let sanitize = if sanitizer { " -Zsanitizer=address" } else { "" };
    command.env("RUSTFLAGS", format!("{COVERAGE}{sanitize}"));
    command.env("CARGO_TARGET_DIR", folder());
    if sanitizer {
        command.env("RUSTC_BOOTSTRAP", "1");
    }
    shell::run(command)
}

/// New inputs are kept beside the build and used again by the next run; the seeds stay as they are.
fn soak(host: &str, target: &str, seconds: f64) -> Result {
    let program = folder().join(host).join("release").join(target);
    let found = folder().join("corpus").join(target);
    let artifacts = shell::root().join("fuzz/artifacts").join(target);
    for folder in [&found, &artifacts] {
        std::fs::create_dir_all(folder)
            .map_err(|error| format!("cannot make {}: {error}", folder.display()))?;
    }
    let mut command = shell::command(&text(&program), &[]);
    command.args([LONGEST, "-timeout=10", "-print_final_stats=1"]);
    command.arg(format!("-max_total_time={seconds}"));
    command.arg(format!("-artifact_prefix={}/", text(&artifacts)));
    command.arg(found).arg(shell::root().join("fuzz/corpus").join(target));
    shell::run(command)
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn all_targets_run_unless_some_are_named() {
        let known = words("a b");
        let all = parse(&words("--minutes 0.5"), &known).unwrap();
        assert_eq!((all.minutes, all.targets, all.sanitizer), (0.5, known.clone(), true));
        let one = parse(&words("b --no-sanitizer"), &known).unwrap();
        assert_eq!((one.targets, one.sanitizer), (words("b"), false));
        for wrong in ["c", "--minutes", "--minutes x", "--minutes 0"] {
            assert!(parse(&words(wrong), &known).is_err(), "{wrong}");
        }
    }

    #[test]
    fn every_target_has_a_binary_seeds_and_a_test_that_replays_them() {
        let root = shell::root();
        let manifest = std::fs::read_to_string(root.join("fuzz/Cargo.toml")).unwrap();
        let replayed: String = ["wire", "fields", "template", "auth", "forms"]
            .map(|name| root.join("crates").join(name).join("tests/it/corpus.rs"))
            .map(|path| std::fs::read_to_string(path).unwrap())
            .concat();
        let targets = targets().unwrap();
        assert!(targets.len() >= 6, "{targets:?}");
        for target in targets {
            assert!(manifest.contains(&format!("\nname = \"{target}\"\n")), "{target}");
            assert!(root.join("fuzz/corpus").join(&target).is_dir(), "{target} has no seeds");
            assert!(replayed.contains(&format!("fuzz/targets/{target}.rs")), "{target}");
        }
    }
}
