//! An application of your own as a daemon: `cargo run --example own -- --port 8080`.

use std::process::ExitCode;
use std::thread::sleep;
use std::time::Duration;

use pauper::{App, Request};

/// Handlers may block. In the mode `single` everybody else waits meanwhile.
fn nap(_: &mut Request, seconds: u64) -> String {
    sleep(Duration::from_secs(seconds.min(600)));
    format!("slept for {seconds} s\n")
}

fn main() -> ExitCode {
    let mut app = App::new("naps");
    app.get("/nap/<seconds:int>", nap);
    poorhttp::run(app)
}
