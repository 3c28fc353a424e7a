//! Wherever code of the application runs, its panic ends there and the server lives: values whose
//! `Drop` or `Display` panics and payloads that panic when they are dropped included.

use std::fmt;
use std::io;
use std::panic::panic_any;

use pauper_message::{Body, BodySink, Error, Plan, Request, Response, Service};
use pauper_server::ServerConfig;
use pauper_server::test::Client;

/// Panics when dropped, unless a panic is under way, which would end the process by the rules of
/// the language.
#[derive(Debug)]
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            panic_any(Self);
        }
    }
}

impl fmt::Display for Bomb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a bomb")
    }
}

impl std::error::Error for Bomb {}

#[derive(Debug)]
struct Unshowable;

impl fmt::Display for Unshowable {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic_any(Bomb)
    }
}

impl std::error::Error for Unshowable {}

struct Sink(&'static str);

impl BodySink for Sink {
    fn write(&mut self, _: &[u8]) -> Result<(), Error> {
        match self.0 {
            "write" => panic_any(Bomb),
            "write-error" => Err(Bomb.into()),
            _ => Ok(()),
        }
    }

    fn finish(self: Box<Self>, _: &mut Request) -> Result<(), Error> {
        match self.0 {
            "finish" => panic_any(Bomb),
            _ => Err(Unshowable.into()),
        }
    }
}

struct Minefield;

impl Service for Minefield {
    fn begin(&self, req: &mut Request) -> Plan {
        match req.path() {
            "/begin" => panic_any(Bomb),
            "/sink-write" => Plan::sink(Sink("write")),
            "/sink-write-error" => Plan::sink(Sink("write-error")),
            "/sink-finish" => Plan::sink(Sink("finish")),
            "/sink-finish-error" => Plan::sink(Sink("finish-error")),
            "/reject" => Plan::reject(Response::failed(Unshowable.into())),
            _ => Plan::buffer(),
        }
    }

    fn call(&self, req: &mut Request) -> Response {
        let pieces = |last| Response::body_of(Body::pieces([Ok("a"), Err(last)], None));
        match req.path() {
            "/call" => panic_any(Bomb),
            "/failed" => Response::failed(Bomb.into()),
            "/failed-unshowable" => Response::failed(Unshowable.into()),
            "/piece-error" => pieces(io::Error::other(Bomb)),
            "/piece-unshowable" => pieces(io::Error::other(Unshowable)),
            "/piece-panic" => {
                let piece = || -> io::Result<&'static str> { panic_any(Bomb) };
                Response::body_of(Body::pieces(std::iter::once_with(piece), None))
            }
            "/extension" => {
                req.extensions_mut().insert(Bomb);
                Response::text("fine")
            }
            "/spoiled" => {
                let bomb = Bomb;
                let unsent = std::iter::from_fn(move || {
                    let _ = &bomb;
                    None::<io::Result<&str>>
                });
                Response::body_of(Body::pieces(unsent, None)).with_header("x", "a\nb")
            }
            _ => Response::text("fine"),
        }
    }
}

#[test]
fn no_panic_of_the_application_ends_the_server() {
    for target in [
        "/begin",
        "/reject",
        "/call",
        "/failed",
        "/failed-unshowable",
        "/piece-error",
        "/piece-unshowable",
        "/piece-panic",
        "/extension",
        "/spoiled",
        "/sink-write",
        "/sink-write-error",
        "/sink-finish",
        "/sink-finish-error",
        "/access",
    ] {
        let config = ServerConfig::new().with_on_access(|record| {
            if record.target == "/access" {
                panic_any(Bomb);
            }
        });
        let mut client = Client::with_config(&Minefield, config);
        let request = format!("POST {target} HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nx");
        let sent = client.raw(request.as_bytes());
        let sent = String::from_utf8_lossy(&sent);
        let good = ["/piece-", "/extension", "/access"].iter().any(|one| target.starts_with(one));
        let status = if good { "HTTP/1.1 200 " } else { "HTTP/1.1 500 " };
        assert!(sent.starts_with(status), "{target}: {sent}");
        assert!(!sent.contains("bomb"), "{target}: the cause is for the log: {sent}");
        if target.starts_with("/piece-") {
            assert!(!sent.ends_with("0\r\n\r\n"), "{target} broke off and looks whole: {sent}");
        }
        let mut other = Client::new(&Minefield);
        assert_eq!(other.get("/").text(), "fine", "after {target}");
    }
}
