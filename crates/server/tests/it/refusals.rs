//! What is refused: each with its status, a text that names the rule, and the end of the
//! connection.

use pauper_server::ServerConfig;
use pauper_server::test::{Client, read_answer};

use crate::support::{Counted, get};

fn config() -> ServerConfig {
    ServerConfig::new().with_max_head(2000).with_max_target(100).with_max_headers(10)
}

/// `input` is answered with `status` and a text with `rule` in it; neither it nor what follows it
/// reaches the service.
#[track_caller]
fn check(input: &str, status: u16, rule: &str) {
    let service = Counted::default();
    let mut client = Client::with_config(&service, config());
    let out = client.raw((input.to_owned() + &get("/")).as_bytes());
    let (answer, len) = read_answer(&out, "GET", true).unwrap();
    assert_eq!(answer.status(), status, "{input:?}");
    assert_eq!(len, out.len(), "{input:?}: nothing follows");
    assert!(answer.text().contains(rule), "{input:?}: {answer:?}");
    assert!(answer.text().len() < 200, "{answer:?}");
    assert_eq!(answer.header("connection"), Some("close"));
    assert_eq!(answer.header("content-type"), Some("text/plain; charset=utf-8"));
    assert!(client.is_closed());
    assert_eq!(service.calls(), 0, "{input:?}");
}

#[test]
fn heads_that_break_a_rule() {
    check("GET /\r\n\r\n", 400, "request line");
    check("GET / HTTP/1.1\n\n", 400, "CRLF");
    check("GET / HTTP/1.1\r\n\r\n", 400, "Host");
    check("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400, "Host");
    check("GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400, "whitespace");
    check("GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n", 400, "continued");
    check("GET / HTTP/1.1\r\nHost: a\r\nX: \0\r\n\r\n", 400, "control byte");
    check("GET / HTTP/1.2\r\nHost: a\r\n\r\n", 505, "HTTP/1.1");
    check("PRI * HTTP/2.0\r\n\r\n", 505, "HTTP/1.1");
    check("GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", 501, "chunked");
    let expect = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nExpect: 200-ok\r\n\r\nx";
    check(expect, 417, "expectation");
}

#[test]
fn limits_of_heads_are_named() {
    let target = "/x".repeat(51);
    check(&format!("GET {target} HTTP/1.1\r\nHost: h\r\n\r\n"), 414, "target");
    let long = "x".repeat(2000);
    check(&format!("GET / HTTP/1.1\r\nHost: h\r\nX: {long}\r\n\r\n"), 431, "too large");
    let many = "X: y\r\n".repeat(10);
    check(&format!("GET / HTTP/1.1\r\nHost: h\r\n{many}\r\n"), 431, "too many");
}

#[test]
fn chunks_that_break_a_rule() {
    let head = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (body, rule) in [
        ("5\nhello\r\n0\r\n\r\n", "CRLF"),
        ("+5\r\nhello\r\n0\r\n\r\n", "chunk size"),
        ("fffffffffffffffff\r\n", "chunk size"),
        ("ffffffffffffffff\r\n", "chunk size"),
        ("5\r\nhelloX\r\n0\r\n\r\n", "CRLF"),
        ("0\r\nA : b\r\n\r\n", "whitespace"),
    ] {
        check(&format!("{head}{body}"), 400, rule);
    }
}

#[test]
fn bodies_that_are_too_long() {
    let service = Counted::default();
    let config = ServerConfig::new().with_max_body(100).with_drain_limit(1000);
    let mut client = Client::with_config(&service, config);
    let declared = client.post("/", "a/b", vec![0; 101]);
    assert_eq!(declared.status(), 413);
    assert!(declared.text().contains("100 bytes (max_body)"), "{declared:?}");
    assert!(!client.is_closed(), "so few bytes are drained");
    assert_eq!(client.post("/", "a/b", vec![b'x'; 100]).status(), 200);
    assert_eq!(client.post("/", "a/b", vec![0; 1101]).status(), 413);
    assert!(client.is_closed(), "so many are not");

    // Chunks without end are cut off too.
    let head = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
    let mut out = client.raw(head.as_bytes());
    let chunk = format!("32\r\n{}\r\n", "x".repeat(50));
    let mut sent = 0;
    while !client.is_closed() {
        out.extend(client.raw(chunk.as_bytes()));
        sent += 1;
        assert!(sent < 100, "it never ends");
    }
    assert_eq!(crate::support::statuses(&out), [413]);
    assert_eq!(service.calls(), 1);
}
