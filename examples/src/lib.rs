//! Example programs; see the `[[example]]` targets. This is what they share: where they listen.

#[cfg(feature = "forms")]
mod guarded;
#[cfg(feature = "sessions")]
pub mod session_demo;

use std::env;
use std::net::SocketAddr;
use std::process::{Command, exit};

#[cfg(feature = "forms")]
pub use guarded::Guarded;
use pauper::Server;

/// A server on the loopback addresses of `localhost`, or on the address that stands first on the
/// command line (`0.0.0.0`, `127.0.0.1:8000`); at the port of that address, else the one that
/// `--port` or the variable `PORT` names, else at `default`. 0 is any free one, told on standard
/// output. Ends the program when that is no port, or is taken.
pub fn server(name: &str, default: u16) -> Server {
    let fail = |why: String| -> ! {
        eprintln!("{name}: {why}");
        exit(2)
    };
    let port = match asked() {
        None => default,
        Some(text) => text.parse().unwrap_or_else(|_| fail(format!("{text:?} is no port"))),
    };
    let host = env::args().nth(1).filter(|first| !first.starts_with('-'));
    let bound = match &host {
        None => Server::bind(("localhost", port)),
        Some(address) if address.parse::<SocketAddr>().is_ok() => Server::bind(&**address),
        Some(host) => Server::bind((&**host, port)),
    };
    match bound {
        Ok(server) => {
            let address = server.local_addr();
            match host {
                None => println!("{name} on http://localhost:{}/", address.port()),
                Some(_) => println!("{name} on http://{address}/"),
            }
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

/// Opens a page in the browser that the variable `BROWSER` names, or in the usual one of the system;
/// when that cannot be done it says so on standard error.
pub fn open_browser(url: &str) {
    let usual = match () {
        () if cfg!(target_os = "macos") => "open",
        () if cfg!(windows) => "explorer",
        () => "xdg-open",
    };
    let program = env::var("BROWSER").unwrap_or_else(|_| usual.to_owned());
    if let Err(error) = Command::new(&program).arg(url).spawn() {
        eprintln!("cannot start {program}: {error}");
    }
}
