//! Builds the servers or finds them, and says what that costs.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use serde_json::{Value, json};

use crate::servers::{OURS, Server, Source};
use crate::{Result, shell};

const PEERS: &str = "benches/peers";
const OUR_BINARY: &str = "bench_server";

/// The cargo command for a server, in release mode, into this folder; ours by default into the
/// usual one, a peer into its workspace's. What the machine has is not built.
fn build(server: &Server, target: Option<&Path>) -> Option<Command> {
    let mut command = match server.source {
        Source::Ours { .. } => {
            let args = ["build", "--release", "-p", "pauper-examples", "--features", "json"];
            let mut command = shell::cargo(".", &args);
            if server.encrypts {
                command.args(["--features", "tls", "--target-dir", "target/tls"]);
            }
            command.args(["--example", OUR_BINARY]);
            command
        }
        Source::Peer { package, binary } => {
            let args = ["build", "--release", "--locked", "-p", package, "--bin", binary];
            let mut command = shell::cargo(PEERS, &args);
            // Not where the environment says: the two workspaces would take turns in one folder.
            command.env_remove("CARGO_TARGET_DIR");
            if server.encrypts {
                command.args(["--features", "tls", "--target-dir", "target/tls"]);
            }
            command
        }
        Source::Nginx => return None,
    };
    if let Some(target) = target {
        command.arg("--target-dir").arg(target);
    }
    Some(command)
}

/// Builds a server, or finds it; gives the path of its program.
///
/// # Errors
/// When it cannot be built, or is not installed.
pub(crate) fn program(server: &Server) -> Result<PathBuf> {
    let Some(mut command) = build(server, None) else { return installed() };
    command.arg("--message-format=json-render-diagnostics");
    let told = shell::output(&mut command)?;
    let binary = match server.source {
        Source::Peer { binary, .. } => binary,
        _ => OUR_BINARY,
    };
    let mut made = told.lines().filter_map(|line| {
        let message: Value = serde_json::from_str(line).ok()?;
        let ours = message["target"]["name"].as_str() == Some(binary);
        message["executable"].as_str().filter(|_| ours).map(PathBuf::from)
    });
    made.next_back().ok_or_else(|| format!("cargo names no program for {}", server.name))
}

fn installed() -> Result<PathBuf> {
    let found = shell::find("nginx");
    found.ok_or_else(|| "not installed here; Debian has it as nginx-light".into())
}

/// What a server's program weighs: outside crates it is made of, and bytes. Nothing for a mode of
/// ours, which is the same program, and for what is not built.
///
/// # Errors
/// When cargo fails, or the program is gone.
pub(crate) fn weigh(server: &Server, program: &Path) -> Result<Option<Value>> {
    if !is_a_program(server) {
        return Ok(None);
    }
    let bytes = fs::metadata(program).map_err(|error| error.to_string())?.len();
    Ok(Some(json!({ "crates": crates(server)?.len(), "binary_kib": bytes / 1024 })))
}

/// What a build from nothing takes, with the sources fetched before; nothing as above.
///
/// # Errors
/// When cargo fails.
pub(crate) fn clean(server: &Server) -> Result<Option<Value>> {
    let target = std::env::temp_dir().join(format!("pauper-bench-clean-{}", server.name));
    let Some(mut command) = build(server, Some(&target)).filter(|_| is_a_program(server)) else {
        return Ok(None);
    };
    let _ = fs::remove_dir_all(&target);
    let (begun, before) = (Instant::now(), children_cpu());
    let built = shell::output(command.arg("--offline"));
    let (seconds, cpu) = (begun.elapsed().as_secs_f64(), children_cpu() - before);
    let _ = fs::remove_dir_all(&target);
    built?;
    let tenths = |seconds: f64| json!((seconds * 10.0).round() / 10.0);
    Ok(Some(json!({ "build_seconds": tenths(seconds), "build_cpu_seconds": tenths(cpu) })))
}

/// Whether it is a program of its own that is built here: the modes of ours are one program.
fn is_a_program(server: &Server) -> bool {
    server.name == OURS || matches!(server.source, Source::Peer { .. })
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
    let mut command = match server.source {
        Source::Peer { package, .. } => shell::cargo(PEERS, &["tree", "-p", package]),
        _ => shell::cargo(".", &["tree", "-p", "pauper-examples", "--features", "json"]),
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

/// The version of the crate that a server is named after, from the lock file; nginx says its own.
pub(crate) fn version(server: &Server, program: &Path) -> Option<String> {
    let folder = match server.source {
        Source::Ours { .. } => ".",
        Source::Peer { .. } => PEERS,
        Source::Nginx => {
            let told = Command::new(program).arg("-v").output().ok()?;
            let told = String::from_utf8_lossy(&told.stderr).into_owned();
            return told.trim().split_once('/').map(|(_, version)| version.into());
        }
    };
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
