//! Builds the servers, and says what that costs.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use serde_json::{Value, json};

use crate::servers::{OURS, Server};
use crate::{Result, shell};

const PEERS: &str = "benches/peers";

/// The cargo command for a server, in release mode, into this folder; ours by default into the
/// usual one, a peer into its workspace's.
fn build(server: &Server, target: Option<&Path>) -> Command {
    let mut command = if server.name == OURS {
        let args = ["build", "--release", "-p", "pauper-examples", "--features", "json"];
        let mut command = shell::cargo(".", &args);
        command.args(["--example", server.binary]);
        command
    } else {
        let args = ["build", "--release", "--locked", "-p", server.package, "--bin", server.binary];
        let mut command = shell::cargo(PEERS, &args);
        // Not where the environment says: the two workspaces would take turns in one folder.
        command.env_remove("CARGO_TARGET_DIR");
        command
    };
    if let Some(target) = target {
        command.arg("--target-dir").arg(target);
    }
    command
}

/// Builds a server; gives the path of its program.
///
/// # Errors
/// When it cannot be built.
pub(crate) fn program(server: &Server) -> Result<PathBuf> {
    let mut command = build(server, None);
    command.arg("--message-format=json-render-diagnostics");
    let told = shell::output(&mut command)?;
    let mut made = told.lines().filter_map(|line| {
        let message: Value = serde_json::from_str(line).ok()?;
        let ours = message["target"]["name"].as_str() == Some(server.binary);
        message["executable"].as_str().filter(|_| ours).map(PathBuf::from)
    });
    made.next_back().ok_or_else(|| format!("cargo names no program for {}", server.name))
}

/// What a server's program weighs: outside crates it is made of, bytes, and, if `clean`, what a
/// build from nothing takes.
///
/// # Errors
/// When cargo fails.
pub(crate) fn weigh(server: &Server, program: &Path, clean: bool) -> Result<Value> {
    let bytes = fs::metadata(program).map_err(|error| error.to_string())?.len();
    let mut weight = json!({ "crates": crates(server)?.len(), "binary_kib": bytes / 1024 });
    if clean {
        let target = std::env::temp_dir().join(format!("pauper-bench-clean-{}", server.binary));
        let _ = fs::remove_dir_all(&target);
        let (begun, before) = (Instant::now(), children_cpu());
        let built = shell::output(build(server, Some(&target)).arg("--offline"));
        let (seconds, cpu) = (begun.elapsed().as_secs_f64(), children_cpu() - before);
        let _ = fs::remove_dir_all(&target);
        built?;
        weight["build_seconds"] = json!((seconds * 10.0).round() / 10.0);
        weight["build_cpu_seconds"] = json!((cpu * 10.0).round() / 10.0);
    }
    Ok(weight)
}

/// Processor seconds of all children that ended and were waited for.
fn children_cpu() -> f64 {
    let Ok(usage) = getrusage(UsageWho::RUSAGE_CHILDREN) else { return 0.0 };
    let micros = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    micros as f64 / 1e6
}

/// The crates from elsewhere that are delivered in the program.
fn crates(server: &Server) -> Result<BTreeSet<String>> {
    let tail = ["-e", "normal", "--prefix", "none", "-f", "{p}"];
    let mut command = if server.name == OURS {
        shell::cargo(".", &["tree", "-p", "pauper-examples", "--features", "json"])
    } else {
        shell::cargo(PEERS, &["tree", "-p", server.package])
    };
    Ok(shell::output(command.args(tail))?.lines().filter_map(outside).collect())
}

/// `name version` of a line like `http v1.5.0 (*)`; nothing for those whose line has a path.
fn outside(line: &str) -> Option<String> {
    let mut words = line.split(' ');
    let (name, version) = (words.next()?, words.next()?.strip_prefix('v')?);
    let here = words.any(|word| word.starts_with('(') && word.contains('/'));
    (!here).then(|| format!("{name} {version}"))
}

/// The version of the crate that a server is named after, from the lock file.
pub(crate) fn version(server: &Server) -> Option<String> {
    let folder = if server.name == OURS { "." } else { PEERS };
    let lock = fs::read_to_string(shell::root().join(folder).join("Cargo.lock")).ok()?;
    locked(&lock, server.version_of)
}

fn locked(lock: &str, name: &str) -> Option<String> {
    let name = format!("name = \"{name}\"\nversion = \"");
    let (_, rest) = lock.split_once(&*name)?;
    rest.split_once('"').map(|(version, _)| version.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_from_lock_files() {
        let lock = "[[package]]\nname = \"hyper-util\"\nversion = \"0.1.2\"\n\n\
                    [[package]]\nname = \"hyper\"\nversion = \"1.9.0\"\nsource = \"x\"\n";
        assert_eq!(locked(lock, "hyper").as_deref(), Some("1.9.0"));
        assert_eq!(locked(lock, "axum"), None);
    }

    #[test]
    fn only_crates_from_elsewhere_count() {
        assert_eq!(outside("http v1.5.0 (*)").as_deref(), Some("http 1.5.0"));
        assert_eq!(outside("setting v0.0.0 (/a/b)"), None);
        assert_eq!(outside(""), None);
    }
}
