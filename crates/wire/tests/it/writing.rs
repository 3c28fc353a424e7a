//! The head writer.

use pauper_wire::ErrorKind::*;
use pauper_wire::{ConnectionOption, Framing, HeadWriter, reason};

use crate::support::good;

#[test]
fn a_response_head() {
    let mut out = b"before".to_vec();
    let mut head = HeadWriter::response(&mut out, 404, None).unwrap();
    head.date(b"Sun, 06 Nov 1994 08:49:37 GMT");
    head.header("X-A", "a\t\u{fc}".as_bytes()).unwrap();
    head.header("x-empty", b"").unwrap();
    head.framing(&Framing::chunked().with_connection(ConnectionOption::Close));
    head.finish();
    let expected = "beforeHTTP/1.1 404 Not Found\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n\
        X-A: a\t\u{fc}\r\nx-empty: \r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n";
    assert_eq!(out, expected.as_bytes());
}

#[test]
fn prepared_status_lines_are_the_formatted_ones() {
    for status in 100..=999 {
        let (mut out, mut formatted) = (Vec::new(), Vec::new());
        HeadWriter::response(&mut out, status, None).unwrap().finish();
        HeadWriter::response(&mut formatted, status, Some(reason(status))).unwrap().finish();
        assert_eq!(out, formatted);
        assert_eq!(out, format!("HTTP/1.1 {status} {}\r\n\r\n", reason(status)).as_bytes());
    }
}

#[test]
fn statuses_and_reasons_are_checked() {
    let mut out = b"before".to_vec();
    for status in [0, 99, 1000, u16::MAX] {
        assert_eq!(HeadWriter::response(&mut out, status, None).unwrap_err().kind(), InvalidStatus);
    }
    let evil = Some("OK\r\nSet-Cookie: a=b");
    assert_eq!(HeadWriter::response(&mut out, 200, evil).unwrap_err().kind(), InvalidReason);
    assert_eq!(out, b"before");
    HeadWriter::response(&mut out, 200, Some("")).unwrap().finish();
    assert_eq!(out, b"beforeHTTP/1.1 200 \r\n\r\n");
}

#[test]
fn no_name_and_no_value_can_end_a_line() {
    let mut out = Vec::new();
    let mut head = HeadWriter::response(&mut out, 200, None).unwrap();
    for value in ["a\r\nB: c", "a\nb", "a\rb", "\0", "\x1b[2J", "\x7f", " a", "a\t"] {
        assert_eq!(
            head.header("X", value.as_bytes()).unwrap_err().kind(),
            InvalidValue,
            "{value:?}"
        );
    }
    for name in ["", "a b", "a:", "a\r\nb", "\u{fc}", "a\0"] {
        assert_eq!(head.header(name, b"x").unwrap_err().kind(), InvalidName, "{name:?}");
    }
    for name in ["Content-Length", "TRANSFER-ENCODING", "connection", "Upgrade"] {
        assert_eq!(head.header(name, b"5").unwrap_err().kind(), FramingHeader, "{name}");
    }
    for protocol in ["", "a b", "a/", "/b", "a/b/c", "a\r\nb"] {
        assert_eq!(head.upgrade(protocol).unwrap_err().kind(), InvalidValue, "{protocol:?}");
    }
    head.finish();
    assert_eq!(out, b"HTTP/1.1 200 OK\r\n\r\n");
}

#[test]
fn an_unfinished_head_leaves_no_bytes() {
    let mut out = b"before".to_vec();
    let mut head = HeadWriter::response(&mut out, 200, None).unwrap();
    head.header("A", b"b").unwrap();
    drop(head);
    assert_eq!(out, b"before");
}

#[test]
fn an_upgrade_response() {
    let mut out = Vec::new();
    let mut head = HeadWriter::response(&mut out, 101, None).unwrap();
    head.upgrade("websocket").unwrap();
    head.finish();
    let expected =
        "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n";
    assert_eq!(out, expected.as_bytes());
    assert_eq!(HeadWriter::INTERIM_CONTINUE, b"HTTP/1.1 100 Continue\r\n\r\n");
}

#[test]
fn a_request_reads_back() {
    let mut out = Vec::new();
    let mut head = HeadWriter::request(&mut out, "PUT", "/a?b").unwrap();
    head.header("Host", b"h").unwrap();
    head.framing(&Framing::fixed(u64::MAX));
    head.finish();
    let parsed = good(&out);
    assert_eq!(parsed.head.body(), pauper_wire::BodyLength::Fixed(u64::MAX));
    assert_eq!(parsed.head.view(&out, &parsed.slots).target(), "/a?b");
}

#[test]
fn methods_and_targets_are_checked() {
    let mut out = Vec::new();
    for (method, target) in
        [("", "/"), ("G T", "/"), ("GET", ""), ("GET", "/a b"), ("GET", "/\r\n"), ("GET", "/#x")]
    {
        let error = HeadWriter::request(&mut out, method, target).unwrap_err();
        assert_eq!(error.kind(), InvalidRequestLine, "{method:?} {target:?}");
    }
    assert!(out.is_empty());
}
