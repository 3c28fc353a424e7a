//! Rules of the repository, as tests.
//!
//! - `arrows`: who may depend on whom, and that ARCHITECTURE.md says the same
//! - `contract`: docs/contract.md is complete, and its tests exist
//! - `manifests`: what every Cargo.toml has in common
//! - `sources`: what no source file may contain
//! - `texts`: README, changelog and the like tell the truth

mod advisories;
mod arrows;
mod contract;
mod manifests;
mod sources;
mod texts;

use std::path::Path;

/// Reads a file by its path from the root of the repository.
#[track_caller]
fn read(path: impl AsRef<Path>) -> String {
    let path = xtask::shell::root().join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Fails with all mistakes at once.
#[track_caller]
fn none(mistakes: &[String]) {
    assert!(mistakes.is_empty(), "{} wrong:\n  {}", mistakes.len(), mistakes.join("\n  "));
}
