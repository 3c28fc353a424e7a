//! Paths of the repository, and other programs.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::Result;

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    // Cargo tells a running program where its manifest is; the value known at compile time is the
    // fall-back for a program started by hand.
    let tool = std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    tool.ancestors().nth(2).map(PathBuf::from).unwrap_or(tool)
}

/// A cargo command in a folder below the root: the cargo that runs us.
pub(crate) fn cargo(folder: &str, args: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(args).current_dir(root().join(folder));
    command
}

/// Runs a command and gives what it wrote to its standard output.
///
/// # Errors
/// When it cannot be started or fails; its standard error is in the message.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("cannot start `{name}`: {error}"))?;
    if !output.status.success() {
        let told = String::from_utf8_lossy(&output.stderr);
        return Err(format!("`{name}` failed: {}\n{told}", output.status));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Whether a program is there.
pub(crate) fn has(program: &str) -> bool {
    find(program).is_some()
}

/// Where a program is; those of administrators too, whose folders are not on everybody's path.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    let paths = std::env::var_os("PATH").unwrap_or_default();
    let more = ["/usr/local/sbin", "/usr/sbin", "/sbin"].map(PathBuf::from);
    let mut files = std::env::split_paths(&paths).chain(more).map(|folder| folder.join(program));
    files.find(|file| file.is_file())
}
