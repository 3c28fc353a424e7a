//! Does anything we depend on ask for a newer Rust than we promise?
//!
//! The promise itself is kept by clippy's `incompatible_msrv` for our own code; together both are
//! the check that is possible with one toolchain.

use serde_json::Value;

use crate::workspace::{array, host, string};
use crate::{Result, workspace};

/// Which part of the dependency graph is looked at.
#[derive(Clone, Copy, Debug)]
pub enum Graph {
    /// All features on all platforms: may have to download.
    Everything,
    /// The default features on this machine: `cargo test --workspace` has all of it, and only what
    /// is missing (after a test of one crate alone) is downloaded.
    Present,
}

/// The dependencies that declare a newer Rust than the workspace, a sentence for each.
///
/// # Errors
/// When `cargo metadata` fails.
pub fn too_new(graph: Graph) -> Result<Vec<String>> {
    let metadata = match graph {
        Graph::Everything => workspace::metadata(&["--locked", "--all-features"])?,
        Graph::Present => {
            let host = host()?;
            let args = ["--locked", "--filter-platform", &host];
            workspace::metadata(&[&args[..], &["--offline"]].concat())
                .or_else(|_| workspace::metadata(&args))?
        }
    };
    Ok(judge(&metadata))
}

fn judge(metadata: &Value) -> Vec<String> {
    let packages = array(&metadata["packages"]);
    let ours = packages
        .iter()
        .filter(|package| package["source"].is_null())
        .filter_map(|package| version(&package["rust_version"]))
        .min();
    let Some(ours) = ours else { return vec!["no package of ours declares a rust-version".into()] };
    packages
        .iter()
        .filter(|package| version(&package["rust_version"]).is_some_and(|theirs| theirs > ours))
        .map(|package| {
            let [name, version, theirs] =
                ["name", "version", "rust_version"].map(|key| string(&package[key]));
            format!("{name} {version} needs Rust {theirs}")
        })
        .collect()
}

/// `1.88` and `1.88.0` as numbers.
fn version(value: &Value) -> Option<[u32; 3]> {
    let text = value.as_str()?;
    let mut numbers = text.split('.').map(|part| part.parse().ok());
    let mut next = || numbers.next().unwrap_or(Some(0));
    Some([next()?, next()?, next()?])
}

/// The step of `cargo xtask ci`.
///
/// # Errors
/// When there is such a dependency.
pub fn run() -> Result {
    let found = too_new(Graph::Everything)?;
    if found.is_empty() {
        return Ok(());
    }
    Err(format!("newer than the rust-version in Cargo.toml:\n  {}", found.join("\n  ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn newer_ones_are_named() {
        let package = |name, source: Value, rust| json!({ "name": name, "version": "1.0.0", "source": source, "rust_version": rust });
        let metadata = json!({ "packages": [
            package("ours", Value::Null, Some("1.88")),
            package("same", json!("registry"), Some("1.88.0")),
            package("older", json!("registry"), Some("1.9")),
            package("silent", json!("registry"), None),
            package("newer", json!("registry"), Some("1.88.1")),
        ]});
        assert_eq!(judge(&metadata), ["newer 1.0.0 needs Rust 1.88.1"]);
    }

    #[test]
    fn without_a_promise_nothing_is_kept() {
        assert_eq!(judge(&json!({ "packages": [] })).len(), 1);
    }
}
