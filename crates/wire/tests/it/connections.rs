//! The state machine: order of events, keep-alive, 100-continue, draining, upgrade, framing.

use pauper_wire::ErrorKind::*;
use pauper_wire::{
    Connection, ConnectionOption, Error, Event, HeaderSpan, Limits, Next, ResponseBody,
};

use crate::support::SLOTS;

/// A connection with the bytes that have come and were not consumed yet.
pub(crate) struct Peer {
    pub(crate) connection: Connection,
    pub(crate) buffer: Vec<u8>,
}

/// What one call of `receive` gave, with the bytes instead of their place.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Seen {
    NeedMore,
    Head(String),
    Data(Vec<u8>, bool),
    End,
    Paused,
    Closed,
}

impl Peer {
    pub(crate) fn new(bytes: &[u8]) -> Self {
        Self { connection: Connection::new(Limits::new()), buffer: bytes.to_vec() }
    }

    pub(crate) fn receive(&mut self) -> Result<Seen, Error> {
        let mut slots = [HeaderSpan::default(); SLOTS];
        let (consumed, event) = self.connection.receive(&self.buffer, &mut slots)?;
        let seen = match event {
            Event::NeedMore => Seen::NeedMore,
            Event::Head(head) => {
                assert_eq!(consumed, head.len());
                let view = head.view(&self.buffer, &slots);
                Seen::Head(format!("{} {}", view.method(), view.target()))
            }
            Event::Data { span, last_of_chunk } => {
                Seen::Data(self.buffer[span].to_vec(), last_of_chunk)
            }
            Event::End => Seen::End,
            Event::Paused => Seen::Paused,
            Event::Closed => Seen::Closed,
        };
        self.buffer.drain(..consumed);
        Ok(seen)
    }

    /// Receives up to and including the next event of this kind.
    #[track_caller]
    fn until(&mut self, last: &Seen) -> Vec<Seen> {
        let mut all = Vec::new();
        while all.last() != Some(last) {
            all.push(self.receive().unwrap());
            assert!(all.len() < 100, "{last:?} does not come: {all:?}");
        }
        all
    }

    #[track_caller]
    fn head(&mut self, expected: &str) {
        assert_eq!(self.receive(), Ok(Seen::Head(expected.into())));
    }

    /// Answers with 200 and no content.
    fn answer(&mut self) -> Next {
        let _ = self.connection.respond(200, ResponseBody::Known(0), false);
        self.connection.response_done()
    }
}

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: h\r\n\r\n")
}

fn post(version: &str, lines: &str, body: &str) -> String {
    format!("POST / {version}\r\nHost: h\r\n{lines}\r\n{body}")
}

#[test]
fn requests_come_one_by_one() {
    let mut peer = Peer::new((get("/1") + &get("/2")).as_bytes());
    peer.head("GET /1");
    assert_eq!(peer.receive(), Ok(Seen::End));
    assert_eq!(peer.receive(), Ok(Seen::Paused));
    assert_eq!(peer.receive(), Ok(Seen::Paused));
    assert_eq!(peer.answer(), Next::NextRequest);
    peer.head("GET /2");
    assert_eq!(peer.answer(), Next::NextRequest);
    assert_eq!(peer.receive(), Ok(Seen::NeedMore));
    assert!(peer.buffer.is_empty());
}

#[test]
fn bodies_come_in_the_client_s_pieces() {
    let input = post("HTTP/1.1", "Content-Length: 5\r\n", "hello") + &get("/2");
    let mut peer = Peer::new(input.as_bytes());
    peer.head("POST /");
    assert_eq!(peer.until(&Seen::End), [Seen::Data(b"hello".into(), true), Seen::End]);
    assert_eq!(peer.answer(), Next::NextRequest);
    peer.head("GET /2");

    let chunked = "Transfer-Encoding: chunked\r\n";
    let input = post("HTTP/1.1", chunked, "2\r\nab\r\n1\r\nc\r\n0\r\n\r\n") + &get("/2");
    let mut peer = Peer::new(input.as_bytes());
    peer.head("POST /");
    let (ab, c) = (Seen::Data(b"ab".into(), true), Seen::Data(b"c".into(), true));
    assert_eq!(peer.until(&Seen::End), [ab, c, Seen::End]);
    assert_eq!(peer.answer(), Next::NextRequest);
    peer.head("GET /2");
}

#[test]
fn an_unread_body_is_drained_and_never_parsed_as_a_request() {
    for (lines, body) in [
        (format!("Content-Length: {}\r\n", get("/evil").len()), get("/evil")),
        (
            "Transfer-Encoding: chunked\r\n".into(),
            format!("{:x}\r\n{}\r\n0\r\n\r\n", get("/evil").len(), get("/evil")),
        ),
    ] {
        let mut peer = Peer::new((post("HTTP/1.1", &lines, &body) + &get("/good")).as_bytes());
        peer.head("POST /");
        assert_eq!(peer.answer(), Next::Drain);
        let drained = peer.until(&Seen::End);
        assert_eq!(drained, [Seen::Data(get("/evil").into(), true), Seen::End]);
        peer.head("GET /good");
    }
}

#[test]
fn after_an_error_nothing_is_read() {
    let mut peer = Peer::new((get("/1") + "BAD\r\n\r\n" + &get("/2")).as_bytes());
    peer.head("GET /1");
    assert_eq!(peer.receive(), Ok(Seen::End));
    assert_eq!(peer.receive(), Ok(Seen::Paused), "the error waits for its turn");
    assert_eq!(peer.answer(), Next::NextRequest);
    let error = peer.receive().unwrap_err();
    assert_eq!(error.kind(), BadRequestLine);
    peer.buffer = get("/3").into();
    assert_eq!(peer.receive(), Err(error));
    assert!(peer.connection.response_due());
    let framing = peer.connection.respond(400, ResponseBody::Known(3), false);
    assert_eq!(framing.connection, ConnectionOption::Close);
    assert!(!peer.connection.response_due());
    assert_eq!(peer.connection.response_done(), Next::Close);
    assert_eq!(peer.receive(), Err(error));
    assert_eq!(peer.connection.receive_eof(), Err(error));
}

#[test]
fn an_error_in_the_body_closes_whatever_was_answered() {
    let input = post("HTTP/1.1", "Transfer-Encoding: chunked\r\n", "x\r\n");
    let mut peer = Peer::new(input.as_bytes());
    peer.head("POST /");
    let framing = peer.connection.respond(200, ResponseBody::Known(0), false);
    assert_eq!(framing.connection, ConnectionOption::None);
    assert_eq!(peer.receive().unwrap_err().kind(), BadChunkSize);
    assert!(!peer.connection.response_due(), "one response per request");
    assert_eq!(peer.connection.response_done(), Next::Close);

    let mut peer = Peer::new(input.as_bytes());
    peer.head("POST /");
    assert_eq!(peer.answer(), Next::Drain);
    assert!(peer.receive().is_err());
    assert!(!peer.connection.response_due());
    assert_eq!(peer.connection.response_done(), Next::Close);

    let mut peer = Peer::new(input.as_bytes());
    peer.head("POST /");
    assert!(peer.receive().is_err());
    assert!(peer.connection.response_due());
    let framing = peer.connection.respond(400, ResponseBody::Known(0), false);
    assert_eq!(framing.connection, ConnectionOption::Close);
}

#[test]
fn a_request_that_is_given_up_closes() {
    let mut peer = Peer::new(get("/").as_bytes());
    peer.head("GET /");
    assert!(peer.connection.response_due());
    assert_eq!(peer.connection.response_done(), Next::Close);
    peer.buffer = get("/2").into();
    assert_eq!(peer.receive(), Ok(Seen::Closed));
}

#[test]
fn continue_is_wanted_until_it_is_sent_or_the_body_comes() {
    let expect = "Expect: 100-continue\r\nContent-Length: 2\r\n";
    let input = post("HTTP/1.1", expect, "");
    let start = || {
        let mut peer = Peer::new(input.as_bytes());
        assert!(!peer.connection.wants_continue());
        peer.head("POST /");
        assert!(peer.connection.wants_continue());
        peer
    };

    let mut sent = start();
    sent.connection.continue_sent();
    assert!(!sent.connection.wants_continue());
    assert_eq!(sent.answer(), Next::Drain, "the client was told to send its body");

    let mut came = start();
    came.buffer = b"h".into();
    assert_eq!(came.receive(), Ok(Seen::Data(b"h".into(), false)));
    assert!(!came.connection.wants_continue());
    assert_eq!(came.answer(), Next::Drain, "the client did not wait");

    let mut unanswered = start();
    let framing = unanswered.connection.respond(413, ResponseBody::Known(0), false);
    assert_eq!(framing.connection, ConnectionOption::Close, "will the body come or not?");
    assert!(!unanswered.connection.wants_continue(), "no 100 after a final response");
    assert_eq!(unanswered.connection.response_done(), Next::Close);

    let mut peer = Peer::new(post("HTTP/1.0", expect, "").as_bytes());
    peer.head("POST /");
    assert!(!peer.connection.wants_continue());
}

#[test]
fn an_upgrade_ends_http() {
    let ask = "GET /ws HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n";
    let mut peer = Peer::new(format!("{ask}\x01frame").as_bytes());
    peer.head("GET /ws");
    assert!(peer.connection.upgrade());
    assert!(!peer.connection.upgrade(), "once");
    assert_eq!(peer.connection.response_done(), Next::Upgraded);
    assert_eq!(peer.receive(), Ok(Seen::Closed));
    assert_eq!(peer.buffer, b"\x01frame", "belongs to the other protocol");

    let mut refused = Peer::new(format!("{ask}{}", get("/2")).as_bytes());
    refused.head("GET /ws");
    assert_eq!(refused.answer(), Next::NextRequest);
    refused.head("GET /2");
    assert!(!refused.connection.upgrade(), "nobody asked");
}

#[test]
fn an_end_between_messages_is_clean() {
    let mut peer = Peer::new(b"\r\n");
    assert_eq!(peer.receive(), Ok(Seen::NeedMore));
    assert_eq!(peer.connection.receive_eof(), Ok(()));
    assert_eq!(peer.receive(), Ok(Seen::Closed));
}

#[test]
fn a_half_closed_client_gets_its_answers() {
    let mut peer = Peer::new((get("/1") + &get("/2")).as_bytes());
    peer.head("GET /1");
    assert_eq!(peer.connection.receive_eof(), Ok(()));
    assert_eq!(peer.answer(), Next::NextRequest);
    peer.head("GET /2");
    assert_eq!(peer.answer(), Next::NextRequest);
    assert_eq!(peer.receive(), Ok(Seen::Closed));

    let mut peer = Peer::new((get("/1") + "GET /2 HT").as_bytes());
    peer.head("GET /1");
    assert_eq!(peer.connection.receive_eof(), Ok(()));
    assert_eq!(peer.answer(), Next::NextRequest);
    assert_eq!(peer.receive().unwrap_err().kind(), UnexpectedEof);
}

#[test]
fn an_end_inside_a_message_is_an_error_everywhere() {
    let input = post("HTTP/1.1", "Transfer-Encoding: chunked\r\n", "3\r\nabc\r\n0\r\n\r\n");
    for cut in 1..input.len() {
        let mut peer = Peer::new(&input.as_bytes()[..cut]);
        while peer.receive().unwrap() != Seen::NeedMore {}
        let error = peer.connection.receive_eof().unwrap_err();
        assert_eq!((error.kind(), error.status()), (UnexpectedEof, 400), "{cut}");
        assert_eq!(peer.receive(), Err(error));
    }
}

/// The framing of a response as text.
#[track_caller]
fn check_framing(request: &str, status: u16, body: ResponseBody, expected: &str) {
    let mut peer = Peer::new(format!("{request}\r\nHost: h\r\n\r\n").as_bytes());
    peer.head(request.rsplit_once(" HTTP").unwrap().0);
    let framing = peer.connection.respond(status, body, false);
    let mut words = Vec::new();
    if let Some(length) = framing.length {
        words.push(format!("length {length}"));
    }
    for (set, word) in [
        (framing.chunked, "chunked"),
        (framing.until_close, "until close"),
        (framing.send_body, "body"),
        (framing.connection == ConnectionOption::Close, "close"),
        (framing.connection == ConnectionOption::KeepAlive, "keep-alive"),
    ] {
        if set {
            words.push(word.into());
        }
    }
    assert_eq!(words.join(", "), expected, "{request} {status} {body:?}");
    let next = peer.connection.response_done();
    assert_eq!(next == Next::Close, framing.closes() || (100..200).contains(&status));
}

#[test]
fn responses_are_framed_by_request_and_status() {
    use ResponseBody::{Known, Unknown};
    let (get, head) = ("GET / HTTP/1.1", "HEAD / HTTP/1.1");
    check_framing(get, 200, Known(5), "length 5, body");
    check_framing(get, 200, Known(0), "length 0, body");
    check_framing(get, 200, Unknown, "chunked, body");
    for body in [Known(0), Known(5), Unknown] {
        check_framing(get, 205, body, "length 0");
    }
    check_framing(head, 200, Known(5), "length 5");
    check_framing(head, 200, Unknown, "chunked");
    for status in [204, 304] {
        check_framing(get, status, Known(5), "");
        check_framing(get, status, Unknown, "");
        check_framing(head, status, Known(5), "");
    }
    check_framing(get, 103, Known(5), "");
    check_framing("GET / HTTP/1.0", 200, Known(5), "length 5, body, close");
    check_framing("GET / HTTP/1.0", 200, Unknown, "until close, body, close");
    check_framing("HEAD / HTTP/1.0", 200, Unknown, "close");
    check_framing("CONNECT h:1 HTTP/1.1", 200, Known(5), "close");
    check_framing("CONNECT h:1 HTTP/1.1", 405, Known(5), "length 5, body");
}

#[test]
fn http_1_0_clients_that_ask_for_it_are_kept() {
    let ask = "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n";
    for (body, close, expected) in [
        (ResponseBody::Known(1), false, ConnectionOption::KeepAlive),
        (ResponseBody::Known(1), true, ConnectionOption::Close),
        (ResponseBody::Unknown, false, ConnectionOption::Close),
    ] {
        let mut peer = Peer::new(ask.as_bytes());
        peer.head("GET /");
        assert_eq!(peer.connection.respond(200, body, close).connection, expected);
    }
}

#[test]
fn an_interim_response_answers_nothing() {
    let mut peer = Peer::new(get("/").as_bytes());
    peer.head("GET /");
    let framing = peer.connection.respond(103, ResponseBody::Unknown, true);
    assert_eq!(framing, pauper_wire::Framing::none());
    assert!(peer.connection.response_due());
    assert_eq!(peer.answer(), Next::NextRequest);
}

#[test]
fn an_error_before_any_head_is_answered_without_chunks() {
    let mut peer = Peer::new(b"\0");
    assert!(peer.receive().is_err());
    let framing = peer.connection.respond(400, ResponseBody::Unknown, false);
    assert!(framing.until_close && !framing.chunked && framing.send_body);
}
