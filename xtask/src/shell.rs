//! Runs programs in the root of the workspace.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::Result;

/// The root of the workspace.
///
/// Cargo tells a running program and a running test where its manifest is; the value known at
/// compile time is the fall-back for a program started by hand.
pub fn root() -> PathBuf {
    let xtask = std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    xtask.parent().map(PathBuf::from).unwrap_or(xtask)
}

/// A command in the root of the workspace. `cargo` means the one that runs us.
pub fn command(program: &str, args: &[&str]) -> Command {
    let mut command = match (program, std::env::var_os("CARGO")) {
        ("cargo", Some(cargo)) => Command::new(cargo),
        _ => Command::new(program),
    };
    command.args(args).current_dir(root());
    command
}

/// Runs a command whose output goes to the terminal.
///
/// # Errors
/// When it cannot be started, or ends with anything but success.
pub fn run(mut command: Command) -> Result {
    let status = command.status().map_err(|error| cannot_start(&command, &error))?;
    if status.success() { Ok(()) } else { Err(format!("`{}` failed: {status}", show(&command))) }
}

/// Runs a command and gives what it wrote to its standard output.
///
/// # Errors
/// When it cannot be started, ends with anything but success (its standard error is in the
/// message), or writes anything but UTF-8.
pub fn output(mut command: Command) -> Result<String> {
    let output =
        command.stdin(Stdio::null()).output().map_err(|error| cannot_start(&command, &error))?;
    if !output.status.success() {
        let told = String::from_utf8_lossy(&output.stderr);
        return Err(format!("`{}` failed: {}\n{told}", show(&command), output.status));
    }
    String::from_utf8(output.stdout)
        .map_err(|_| format!("`{}` wrote something that is not UTF-8", show(&command)))
}

/// The command as one would type it.
pub fn show(command: &Command) -> String {
    let program = std::path::Path::new(command.get_program());
    let mut text = program.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    for arg in command.get_args() {
        text.push(' ');
        text.push_str(&arg.to_string_lossy());
    }
    text
}

#[cold]
fn cannot_start(command: &Command, error: &std::io::Error) -> String {
    format!("cannot start `{}`: {error}", show(command))
}
