//! Request heads: spans, verdicts and bounds.

use pauper_wire::ErrorKind::*;
use pauper_wire::{
    BodyLength, HeaderSpan, Limits, Progress, Status, TargetForm, Version, parse_head,
};

use crate::support::{bad, good, head, head_with, post};

/// Path, query and authority of `line` with `Host: h`.
#[track_caller]
fn check_target(line: &str, path: &str, query: Option<&str>, authority: Option<&str>) {
    let input = format!("{line} HTTP/1.1\r\nHost: h\r\n\r\n").into_bytes();
    let parsed = good(&input);
    let view = parsed.head.view(&input, &parsed.slots);
    assert_eq!((view.path(), view.query(), view.authority()), (path, query, authority), "{line}");
    assert_eq!(view.target(), line.split(' ').nth(1).unwrap());
}

#[test]
fn targets_are_taken_apart() {
    check_target("GET /", "/", None, Some("h"));
    check_target("GET /a/b?c=d?e", "/a/b", Some("c=d?e"), Some("h"));
    check_target("GET /?", "/", Some(""), Some("h"));
    check_target("GET //evil.example/..", "//evil.example/..", None, Some("h"));
    check_target("GET http://A.example:80/x?y", "/x", Some("y"), Some("A.example:80"));
    check_target("GET hTTps://a.example", "", None, Some("a.example"));
    check_target("GET http://a.example?q/r", "", Some("q/r"), Some("a.example"));
    check_target("OPTIONS *", "*", None, Some("h"));
    check_target("OPTIONS /", "/", None, Some("h"));
    check_target("CONNECT a.example:443", "", None, Some("a.example:443"));
}

#[test]
fn a_view_gives_names_and_values() {
    let input = b"\r\nPUT /x HTTP/1.0\r\nA: 1\r\nb:\t2 3 \r\nA:\r\n\r\n";
    let parsed = good(input);
    let view = parsed.head.view(input, &parsed.slots);
    assert_eq!((view.method(), view.version()), ("PUT", Version::Http10));
    let headers = [("A", &b"1"[..]), ("b", b"2 3"), ("A", b"")];
    assert!(view.headers().eq(headers));
    assert_eq!(view.header("a"), Some(&b"1"[..]));
    assert_eq!(view.header("B"), Some(&b"2 3"[..]));
    assert_eq!(view.header("c"), None);
    assert!(view.header_all("a").eq([&b"1"[..], b""]));
    assert_eq!(parsed.head.form(), TargetForm::Origin);
    assert_eq!(parsed.head.method().start(), 2);
    assert_eq!(format!("{view:?}"), "PUT /x HTTP/1.0");
}

#[test]
fn absolute_form_wins_over_host() {
    let input = b"GET http://a/ HTTP/1.1\r\nHost: b\r\n\r\n";
    let head = good(input).head;
    assert_eq!(head.authority().unwrap().of(input), b"a");
    assert_eq!(head.host().unwrap().of(input), b"b");
    bad(b"GET http://a/ HTTP/1.1\r\n\r\n", MissingHost, 26);
}

#[test]
fn an_empty_host_is_for_targets_without_authority() {
    let head = good(b"GET / HTTP/1.1\r\nHost:\r\n\r\n").head;
    assert!(head.host().is_some_and(|host| host.is_empty()));
    assert_eq!(head.authority(), None);
    bad(b"GET http://a/ HTTP/1.1\r\nHost:\r\n\r\n", BadHost, 29);
    bad(b"CONNECT a:1 HTTP/1.1\r\nHost: \r\n\r\n", BadHost, 27);
}

/// Whether a connection with these header lines is kept.
#[track_caller]
fn check_keep_alive(version: &str, lines: &str, expected: bool) {
    let input = format!("GET / {version}\r\nHost: h\r\n{lines}\r\n").into_bytes();
    assert_eq!(good(&input).head.keep_alive(), expected, "{version} {lines}");
}

#[test]
fn close_wins_over_keep_alive_on_all_lines() {
    check_keep_alive("HTTP/1.1", "", true);
    check_keep_alive("HTTP/1.0", "", false);
    check_keep_alive("HTTP/1.1", "Connection: keep-alive\r\n", true);
    check_keep_alive("HTTP/1.0", "Connection: Keep-Alive\r\n", true);
    check_keep_alive("HTTP/1.1", "Connection: TE, Close\r\n", false);
    check_keep_alive("HTTP/1.1", "Connection: keep-alive\r\nConnection: close\r\n", false);
    check_keep_alive("HTTP/1.0", "Connection: close\r\nConnection: keep-alive\r\n", false);
    check_keep_alive("HTTP/1.1", "Connection: closed\r\n", true);
    check_keep_alive("HTTP/1.1", "Connection:\r\n", true);
}

#[test]
fn a_bad_connection_token_is_named_by_its_place() {
    let before = b"POST / HTTP/1.1\r\nHost: h\r\n".len();
    bad(&post("Connection: close,\t a b\r\n"), BadConnection, before + 21);
    bad(&post("Connection: \"close\"\r\n"), BadConnection, before + 12);
    bad(&post("Connection: close;x\r\n"), BadConnection, before + 17);
}

#[test]
fn expectations() {
    let expects = |lines: &str| good(&post(lines)).head.expects_continue();
    assert!(expects("Expect: 100-continue\r\nContent-Length: 1\r\n"));
    assert!(expects("Transfer-Encoding: chunked\r\nExpect: 100-CONTINUE\r\n"));
    assert!(!expects("Expect: 100-continue\r\n"), "there is no body to wait for");
    assert!(!expects("Content-Length: 1\r\n"));
    let old = b"POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n";
    assert!(!good(old).head.expects_continue());
    let at = post("").len() - 2;
    bad(&post("Expect: 100-continue, x\r\n"), UnknownExpectation, at + 8);
    bad(&post("Expect:\r\n"), UnknownExpectation, at + 7);
}

#[test]
fn upgrades() {
    let upgrade = |lines: &str| good(&post(lines)).head.upgrade();
    assert!(upgrade("Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n"));
    assert!(!upgrade("Upgrade: websocket\r\n"));
    assert!(!upgrade("Connection: upgrade\r\n"));
    assert!(!upgrade("Connection: upgrade\r\nUpgrade:\r\n"));
    let old = b"GET / HTTP/1.0\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n";
    assert!(!good(old).head.upgrade());
    let tunnel = b"CONNECT h:1 HTTP/1.1\r\nHost: h:1\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n";
    assert!(!good(tunnel).head.upgrade());
}

#[test]
fn every_proper_prefix_is_partial() {
    let input = b"\r\nPOST /a?b HTTP/1.1\r\nHost: h\r\nX:\t1\r\nContent-Length: 3\r\n\r\n";
    for end in 0..input.len() {
        assert_eq!(head(&input[..end]), Ok(Status::Partial), "{end}");
    }
    assert_eq!(good(input).head.body(), BodyLength::Fixed(3));
}

#[test]
fn a_head_of_exactly_the_limit_passes_and_one_byte_more_does_not() {
    let input = post("X: 1234567890\r\n");
    let exact = Limits::new().with_max_head(input.len());
    assert!(matches!(head_with(&input, &exact), Ok(Status::Complete(_))));
    let less = Limits::new().with_max_head(input.len() - 1);
    let error = head_with(&input, &less).unwrap_err();
    assert_eq!((error.kind(), error.offset()), (HeadTooLarge, input.len() - 1));
    assert_eq!(error.status(), 431);
}

#[test]
fn a_target_of_exactly_the_limit_passes_and_one_byte_more_does_not() {
    let limits = Limits::new().with_max_target(5);
    assert!(head_with(b"GET /1234 HTTP/1.1\r\nHost: h\r\n\r\n", &limits).is_ok());
    for input in [&b"GET /12345 HTTP/1.1\r\n"[..], b"GET /12345", b"GET /12345\0"] {
        let error = head_with(input, &limits).unwrap_err();
        assert_eq!((error.kind(), error.offset(), error.status()), (TargetTooLong, 9, 414));
    }
}

#[test]
fn header_lines_are_counted_against_limit_and_slots() {
    let input = post("A: 1\r\nB: 2\r\n");
    let limits = Limits::new().with_max_headers(3);
    assert!(head_with(&input, &limits).is_ok());
    let error = head_with(&input, &limits.with_max_headers(2)).unwrap_err();
    assert_eq!((error.kind(), error.offset(), error.status()), (TooManyHeaders, 32, 431));
    let mut slots = [HeaderSpan::default(); 2];
    let error = parse_head(&input, &mut Progress::new(), &mut slots, &limits).unwrap_err();
    assert_eq!(error.kind(), TooManyHeaders);
}

#[test]
fn a_progress_is_as_new_after_a_head_and_survives_another_buffer() {
    let input = post("");
    let mut progress = Progress::new();
    let mut slots = [HeaderSpan::default(); 4];
    let limits = Limits::new();
    for _ in 0..2 {
        let parsed = parse_head(&input, &mut progress, &mut slots, &limits);
        assert!(matches!(parsed, Ok(Status::Complete(_))));
        assert!(!progress.is_started());
    }
    let long = b"GET /a/long/way/to/go HTTP/1.1\r\nX";
    assert_eq!(parse_head(long, &mut progress, &mut slots, &limits), Ok(Status::Partial));
    assert!(progress.is_started());
    assert_eq!(parse_head(b"GET ", &mut progress, &mut slots, &limits), Ok(Status::Partial));
    let parsed = parse_head(b"GET / HTTP/1.0\r\n\r\n", &mut progress, &mut slots, &limits);
    assert!(matches!(parsed, Ok(Status::Complete(_))));
}

#[test]
fn empty_lines_start_no_message() {
    let mut progress = Progress::new();
    let parsed = parse_head(b"\r\n\r\n\r", &mut progress, &mut [], &Limits::new());
    assert_eq!(parsed, Ok(Status::Partial));
    assert!(!progress.is_started());
}

#[test]
fn errors_name_the_very_byte() {
    bad(b"GET /a\x01b HTTP/1.1\r\n", BadTarget, 6);
    bad(b"GET / HTTP/1.1\r\nHost: h\r\nX: ab\0\r\n", BadValue, 30);
    bad(b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", BadHost, 23);
    bad(b"GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 12a\r\n", BadContentLength, 43);
    bad(b"GET / HTTP/1.1\r\nHost: h\nX: y\r\n", BareLf, 23);
    bad(b"GET / HTTP/1.1\r\nHost: h\rX", BareCr, 24);
    bad(b"GET http://a b/", BadVersion, 13);
    let error = head(b"GET / HTTP/1.1\r\nHost: h\r\nX(: 1\r\n").unwrap_err();
    assert_eq!(error.to_string(), "a header name is a token (at byte 26, found `(`)");
}
