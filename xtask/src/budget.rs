//! `cargo xtask budget`: what the default facade costs those who build it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Instant;

use serde_json::{Value, json};

use crate::workspace::{array, string};
use crate::{Result, date, shell};

/// At most so many outside crates in the default facade's tree.
pub const MOST_OUTSIDE_CRATES: usize = 25;

/// Where the figures are kept.
const FILE: &str = "docs/budget.json";

struct Options {
    write: bool,
    date: Option<String>,
    runs: usize,
    crates_only: bool,
    against_axum: bool,
}

/// What one clean build took.
struct Build {
    seconds: f64,
    /// Of all processors together; known on Linux only. Steadier than the clock on a busy machine.
    cpu_seconds: Option<f64>,
    crates: usize,
}

/// The command.
///
/// # Errors
/// When there are more outside crates than the file or the goal allows, when a build fails, or the
/// arguments are wrong. A slow build is no error: a timing is no test.
pub fn run(args: &[String]) -> Result {
    let options = Options::parse(args)?;
    let names = outside_crates()?;
    println!("outside crates in the default facade's tree: {}", names.len());
    println!("  {}", join(&names));

    let kept = kept()?;
    let build = if options.crates_only { None } else { Some(build_hello(options.runs)?) };
    if options.against_axum {
        against_axum(options.runs)?;
    }
    if options.write {
        if names.len() > MOST_OUTSIDE_CRATES {
            return Err(too_many(names.len(), "the goal", MOST_OUTSIDE_CRATES));
        }
        return write(&names, build.as_ref(), &kept, &options);
    }
    compare(&names, &kept)
}

impl Options {
    fn parse(args: &[String]) -> Result<Self> {
        let mut options =
            Self { write: false, date: None, runs: 1, crates_only: false, against_axum: false };
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            match arg.as_str() {
                "--write" => options.write = true,
                "--crates-only" => options.crates_only = true,
                "--against-axum" => options.against_axum = true,
                "--date" => match args.next().filter(|text| date::is_date(text)) {
                    Some(text) => options.date = Some(text.clone()),
                    None => return Err("--date wants YYYY-MM-DD".into()),
                },
                "--runs" => match args.next().and_then(|text| text.parse().ok()) {
                    Some(runs) if runs > 0 => options.runs = runs,
                    _ => return Err("--runs wants a number from 1".into()),
                },
                other => return Err(format!("budget does not know `{other}`")),
            }
        }
        Ok(options)
    }
}

/// The crates that are not ours in the tree of the facade with its default features, for this
/// machine: what is compiled in and delivered, not what a build needs besides.
///
/// # Errors
/// When `cargo tree` fails.
pub fn outside_crates() -> Result<BTreeSet<String>> {
    let tree = shell::command(
        "cargo",
        &["tree", "--locked", "-p", "pauper", "-e", "normal", "--prefix", "none", "-f", "{p}"],
    );
    Ok(shell::output(tree)?.lines().filter_map(outside).collect())
}

/// `name version` of a line like `http v1.5.0 (*)`; nothing for ours, whose line has a path.
fn outside(line: &str) -> Option<String> {
    let mut words = line.split(' ');
    let (name, version) = (words.next()?, words.next()?.strip_prefix('v')?);
    let ours = words.any(|word| word.starts_with('(') && word.contains(std::path::MAIN_SEPARATOR));
    (!ours).then(|| format!("{name} {version}"))
}

/// The committed figures; empty if there are none yet.
fn kept() -> Result<Value> {
    match fs::read_to_string(shell::root().join(FILE)) {
        Ok(text) => serde_json::from_str(&text).map_err(|error| format!("{FILE}: {error}")),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(json!({})),
        Err(error) => Err(format!("{FILE}: {error}")),
    }
}

fn compare(names: &BTreeSet<String>, kept: &Value) -> Result {
    let before: BTreeSet<String> = array(&kept["names"]).iter().map(string).collect();
    let come: BTreeSet<String> = names.difference(&before).cloned().collect();
    let gone: BTreeSet<String> = before.difference(names).cloned().collect();
    if !before.is_empty() && (!come.is_empty() || !gone.is_empty()) {
        println!("since {FILE} was written: come {}; gone {}", or_none(&come), or_none(&gone));
    }
    if let Some(seconds) = kept["build_seconds"].as_f64() {
        // Numbers or texts, shown as the file has them.
        let [cores, date] = ["machine_cores", "date"].map(|key| kept[key].to_string());
        println!("{FILE}: clean build {seconds:.1} s on {cores} cores, {date}");
    }
    let most = kept["outside_crates"]
        .as_u64()
        .ok_or_else(|| format!("{FILE} has no outside_crates; `cargo xtask budget --write`"))?;
    let most = usize::try_from(most).map_err(|_| format!("{FILE}: {most} is out of range"))?;
    if names.len() > most {
        return Err(too_many(names.len(), FILE, most));
    }
    if names.len() > MOST_OUTSIDE_CRATES {
        return Err(too_many(names.len(), "the goal", MOST_OUTSIDE_CRATES));
    }
    Ok(())
}

#[cold]
fn too_many(found: usize, whose: &str, most: usize) -> String {
    format!("{found} outside crates are more than the {most} of {whose}")
}

fn write(
    names: &BTreeSet<String>,
    build: Option<&Build>,
    kept: &Value,
    options: &Options,
) -> Result {
    // Without a new build its old figures stay.
    let [seconds, cpu_seconds, crates] = match build {
        Some(build) => [
            json!(tenths(build.seconds)),
            json!(build.cpu_seconds.map(tenths)),
            json!(build.crates),
        ],
        None => ["build_seconds", "build_cpu_seconds", "build_crates"].map(|key| kept[key].clone()),
    };
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let rustc = shell::output(shell::command("rustc", &["--version"]))?;
    let figures = json!({
        "outside_crates": names.len(),
        "names": names,
        "build_seconds": seconds,
        "build_cpu_seconds": cpu_seconds,
        "build_crates": crates,
        "machine_cores": cores,
        "rustc": rustc.trim(),
        "date": options.date.clone().unwrap_or_else(date::today),
    });
    let path = shell::root().join(FILE);
    let folder = path.parent().unwrap_or(&path);
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(&path, format!("{figures:#}\n")))
        .map_err(|error| format!("{FILE}: {error}"))?;
    println!("written: {FILE}");
    Ok(())
}

/// Builds `examples/hello` from nothing, as `cargo build --release` would in a fresh clone.
fn build_hello(runs: usize) -> Result<Build> {
    shell::run(shell::command("cargo", &["fetch", "--locked"]))?;
    let args = ["-p", "pauper-examples", "--example", "hello"];
    clean_builds("examples/hello", &shell::root(), &args, runs)
}

/// Builds hello on Pauper and on axum, each in a package of its own that depends on nothing else.
fn against_axum(runs: usize) -> Result {
    let hello = fs::read_to_string(shell::root().join("examples/hello.rs"))
        .map_err(|error| format!("examples/hello.rs: {error}"))?;
    let pauper = shell::root().join("crates/pauper");
    let ours = Alone::new(
        "pauper-hello",
        &format!("pauper = {{ path = {:?} }}", pauper.display().to_string()),
        &hello,
    )?;
    // The versions of the workspace, not newer ones.
    fs::copy(shell::root().join("Cargo.lock"), ours.folder.join("Cargo.lock"))
        .map_err(|error| format!("Cargo.lock: {error}"))?;
    let theirs = Alone::new(
        "axum-hello",
        "axum = \"0.8\"\ntokio = { version = \"1\", features = [\"rt-multi-thread\", \"net\", \"macros\"] }",
        AXUM_HELLO,
    )?;
    for package in [ours, theirs] {
        package.build(runs)?;
    }
    Ok(())
}

const AXUM_HELLO: &str = r#"use axum::{Router, extract::Path, routing::get};

async fn hello(Path(name): Path<String>) -> String {
    format!("Hello, {name}!")
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let app = Router::new().route("/hello/{name}", get(hello));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:8080").await?;
    axum::serve(listener, app).await
}
"#;

/// A package outside the workspace, gone when dropped.
struct Alone {
    name: &'static str,
    folder: PathBuf,
}

impl Alone {
    fn new(name: &'static str, dependencies: &str, main: &str) -> Result<Self> {
        let package = Self { name, folder: scratch(name)? };
        let manifest = format!(
            "[package]\nname = \"{name}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n\
             [dependencies]\n{dependencies}\n\n[workspace]\n"
        );
        let source = package.folder.join("src");
        fs::write(package.folder.join("Cargo.toml"), manifest)
            .and_then(|()| fs::create_dir(&source))
            .and_then(|()| fs::write(source.join("main.rs"), main))
            .map_err(|error| format!("{name}: {error}"))?;
        Ok(package)
    }

    fn build(&self, runs: usize) -> Result {
        let mut fetch = shell::command("cargo", &["fetch", "--quiet"]);
        shell::run({
            fetch.current_dir(&self.folder);
            fetch
        })?;
        clean_builds(self.name, &self.folder, &[], runs).map(drop)
    }
}

impl Drop for Alone {
    fn drop(&mut self) {
        // A folder left over in the system's temporary folder harms nobody.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Builds into an empty target folder so many times; prints and gives the median.
fn clean_builds(what: &str, folder: &Path, args: &[&str], runs: usize) -> Result<Build> {
    let mut builds = Vec::new();
    for _ in 0..runs {
        builds.push(clean_build(folder, args)?);
    }
    builds.sort_by(|a, b| a.seconds.total_cmp(&b.seconds));
    let all: Vec<String> = builds.iter().map(|build| format!("{:.1}", build.seconds)).collect();
    let build = builds.swap_remove(builds.len() / 2);
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let Build { seconds, cpu_seconds, crates } = build;
    let cpu = cpu_seconds.map(|cpu| format!(" ({cpu:.1} s of processor time)")).unwrap_or_default();
    println!(
        "clean release build of {what}: {seconds:.1} s on {cores} cores{cpu}, {crates} crates \
         compiled; runs: {}",
        all.join(" ")
    );
    Ok(build)
}

fn clean_build(folder: &Path, args: &[&str]) -> Result<Build> {
    let target = scratch("target")?;
    let mut command = shell::command(
        "cargo",
        &["build", "--release", "--quiet", "--offline", "--message-format=json-render-diagnostics"],
    );
    command
        .args(args)
        .current_dir(folder)
        .env("CARGO_TARGET_DIR", &target)
        .stderr(Stdio::inherit());
    let (start, used) = (Instant::now(), cpu_of_children());
    let told = shell::output(command);
    let seconds = start.elapsed().as_secs_f64();
    let cpu_seconds = cpu_of_children().zip(used).map(|(after, before)| after - before);
    let removed = fs::remove_dir_all(&target);
    let crates = compiled(&told?);
    removed.map_err(|error| format!("{}: {error}", target.display()))?;
    Ok(Build { seconds, cpu_seconds, crates })
}

/// Processor seconds of all programs we started and waited for, and of those that they started.
fn cpu_of_children() -> Option<f64> {
    children_in(&fs::read_to_string("/proc/self/stat").ok()?)
}

/// `cutime` and `cstime` of proc_pid_stat(5), in ticks of which Linux shows 100 for a second.
fn children_in(stat: &str) -> Option<f64> {
    // The name of the program may contain anything, but nothing after it has a parenthesis.
    let (_, rest) = stat.rsplit_once(')')?;
    let mut ticks = rest.split_whitespace().skip(13).map(|field| field.parse::<f64>().ok());
    Some((ticks.next()?? + ticks.next()??) / 100.0)
}

fn tenths(seconds: f64) -> f64 {
    (seconds * 10.0).round() / 10.0
}

/// How many packages cargo's messages speak of having compiled.
fn compiled(messages: &str) -> usize {
    let packages: BTreeSet<String> = messages
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|message| message["reason"] == "compiler-artifact")
        .map(|message| string(&message["package_id"]))
        .collect();
    packages.len()
}

/// A new, empty folder in the system's temporary folder.
fn scratch(name: &str) -> Result<PathBuf> {
    let folder = std::env::temp_dir().join(format!("pauper-budget-{}-{name}", std::process::id()));
    fs::create_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    Ok(folder)
}

fn join(names: &BTreeSet<String>) -> String {
    names.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
}

fn or_none(names: &BTreeSet<String>) -> String {
    if names.is_empty() { "none".into() } else { join(names) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(count: usize) -> BTreeSet<String> {
        (0..count).map(|number| format!("crate{number} 1.0.0")).collect()
    }

    #[test]
    fn lines_of_the_tree() {
        assert_eq!(outside("http v1.5.0"), Some("http 1.5.0".into()));
        assert_eq!(outside("http v1.5.0 (*)"), Some("http 1.5.0".into()));
        assert_eq!(outside("derive v1.0.0 (proc-macro)"), Some("derive 1.0.0".into()));
        assert_eq!(outside("pauper v0.1.0 (/somewhere/crates/pauper)"), None);
        assert_eq!(outside("pauper-wire v0.1.0 (/somewhere/crates/wire) (*)"), None);
        assert_eq!(outside(""), None);
    }

    #[test]
    fn more_crates_than_kept_are_refused() {
        let kept = json!({ "outside_crates": 3, "names": names(3) });
        assert_eq!(compare(&names(2), &kept), Ok(()));
        assert_eq!(compare(&names(3), &kept), Ok(()));
        let error = compare(&names(4), &kept).unwrap_err();
        assert_eq!(error, "4 outside crates are more than the 3 of docs/budget.json");
    }

    #[test]
    fn more_crates_than_the_goal_are_refused_even_if_kept() {
        let kept = json!({ "outside_crates": 99, "names": [] });
        assert!(compare(&names(MOST_OUTSIDE_CRATES), &kept).is_ok());
        assert!(compare(&names(MOST_OUTSIDE_CRATES + 1), &kept).unwrap_err().contains("the goal"));
    }

    #[test]
    fn nothing_kept_is_an_error() {
        assert!(compare(&names(1), &json!({})).unwrap_err().contains("--write"));
    }

    #[test]
    fn compiled_packages_are_counted_once() {
        let messages = r#"{"reason":"compiler-artifact","package_id":"libc"}
{"reason":"compiler-artifact","package_id":"libc"}
{"reason":"build-script-executed","package_id":"other"}
{"reason":"compiler-artifact","package_id":"mio"}
{"reason":"build-finished","success":true}"#;
        assert_eq!(compiled(messages), 2);
    }

    #[test]
    fn processor_time_is_read_after_the_name() {
        let stat = "7 (a) b (c) S 1 2 3 4 5 6 7 8 9 10 11 12 150 25 20 0 1";
        assert_eq!(children_in(stat), Some(1.75));
        assert_eq!(children_in("7 (short) S 1 2"), None);
    }

    #[test]
    fn arguments_are_checked() {
        let parse = |words: &[&str]| {
            Options::parse(&words.iter().map(ToString::to_string).collect::<Vec<_>>())
        };
        assert_eq!(parse(&["--runs", "3"]).unwrap().runs, 3);
        assert_eq!(parse(&["--date", "2024-02-29"]).unwrap().date.as_deref(), Some("2024-02-29"));
        for wrong in [&["--runs", "0"][..], &["--runs"], &["--date", "today"], &["--fast"]] {
            assert!(parse(wrong).is_err(), "{wrong:?}");
        }
    }
}
