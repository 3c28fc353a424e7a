//! What the log is told.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::sync::Once;

use log::{Level, LevelFilter, Log, Metadata, Record};
use pauper_message::{Peer, Request, Response};
use pauper_server::ServerConfig;
use pauper_server::test::Client;

use crate::support::get;

thread_local! {
    /// The lines of this thread, so that tests do not see each other's.
    static LINES: RefCell<Vec<(Level, String)>> = const { RefCell::new(Vec::new()) };
}

struct PerThread;

impl Log for PerThread {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        LINES.with_borrow_mut(|lines| lines.push((record.level(), record.args().to_string())));
    }

    fn flush(&self) {}
}

/// What is logged while a client from 192.0.2.1:5 sends `bytes`.
fn logged(handler: fn(&mut Request) -> Response, bytes: &str) -> Vec<(Level, String)> {
    static INSTALL: Once = Once::new();
    INSTALL.call_once(|| {
        log::set_logger(&PerThread).unwrap();
        log::set_max_level(LevelFilter::Trace);
    });
    LINES.take();
    let remote: SocketAddr = "192.0.2.1:5".parse().unwrap();
    let config = ServerConfig::new().with_max_body(10);
    let mut client = Client::with_config(&handler, config).from_peer(Peer::new(Some(remote), None));
    client.raw(bytes.as_bytes());
    LINES.take()
}

#[track_caller]
fn check(handler: fn(&mut Request) -> Response, bytes: &str, level: Level, text: &str) {
    let lines = logged(handler, bytes);
    let [(found, line)] = lines.as_slice() else { panic!("one line expected: {lines:?}") };
    assert_eq!(*found, level, "{line}");
    assert!(line.starts_with("192.0.2.1:5: ") && line.contains(text), "{line}");
    assert!(!line.contains(char::is_control), "{line:?}");
}

fn fine(_: &mut Request) -> Response {
    Response::text("fine")
}

#[test]
fn what_goes_well_is_not_logged() {
    assert_eq!(logged(fine, &get("/")), []);
    let missing = |_: &mut Request| Response::failed(pauper_message::abort(404));
    assert_eq!(logged(missing, &get("/")), [], "an ordinary answer");
}

#[test]
fn refused_requests_are_told_with_their_peer() {
    check(fine, "GET / HTTP/1.1\n", Level::Info, "400");
    let long = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 11\r\n\r\n";
    check(fine, long, Level::Info, "max_body");
}

#[test]
fn faults_of_the_program_are_errors() {
    let panics = |_: &mut Request| -> Response { panic!("line\r\n\u{1b}[31mforged") };
    check(panics, &get("/"), Level::Error, "line\\u{d}\\u{a}\\u{1b}[31mforged");
    let spoiled = |_: &mut Request| Response::redirect("a\r\nb");
    check(spoiled, &get("/"), Level::Error, "line end");
}

/// uvicorn CVE-2020-7694: control characters of a client reach no log.
#[test]
fn hostile_bytes_are_escaped() {
    check(fine, "GET /\u{1b}[31m HTTP/1.1\r\n", Level::Info, "0x1b");
    check(fine, "\u{1b}]0;x\u{7}", Level::Info, "0x1b");
}
