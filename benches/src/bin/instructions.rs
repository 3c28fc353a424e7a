//! `cargo xtask bench instructions`: see the module of the same name.

use std::process::ExitCode;

use pauper_benches::instructions;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match instructions::command(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("instructions: {message}");
            ExitCode::FAILURE
        }
    }
}
