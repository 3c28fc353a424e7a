//! No request is ever read out of another one's body (names of advisories are those of the servers
//! that had the flaw).

use pauper_message::{Plan, Request, Response, Service};
use pauper_server::test::Client;

use crate::support::{Counted, get, statuses};

/// Answers without a look at the body, or before it is there, and remembers nothing but how often
/// somebody asked for `/inner`.
struct Careless {
    inner: Counted,
    reject: bool,
}

impl Service for Careless {
    fn begin(&self, req: &mut Request) -> Plan {
        if req.path() == "/inner" {
            self.inner.call(req);
        }
        if self.reject {
            Plan::reject(Response::text("no").with_status(403))
        } else {
            Plan::buffer()
        }
    }

    fn call(&self, _: &mut Request) -> Response {
        Response::text("ignored it")
    }
}

/// A body of at least `len` bytes, full of requests for `/inner`.
fn hostile_body(len: usize) -> String {
    let one = get("/inner");
    one.repeat(len.div_ceil(one.len()))
}

/// async-h1 RUSTSEC-2020-0093, Werkzeug CVE-2022-29361: an unread body is drained or the
/// connection closed.
#[test]
fn unread_body_is_never_a_request() {
    for reject in [false, true] {
        for len in [0, 1, 64 * 1024, 300 * 1024, 10 * 1024 * 1024] {
            let body = hostile_body(len);
            let fixed = format!("Content-Length: {}\r\n\r\n{body}", body.len());
            let chunked = format!(
                "Transfer-Encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n",
                body.len()
            );
            for framed in [fixed, chunked] {
                if body.is_empty() && framed.contains("chunked") {
                    continue;
                }
                let service = Careless { inner: Counted::default(), reject };
                let mut client = Client::new(&service);
                let message = format!("POST / HTTP/1.1\r\nHost: h\r\n{framed}");
                let mut out = Vec::new();
                for piece in message.as_bytes().chunks(100_000) {
                    out.extend(client.raw(piece));
                    if client.is_closed() {
                        break;
                    }
                }
                let expected = if reject { 403 } else { 200 };
                assert_eq!(statuses(&out), [expected], "{len} bytes, rejected: {reject}");
                assert_eq!(service.inner.calls(), 0, "{len} bytes, rejected: {reject}");
            }
        }
    }
}

/// Every one of these is refused as it stands before a request that must not run.
#[track_caller]
fn check_refused(headers: &str, status: u16) {
    let service = Counted::default();
    let mut client = Client::new(&service);
    let message = format!("POST / HTTP/1.1\r\nHost: h\r\n{headers}\r\n\r\n0\r\n\r\n{}", get("/"));
    let out = client.raw(message.as_bytes());
    assert_eq!(statuses(&out), [status], "{headers:?}");
    assert_eq!(service.calls(), 0, "{headers:?}");
    assert!(client.is_closed(), "{headers:?}");
}

/// actix-http CVE-2026-73051, Twisted CVE-2020-10109.
#[test]
fn both_framings() {
    check_refused("Content-Length: 5\r\nTransfer-Encoding: chunked", 400);
    check_refused("transfer-encoding: chunked\r\ncontent-length: 5", 400);
}

/// gunicorn CVE-2024-1135 and CVE-2024-6827, hyper RUSTSEC-2021-0020, tiny_http CVE-2026-66752,
/// waitress CVE-2019-16786, tinyproxy CVE-2026-54387.
#[test]
fn transfer_encodings_other_than_chunked() {
    for value in ["gzip", "xchunked", "identity"] {
        check_refused(&format!("Transfer-Encoding: {value}"), 501);
    }
    for value in ["", "chunked,", "chunked;x", "\"chunked\"", "chunked, chunked"] {
        check_refused(&format!("Transfer-Encoding: {value}"), 400);
    }
    check_refused("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", 400);
    check_refused("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity", 400);
    check_refused("Transfer-Encoding: identity\r\nTransfer-Encoding: chunked", 501);
    check_refused("Transfer-Encoding : chunked", 400);
    check_refused(" Transfer-Encoding: chunked", 400);
    check_refused("Transfer-Encoding: \x0bchunked", 400);
}

/// waitress CVE-2019-16792, Twisted CVE-2020-10108, hyper RUSTSEC-2021-0078.
#[test]
fn content_lengths_that_are_not_one_number() {
    for value in ["+5", "-0", "0x5", "5_0", "5;", "5, 5", "5,6", "", "18446744073709551616"] {
        check_refused(&format!("Content-Length: {value}"), 400);
    }
    check_refused("Content-Length: 5\r\nContent-Length: 5", 400);
    check_refused("Content-Length: 5\r\nContent-Length: 6", 400);
}

/// nghttpx CVE-2026-58055: bytes behind the head of an upgrade that is not granted are framed as
/// usual.
#[test]
fn an_upgrade_that_is_not_granted() {
    let service = Counted::default();
    let mut client = Client::new(&service);
    let head = "POST / HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: websocket\r\n";
    let inner = get("/inner");
    let out =
        client.raw(format!("{head}Content-Length: {}\r\n\r\n{inner}", inner.len()).as_bytes());
    assert_eq!(crate::support::answers(&out), [(200, inner)]);
    assert_eq!(service.calls(), 1);
}

/// waitress GHSA-9298-4cf8-g4wj: what follows a bad request never runs.
#[test]
fn good_bad_good_runs_only_the_first() {
    let bad = "GET / HTTP/1.1\nHost: h\r\n\r\n";
    let message = get("/") + bad + &get("/");
    for split in 0..message.len() {
        let service = Counted::default();
        let mut client = Client::new(&service);
        let mut out = client.raw(&message.as_bytes()[..split]);
        if split == 0 || !client.is_closed() {
            out.extend(client.raw(&message.as_bytes()[split..]));
        }
        assert_eq!(statuses(&out), [200, 400], "split at {split}");
        assert_eq!(service.calls(), 1, "split at {split}");
        assert!(client.is_closed());
    }
}

/// gunicorn 26.1 #3382: every prefix of a chunked message is incomplete.
#[test]
fn a_chunked_body_is_whole_only_at_its_end() {
    let message = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n\
                   5\r\nhello\r\n0\r\nA: b\r\n\r\n";
    for end in 0..message.len() {
        let service = Counted::default();
        let mut client = Client::new(&service);
        assert!(client.raw(&message.as_bytes()[..end]).is_empty(), "prefix of {end}");
        client.eof();
        assert_eq!(service.calls(), 0, "prefix of {end}");
    }
}
