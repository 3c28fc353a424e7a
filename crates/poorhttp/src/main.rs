//! The daemon `poorhttp`: serves a folder of files, or its demo.

use std::process::ExitCode;

mod demo;

fn main() -> ExitCode {
    poorhttp::run_with(demo::app)
}
