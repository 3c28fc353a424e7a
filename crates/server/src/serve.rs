//! The smallest server: a port and a function.

use pauper_message::{IntoResponse, Request};

use crate::{ServeResult, Server};

/// Answers every request on a port of this machine with a function: a server in one line.
///
/// It listens on the loopback addresses of `localhost` alone, IPv4 and IPv6 where there is such,
/// with all default limits, and returns when it is stopped or cannot listen. Port 0 takes any
/// free one; for more than this take [`Server`].
///
/// ```no_run
/// pauper_server::serve(8080, |req| format!("you asked for {}\n", req.path())).unwrap();
/// ```
///
/// # Errors
/// As [`Server::bind`] and [`Server::run`].
pub fn serve<F, R>(port: u16, handler: F) -> ServeResult
where
    F: Fn(&mut Request) -> R + Send + Sync + 'static,
    R: IntoResponse,
{
    Server::bind(("localhost", port))?.run(handler)
}
