//! The daemon `poorhttp`: serves a folder of files, or its demo.

use std::process::ExitCode;

mod demo;

fn main() -> ExitCode {
    poorhttp::Registry::new()
        .with("demo", demo::app)
        .with("files", |_| pauper::App::new("files"))
        .run()
}
