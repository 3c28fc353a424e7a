//! Responses on their way out: framing, headers, bodies of every kind.

use std::io::{self, Write};

use pauper_message::{Body, Request, Response, decline};
use pauper_server::ServerConfig;
use pauper_server::test::{Client, read_answer};
use proptest::prelude::*;

use crate::support::{get, statuses};

fn file_of(bytes: &[u8]) -> std::fs::File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    file
}

/// A body of `len` bytes of this kind.
fn body(kind: u8, len: usize) -> Body {
    let bytes: Vec<u8> = (0..len).map(|i| b'a' + (i % 26) as u8).collect();
    match kind {
        0 => Body::from(bytes),
        1 => {
            let parts: Vec<Vec<u8>> = bytes.chunks(700).map(<[u8]>::to_vec).collect();
            Body::from(parts)
        }
        2 => Body::file(file_of(&bytes), 0, len as u64),
        3 => pieces(&bytes, None),
        _ => pieces(&bytes, Some(len as u64)),
    }
}

fn pieces(bytes: &[u8], len: Option<u64>) -> Body {
    let parts: Vec<io::Result<Vec<u8>>> = bytes.chunks(300).map(|part| Ok(part.to_vec())).collect();
    Body::pieces(parts, len)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever a handler returns, the bytes on the wire parse back to exactly one response.
    #[test]
    fn one_request_is_one_response(
        status in prop_oneof![100_u16..=999, Just(204), Just(304), Just(200), Just(101)],
        kind in 0_u8..5,
        len in prop_oneof![Just(0_usize), 1_usize..10_000],
        method in prop_oneof![Just("GET"), Just("HEAD"), Just("POST"), Just("DELETE")],
        http10 in any::<bool>(),
        keep_alive in any::<bool>(),
        name in "[a-zA-Z][a-zA-Z0-9-]{0,12}",
        value in "[ -~\\tä-ü]{0,30}",
    ) {
        let service = |_: &mut Request| {
            let mut response =
                Response::body_of(body(kind, len)).with_status(status);
            // Framing headers and such are refused here; whatever goes in has to come out.
            let _ = response.headers_mut().append(name.as_str(), value.as_str());
            response
        };
        let version = if http10 { "1.0" } else { "1.1" };
        let connection = if keep_alive { "Connection: keep-alive\r\n" } else { "" };
        let one = format!("{method} / HTTP/{version}\r\nHost: h\r\n{connection}\r\n");
        let mut client = Client::new(&service);
        let mut bytes = client.raw(one.as_bytes());
        let closed = client.is_closed();
        let (answer, read) = read_answer(&bytes, method, closed).unwrap();
        prop_assert_eq!(read, bytes.len(), "nothing follows it");
        let expected = if (100..200).contains(&status) { 500 } else { status };
        prop_assert_eq!(answer.status(), expected);
        if !(method == "HEAD" || matches!(expected, 204 | 205 | 304 | 500)) {
            prop_assert_eq!(answer.body(), &*body(kind, len).into_bytes(1 << 20).unwrap());
        }
        if http10 {
            prop_assert_eq!(answer.header("transfer-encoding"), None);
        }
        if !closed {
            // The connection is in step: the next answer is as whole as the first.
            bytes = client.raw(one.as_bytes());
            let (_, read) = read_answer(&bytes, method, client.is_closed()).unwrap();
            prop_assert_eq!(read, bytes.len());
        }
    }
}

#[test]
fn head_204_and_304_have_no_body() {
    let service = |req: &mut Request| {
        let status: u16 = req.path()[1..].parse().unwrap();
        Response::text("never seen where it may not be").with_status(status)
    };
    let mut client = Client::new(&service);
    let head = |target| Request::builder().method("HEAD").target(target);
    assert_eq!(client.request(&head("/200")).header("content-length"), Some("30"));
    for target in ["/204", "/304"] {
        for method in ["GET", "HEAD", "POST"] {
            let answer = client.request(&Request::builder().method(method).target(target));
            assert_eq!((answer.body(), answer.header("content-length")), (&b""[..], None));
        }
    }
    assert_eq!(client.get("/200").text().len(), 30, "the connection is in step");
}

#[test]
fn old_clients_get_no_chunks() {
    let service = |_: &mut Request| pieces(&[b'x'; 1000], None);
    let mut client = Client::new(&service);
    let modern = client.get("/");
    assert_eq!((modern.chunks(), modern.body().len()), (Some(4), 1000));
    for connection in ["", "Connection: keep-alive\r\n"] {
        let out = client.raw(format!("GET / HTTP/1.0\r\n{connection}\r\n").as_bytes());
        assert!(client.is_closed());
        let (answer, _) = read_answer(&out, "GET", true).unwrap();
        assert_eq!((answer.chunks(), answer.body().len()), (None, 1000));
        assert_eq!(answer.header("connection"), Some("close"));
    }
}

#[test]
fn old_clients_can_keep_their_connection() {
    let service = |_: &mut Request| "fine";
    let mut client = Client::new(&service);
    for _ in 0..3 {
        let out = client.raw(b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
        let (answer, _) = read_answer(&out, "GET", false).unwrap();
        assert_eq!(answer.header("connection"), Some("keep-alive"));
        assert!(!client.is_closed());
    }
    assert_eq!(statuses(&client.raw(b"GET / HTTP/1.0\r\n\r\n")), [200]);
    assert!(client.is_closed());
}

/// The bytes sent before the connection broke.
fn broken_body(make: impl Fn() -> Body) -> String {
    let service = |_: &mut Request| Response::body_of(make());
    let mut client = Client::new(&service);
    let out = client.raw((get("/") + &get("/")).as_bytes());
    assert!(client.is_closed(), "nothing may follow");
    let text = String::from_utf8(out).unwrap();
    let (_, body) = text.split_once("\r\n\r\n").unwrap();
    assert!(!body.contains("HTTP"), "one answer at most: {body}");
    body.to_owned()
}

#[test]
fn a_body_that_is_not_as_promised_breaks_the_connection() {
    assert_eq!(broken_body(|| pieces(b"abc", Some(5))), "abc");
    assert_eq!(broken_body(|| pieces(b"abcdef", Some(5))), "abcde", "never more than promised");
    let fails = || Body::pieces([Ok("ab"), Err(io::Error::other("disk"))], None);
    assert_eq!(broken_body(fails), "2\r\nab\r\n", "no final chunk");
    let panics =
        || Body::pieces((0..).map(|i| if i < 1 { Ok("ab") } else { panic!("in a piece") }), None);
    assert_eq!(broken_body(panics), "2\r\nab\r\n", "no final chunk");
    assert_eq!(broken_body(|| Body::file(file_of(b"abc"), 1, 5)), "bc", "a file cut short");
}

#[test]
fn headers_of_the_handler_come_before_those_of_the_server() {
    let service = |_: &mut Request| {
        Response::text("").with_header("Server", "mine").with_header("Date", "never")
    };
    let answer = Client::new(&service).get("/");
    assert_eq!(answer.header_all("server").collect::<Vec<_>>(), ["mine"]);
    assert_eq!(answer.header_all("date").collect::<Vec<_>>(), ["never"]);
    let plain = |_: &mut Request| "x";
    let config = ServerConfig::new().with_server_name(None);
    let answer = Client::with_config(&plain, config).get("/");
    assert_eq!(answer.header("server"), None);
    assert_eq!(answer.header("date"), Some("Sun, 06 Nov 1994 08:49:37 GMT"));
}

#[test]
fn a_spoiled_response_is_a_500_and_nothing_of_it_is_sent() {
    for value in ["/a\r\nSet-Cookie: a=b", "/a\nb", "/\0"] {
        let service = |_: &mut Request| Response::redirect(value);
        let mut client = Client::new(&service);
        let answer = client.get("/");
        assert_eq!(answer.status(), 500);
        assert_eq!(answer.header("location"), None);
        assert_eq!(answer.header("set-cookie"), None);
        assert!(!client.is_closed());
    }
}

#[test]
fn blanks_around_a_value_are_not_part_of_it() {
    let service = |_: &mut Request| {
        let value = pauper_message::http::HeaderValue::from_static(" x ");
        Response::text("").with_header("X-Blank", value)
    };
    assert_eq!(Client::new(&service).get("/").header("x-blank"), Some("x"));
}

#[test]
fn a_declined_request_gets_no_byte_but_those_before_it_do() {
    let service = |req: &mut Request| match req.path() {
        "/" => Ok("fine"),
        _ => Err(decline()),
    };
    let mut client = Client::new(&service);
    let out = client.raw((get("/") + &get("/decline") + &get("/")).as_bytes());
    assert_eq!(statuses(&out), [200]);
    assert!(client.is_closed());
}

#[test]
fn a_response_can_close_the_connection_and_stop_the_server() {
    let service = |req: &mut Request| match req.path() {
        "/stop" => Response::text("bye").and_shutdown(),
        _ => Response::text("closing").and_close(),
    };
    let mut client = Client::new(&service);
    assert_eq!(client.get("/").header("connection"), Some("close"));
    assert!(client.is_closed());
    assert!(!client.take_shutdown());
    assert_eq!(client.get("/stop").text(), "bye");
    assert!(client.take_shutdown());
    assert!(!client.take_shutdown(), "told once");
}
