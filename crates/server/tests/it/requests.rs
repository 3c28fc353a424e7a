//! Requests on their way in: heads, bodies, plans, pipelines.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use pauper_message::{BodySink, Error, Plan, Request, Response, Service, abort};
use pauper_server::ServerConfig;
use pauper_server::test::Client;

use crate::support::{Counted, answers, get, post, statuses};

/// A service with a plan of its own; answers with the body, or with what a sink left.
struct Planned<F>(F);

impl<F: Fn(&mut Request) -> Plan> Service for Planned<F> {
    fn begin(&self, req: &mut Request) -> Plan {
        (self.0)(req)
    }

    fn call(&self, req: &mut Request) -> Response {
        if let Some(Sum(sum)) = req.extensions().get() {
            return Response::text(format!("sum {sum}"));
        }
        let kept = if req.body().as_file().is_some() { "file" } else { "memory" };
        Response::text(format!("{kept} {}", req.bytes().unwrap().len()))
    }
}

/// What [`Summing`] leaves in the request.
struct Sum(usize);

/// A sink that sums up lengths, fails at `!`, panics at `?`, and tells when it is dropped.
struct Summing<'d> {
    sum: usize,
    dropped: &'d AtomicUsize,
}

impl BodySink for Summing<'_> {
    fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        assert!(!bytes.contains(&b'?'), "a question");
        if bytes.contains(&b'!') {
            return Err(abort(422));
        }
        self.sum += bytes.len();
        Ok(())
    }

    fn finish(self: Box<Self>, req: &mut Request) -> Result<(), Error> {
        req.extensions_mut().insert(Sum(self.sum));
        if self.sum == 13 { Err(abort(418)) } else { Ok(()) }
    }
}

impl Drop for Summing<'_> {
    fn drop(&mut self) {
        self.dropped.fetch_add(1, Ordering::SeqCst);
    }
}

const MIXED: &str = concat!(
    "GET /first HTTP/1.1\r\nHost: h\r\n\r\n",
    "POST /second HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello",
    "\r\n",
    "POST /third HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n",
    "3;x=y\r\nabc\r\n10\r\n0123456789abcdef\r\n0\r\nTrailer: t\r\n\r\n",
    "HEAD /fourth HTTP/1.1\r\nHost: h\r\n\r\n",
    "GET /last HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
);

fn path_and_body(req: &mut Request) -> String {
    format!("{} {}", req.path(), String::from_utf8_lossy(req.bytes().unwrap()))
}

#[test]
fn every_split_of_a_pipeline_gives_the_same_answers() {
    let whole = Client::new(&path_and_body).raw(MIXED.as_bytes());
    let text = String::from_utf8(whole.clone()).unwrap();
    for part in ["/first ", "/second hello", "/third abc0123456789abcdef", "/last "] {
        assert!(text.contains(part), "{part}: {text}");
    }
    for split in 0..=MIXED.len() {
        let mut client = Client::new(&path_and_body);
        let mut out = client.raw(&MIXED.as_bytes()[..split]);
        out.extend(client.raw(&MIXED.as_bytes()[split..]));
        assert_eq!(out, whole, "split at {split}");
        assert!(client.is_closed());
    }
}

#[test]
fn byte_by_byte_gives_the_same_answers() {
    let whole = Client::new(&path_and_body).raw(MIXED.as_bytes());
    let mut client = Client::new(&path_and_body);
    let out: Vec<u8> =
        MIXED.as_bytes().iter().flat_map(|byte| client.raw(std::slice::from_ref(byte))).collect();
    assert_eq!(out, whole);
}

#[test]
fn bodies_beyond_the_threshold_go_to_a_file() {
    let service = Planned(|_: &mut Request| Plan::buffer());
    let config = || ServerConfig::new().with_body_in_memory(1000);
    let mut client = Client::with_config(&service, config());
    for (len, expected) in [(0, "memory 0"), (1000, "memory 1000"), (1001, "file 1001")] {
        assert_eq!(client.post("/", "a/b", vec![b'x'; len]).text(), expected);
    }
    // Chunk by chunk too, where the length is not known before.
    let head = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
    let chunks = "64\r\n".to_owned() + &"x".repeat(100) + "\r\n";
    let out = client.raw(format!("{head}{}0\r\n\r\n", chunks.repeat(11)).as_bytes());
    assert_eq!(answers(&out), [(200, "file 1100".to_owned())]);
}

#[test]
fn a_sink_gets_the_body_and_leaves_its_result() {
    let dropped: &'static AtomicUsize = Box::leak(Box::default());
    let service = Planned(|_: &mut Request| Plan::sink(Summing { sum: 0, dropped }));
    let mut client = Client::new(&service);
    assert_eq!(client.post("/", "a/b", "12345").text(), "sum 5");
    assert_eq!(client.get("/").text(), "sum 0", "a sink for no body is finished too");
    let failed = client.post("/", "a/b", "123!5");
    assert_eq!((failed.status(), failed.header("connection")), (422, None));
    assert_eq!(client.post("/", "a/b", "a?").status(), 500);
    assert_eq!(client.post("/", "a/b", "x".repeat(13)).status(), 418);
    assert_eq!(dropped.load(Ordering::SeqCst), 5);
    // A body that never becomes whole.
    client.raw(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nabc");
    assert_eq!(dropped.load(Ordering::SeqCst), 5);
    assert_eq!(statuses(&client.eof()), [400]);
    assert_eq!(dropped.load(Ordering::SeqCst), 6);
}

#[test]
fn sinks_have_a_limit_of_their_own() {
    let dropped: &'static AtomicUsize = Box::leak(Box::default());
    let service = Planned(|_: &mut Request| Plan::sink(Summing { sum: 0, dropped }));
    let config = ServerConfig::new().with_max_body(3).with_max_sink_body(8);
    let mut client = Client::with_config(&service, config);
    assert_eq!(client.post("/", "a/b", "12345678").text(), "sum 8");
    let refused = client.post("/", "a/b", "123456789");
    assert_eq!(refused.status(), 413);
    assert!(refused.text().contains("8 bytes (max_sink_body)"), "{refused:?}");
    assert_eq!(dropped.load(Ordering::SeqCst), 2);
}

#[test]
fn a_plan_can_have_its_own_limit() {
    let service = Planned(|_: &mut Request| Plan::buffer_up_to(3));
    let mut client = Client::new(&service);
    assert_eq!(client.post("/", "a/b", "123").status(), 200);
    let refused = client.post("/", "a/b", "1234");
    assert_eq!(refused.status(), 413);
    assert!(refused.text().contains("3 bytes"), "{refused:?}");
    assert_eq!(client.get("/").status(), 200, "a short body was drained");
}

#[test]
fn rejected_and_passed_requests_are_answered_before_their_body() {
    let service = Planned(|req: &mut Request| match req.path() {
        "/no" => Plan::reject(Response::text("no").with_status(401)),
        _ => Plan::pass(),
    });
    let mut client = Client::new(&service);
    for (target, status) in [("/no", 401), ("/other", 404)] {
        let head = format!("POST {target} HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\n");
        assert_eq!(statuses(&client.raw(head.as_bytes())), [status], "at once");
        assert!(client.raw(b"abc").is_empty(), "the body is dropped");
        assert_eq!(client.get(target).status(), status, "and the connection goes on");
    }
}

#[test]
fn the_client_is_told_to_continue_when_its_body_is_wanted() {
    let service = Planned(|req: &mut Request| match req.path() {
        "/no" => Plan::reject(Response::text("no").with_status(403)),
        _ => Plan::buffer(),
    });
    let head = |target, length| {
        format!(
            "POST {target} HTTP/1.1\r\nHost: h\r\nContent-Length: {length}\r\n\
             Expect: 100-continue\r\n\r\n"
        )
    };
    let mut client = Client::new(&service);
    assert_eq!(client.raw(head("/", 3).as_bytes()), b"HTTP/1.1 100 Continue\r\n\r\n");
    assert_eq!(answers(&client.raw(b"abc")), [(200, "memory 3".to_owned())]);
    // One that does not wait is not told.
    let out = client.raw((head("/", 3) + "abc").as_bytes());
    assert_eq!(answers(&out), [(200, "memory 3".to_owned())]);
    // One that is refused is not told either, and the connection ends: the body may or may not
    // come.
    for (target, length, status) in [("/no", 3, 403), ("/", 99_999_999, 413)] {
        assert_eq!(statuses(&client.raw(head(target, length).as_bytes())), [status]);
        assert!(client.is_closed());
    }
}

#[test]
fn a_swapped_or_emptied_request_harms_nobody() {
    let kept = Mutex::new(Vec::new());
    let service = |req: &mut Request| {
        let other = Request::builder().target("/other").body("other").build().unwrap();
        let mut kept = kept.lock().unwrap();
        kept.push(std::mem::replace(req, other));
        "swapped"
    };
    let mut client = Client::new(&service);
    for i in 0..3 {
        assert_eq!(client.post(&format!("/{i}"), "a/b", format!("body {i}")).text(), "swapped");
    }
    let pipelined = client.raw((get("/3") + &post("/4", "body 4") + &get("/5")).as_bytes());
    assert_eq!(statuses(&pipelined), [200, 200, 200]);
    let kept = kept.into_inner().unwrap();
    let paths: Vec<&str> = kept.iter().map(Request::path).collect();
    assert_eq!(paths, ["/0", "/1", "/2", "/3", "/4", "/5"], "each kept its own bytes");
    assert_eq!(kept[4].bytes().unwrap(), b"body 4");
}

#[test]
fn a_panic_is_a_500_and_ends_the_connection() {
    let service = |req: &mut Request| -> &'static str {
        assert!(req.path() == "/", "secret detail");
        "fine"
    };
    let mut client = Client::new(&service);
    let out = client.raw((get("/") + &get("/panic") + &get("/")).as_bytes());
    let all = answers(&out);
    assert_eq!(all.iter().map(|one| one.0).collect::<Vec<_>>(), [200, 500]);
    assert!(!all[1].1.contains("secret"), "{all:?}");
    assert!(client.is_closed());
    assert_eq!(client.get("/").text(), "fine");
}

#[test]
fn a_panic_of_begin_is_a_500_too() {
    let service = Planned(|_: &mut Request| panic!("at once"));
    let answer = Client::new(&service).get("/");
    assert_eq!((answer.status(), answer.header("connection")), (500, Some("close")));
}

#[test]
fn the_last_request_of_a_connection_closes_it() {
    let service = Counted::default();
    let config = ServerConfig::new().with_max_requests(2);
    let mut client = Client::with_config(&service, config);
    assert_eq!(client.get("/").header("connection"), None);
    assert_eq!(client.get("/").header("connection"), Some("close"));
    assert!(client.is_closed());
}

#[test]
fn a_client_that_ends_its_side_is_still_answered() {
    let service = Counted::default();
    let mut client = Client::new(&service);
    let mut out = client.raw(post("/", "whole").as_bytes());
    out.extend(client.eof());
    assert_eq!(answers(&out), [(200, "whole".to_owned())]);
    assert!(client.is_closed());
    for cut in ["GET / HT", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nabc"] {
        assert!(client.raw(cut.as_bytes()).is_empty());
        assert_eq!(statuses(&client.eof()), [400], "{cut}");
    }
    assert_eq!(service.calls(), 1);
}

/// A buffer goes from client to client; what one sent in it never reaches a handler of another.
#[test]
fn a_request_holds_the_bytes_of_its_own_head_alone() {
    let seen = std::sync::Mutex::new(Vec::new());
    let service = |req: &mut Request| {
        let mine = std::mem::replace(req, Request::builder().build().unwrap());
        seen.lock().unwrap().push(mine.into_buffers().0.bytes);
    };
    let mut client = Client::new(&service);
    for padding in [200, 5000, 0, 4090] {
        let request = format!("GET / HTTP/1.1\r\nHost: h\r\nX: {}\r\n\r\n", "s".repeat(padding));
        client.raw(request.as_bytes());
        assert_eq!(seen.lock().unwrap().pop().unwrap(), request.as_bytes(), "{padding}");
    }
}
