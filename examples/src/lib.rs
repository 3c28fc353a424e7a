//! Example programs; see the `[[example]]` targets. This is what they share: where they listen.

use std::env;
use std::process::exit;

use pauper::Server;

/// A server on the loopback addresses of `localhost`, at the port that `--port` or the variable
/// `PORT` names, or else at `default`; 0 is any free one, told on standard output. Ends the program
/// when that is no port, or is taken.
pub fn server(name: &str, default: u16) -> Server {
    let fail = |why: String| -> ! {
        eprintln!("{name}: {why}");
        exit(2)
    };
    let port = match asked() {
        None => default,
        Some(text) => text.parse().unwrap_or_else(|_| fail(format!("{text:?} is no port"))),
    };
    match Server::bind(("localhost", port)) {
        Ok(server) => {
            println!("{name} on http://localhost:{}/", server.local_addr().port());
            server
        }
        Err(error) => fail(format!("cannot listen on port {port}: {error}")),
    }
}

/// The text given for the port, the command line first.
fn asked() -> Option<String> {
    let mut args = env::args().skip(1);
    while let Some(arg) = args.next() {
        if arg == "--port" {
            return Some(args.next().unwrap_or_default());
        }
        if let Some(port) = arg.strip_prefix("--port=") {
            return Some(port.to_owned());
        }
    }
    env::var("PORT").ok()
}
