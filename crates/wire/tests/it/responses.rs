//! Response heads: spans, the length of bodies, and bounds.

use pauper_wire::ErrorKind::*;
use pauper_wire::{
    Error, HeaderSpan, Limits, ResponseHead, ResponseLength, ResponseProgress, Status, Version,
    parse_response_head,
};

use crate::support::response;

/// A head that has to be accepted.
#[track_caller]
fn good(input: &str) -> ResponseHead {
    match response(input.as_bytes()) {
        Ok(Status::Complete((head, _))) => head,
        other => panic!("{input:?}: {other:?}"),
    }
}

#[track_caller]
fn bad(input: &[u8]) -> Error {
    response(input).expect_err("a bad head")
}

#[test]
fn a_head_gives_its_parts() {
    let input = b"HTTP/1.0 404 Not  Found \r\nA: 1\r\nb:\t2 3 \r\n\r\n";
    let Ok(Status::Complete((head, slots))) = response(input) else { panic!("complete") };
    assert_eq!((head.status(), head.version()), (404, Version::Http10));
    assert_eq!(head.reason().of(input), b"Not  Found ");
    assert_eq!((head.len(), head.header_count()), (input.len(), 2));
    assert_eq!((slots[1].name.of(input), slots[1].value.of(input)), (&b"b"[..], &b"2 3"[..]));
    assert!(!head.keep_alive() && !head.upgrade() && !head.is_interim());
}

/// How the body of this response ends, in answer to this method.
#[track_caller]
fn check_body(method: &str, status: u16, lines: &str, expected: ResponseLength) {
    let head = good(&format!("HTTP/1.1 {status} X\r\n{lines}\r\n"));
    assert_eq!(head.body(method.as_bytes()), expected, "{method} {status} {lines}");
}

/// RFC 9112 section 6.3, rule by rule.
#[test]
fn the_length_of_a_body_depends_on_method_and_status() {
    use ResponseLength::*;
    let (fixed, chunked) = ("Content-Length: 5\r\n", "Transfer-Encoding: chunked\r\n");
    for lines in ["", fixed, chunked] {
        for status in [200, 404, 500] {
            check_body("HEAD", status, lines, Empty);
        }
        for status in [100, 103, 204, 304] {
            check_body("GET", status, lines, Empty);
        }
        check_body("CONNECT", 200, lines, Tunnel);
        check_body("CONNECT", 204, lines, Tunnel);
        check_body("GET", 101, lines, Tunnel);
    }
    check_body("CONNECT", 407, fixed, Fixed(5));
    check_body("head", 200, fixed, Fixed(5));
    check_body("GET", 200, chunked, Chunked);
    check_body("GET", 200, "", UntilClose);
    assert_eq!(good("HTTP/1.1 304 X\r\nContent-Length: 5\r\n\r\n").content_length(), Some(5));
}

#[test]
fn interim_responses_are_followed_by_another() {
    for (status, interim) in [(100, true), (101, false), (103, true), (199, true), (200, false)] {
        assert_eq!(good(&format!("HTTP/1.1 {status} \r\n\r\n")).is_interim(), interim, "{status}");
    }
}

#[test]
fn connections_and_upgrades() {
    let kept = |version, lines| good(&format!("{version} 200 \r\n{lines}\r\n")).keep_alive();
    assert!(kept("HTTP/1.1", ""));
    assert!(!kept("HTTP/1.1", "Connection: x, Close\r\n"));
    assert!(!kept("HTTP/1.0", ""));
    assert!(kept("HTTP/1.0", "Connection: keep-alive\r\n"));
    let lines = "Connection: Upgrade\r\nUpgrade: websocket\r\n";
    let upgrade = |status, lines| good(&format!("HTTP/1.1 {status} \r\n{lines}\r\n")).upgrade();
    assert!(upgrade(101, lines));
    assert!(!upgrade(200, lines));
    assert!(!upgrade(101, "Upgrade: websocket\r\n"));
}

#[test]
fn errors_name_the_very_byte() {
    let at = |input: &[u8]| (bad(input).kind(), bad(input).offset());
    assert_eq!(at(b"HTTP/1.1 2x0 OK\r\n"), (BadStatusLine, 10));
    assert_eq!(at(b"HTTP/1.1 200 O\x01"), (BadStatusLine, 14));
    assert_eq!(at(b"HTTX"), (BadVersion, 3));
    assert_eq!(at(b"HTTP/3.0 200 OK\r\n"), (UnsupportedVersion, 0));
    assert_eq!(at(b"HTTP/1.1 200 OK\r\nX(: 1"), (BadName, 18));
    let old = b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    assert_eq!(at(old), (TransferEncodingInHttp10, 17));
}

#[test]
fn a_head_is_bounded() {
    let input = b"HTTP/1.1 200 OK\r\nA: 1\r\nB: 2\r\n\r\n";
    let parse = |limits: Limits| {
        let mut slots = [HeaderSpan::default(); 8];
        parse_response_head(input, &mut ResponseProgress::new(), &mut slots, &limits)
    };
    assert!(parse(Limits::new().with_max_head(input.len()).with_max_headers(2)).is_ok());
    let error = parse(Limits::new().with_max_head(input.len() - 1)).unwrap_err();
    assert_eq!((error.kind(), error.offset()), (HeadTooLarge, input.len() - 1));
    let error = parse(Limits::new().with_max_headers(1)).unwrap_err();
    assert_eq!((error.kind(), error.offset()), (TooManyHeaders, 23));
}

#[test]
fn every_proper_prefix_is_partial() {
    let input = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nX:\t1\r\n\r\n";
    for end in 0..input.len() {
        assert_eq!(response(&input[..end]), Ok(Status::Partial), "{end}");
    }
}
