//! Outside tools, which may be missing.

use std::env;
use std::path::PathBuf;

/// The first of these programs that is installed. If none is, says so, or fails where tools are
/// required (`PAUPER_REQUIRE_TOOLS`).
pub(crate) fn tool(names: &[&str]) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let found = names.iter().find_map(|name| {
        env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file())
    });
    if found.is_none() {
        missing(&names.join(" or "));
    }
    found
}

/// Says that a test is skipped because something is missing, or fails where tools are required.
pub(crate) fn missing(what: &str) {
    let required = env::var_os("PAUPER_REQUIRE_TOOLS").is_some_and(|value| value == "1");
    assert!(!required, "{what} is missing");
    println!("skipped: {what} is missing");
}
